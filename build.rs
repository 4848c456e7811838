//! Lets the binary find libtorch, and packs the Python twins.

#[path = "crates/parity/pack.rs"]
mod pack;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Without an rpath the binary would not start. torch-sys's own build script
    // also adds -ltorch with --no-as-needed; that would pull in the CUDA
    // libraries, and libtorch_cpu and libc10 are all that is called.
    let lib = std::env::var("DEP_TORCH_PARITY_LIBTORCH_LIB").unwrap_or_default();
    for arg in ["-rpath", &lib] {
        println!("cargo:rustc-link-arg=-Xlinker");
        println!("cargo:rustc-link-arg={arg}");
    }
    println!("cargo:rerun-if-changed=crates/parity/pack.rs");
    // Where an experiment or a port is added, so is its twin.
    println!("cargo:rerun-if-changed=src/lesson/mod.rs");
    println!("cargo:rerun-if-changed=src/pitfalls/mod.rs");
    if let Err(error) = pack::pack("twins.rs", &[("python_ref", "python_ref")]) {
        println!("cargo:error=cannot pack python_ref: {error}");
    }
}
