//! For build scripts: lists Python files for a program to include.

use std::fmt::Write;
use std::io;
use std::path::Path;

/// Writes the list `name`, of every Python file in these folders, each with the folder
/// that it is unpacked to. A list by hand would one day lack a file, which shows only
/// where that is run.
pub fn pack(name: &str, folders: &[(&str, &str)]) -> io::Result<()> {
    let mut list = String::new();
    for (folder, unpacked) in folders {
        let entries = std::fs::read_dir(folder)?.map(|entry| entry?.path().canonicalize());
        let mut paths = entries.collect::<io::Result<Vec<_>>>()?;
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "py"));
        paths.sort();
        for path in paths {
            // One by one: the folder itself changes with __pycache__.
            println!("cargo:rerun-if-changed={}", path.display());
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let path = path.display();
            let _ = writeln!(list, "(\"{unpacked}/{name}\", include_str!(r#\"{path}\"#)),"); // a String takes any text
        }
    }
    let out = std::env::var("OUT_DIR").unwrap_or_default();
    std::fs::write(Path::new(&out).join(name), format!("&[\n{list}]\n"))
}
