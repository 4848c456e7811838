//! Packs the recorder of scripts, which is Python.

mod pack;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=pack.rs");
    let folders = [
        ("src/recorder", "recorder"),
        ("src/recorder/parity_recorder", "recorder/parity_recorder"),
    ];
    if let Err(error) = pack::pack("recorder.rs", &folders) {
        println!("cargo:error=cannot pack the recorder: {error}");
    }
}
