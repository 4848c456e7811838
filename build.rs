//! Lets the binary find libtorch, and packs the Python twins.

use std::path::Path;

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
    if let Err(error) = pack_twins() {
        println!("cargo:error=cannot pack python_ref: {error}");
    }
}

/// Lists every Python file of the twins for src/python to include: a list by hand
/// would one day lack one, which shows only where it is run.
fn pack_twins() -> std::io::Result<()> {
    // Where an experiment or a port is added, so is its twin.
    println!("cargo:rerun-if-changed=src/lesson/mod.rs");
    println!("cargo:rerun-if-changed=src/pitfalls/mod.rs");
    let mut list = String::new();
    let entries = std::fs::read_dir("python_ref")?.map(|entry| entry?.path().canonicalize());
    let mut paths = entries.collect::<std::io::Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "py"));
    paths.sort();
    for path in paths {
        // One by one: the folder itself changes with __pycache__.
        println!("cargo:rerun-if-changed={}", path.display());
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let path = path.display();
        let entry = format!("(\"python_ref/{name}\", include_str!(r#\"{path}\"#)),\n");
        list.push_str(&entry);
    }
    let out = std::env::var("OUT_DIR").unwrap_or_default();
    std::fs::write(Path::new(&out).join("twins.rs"), format!("&[\n{list}]\n"))
}
