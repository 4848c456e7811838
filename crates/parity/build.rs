//! Packs the recorder of scripts, which is Python.

use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if let Err(error) = pack_recorder() {
        println!("cargo:error=cannot pack the recorder: {error}");
    }
}

/// Lists every Python file of the recorder for src/python to include: a list by hand
/// would one day lack one, which shows only where it is run.
fn pack_recorder() -> std::io::Result<()> {
    let mut list = String::new();
    for (folder, packed) in
        [("src/recorder", "recorder"), ("src/recorder/parity_recorder", "recorder/parity_recorder")]
    {
        let entries = std::fs::read_dir(folder)?.map(|entry| entry?.path().canonicalize());
        let mut paths = entries.collect::<std::io::Result<Vec<_>>>()?;
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "py"));
        paths.sort();
        for path in paths {
            // One by one: the folder itself changes with __pycache__.
            println!("cargo:rerun-if-changed={}", path.display());
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let path = path.display();
            let entry = format!("(\"{packed}/{name}\", include_str!(r#\"{path}\"#)),\n");
            list.push_str(&entry);
        }
    }
    let out = std::env::var("OUT_DIR").unwrap_or_default();
    std::fs::write(Path::new(&out).join("recorder.rs"), format!("&[\n{list}]\n"))
}
