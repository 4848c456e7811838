//! Links against the libtorch that `make setup` found, remembers its version,
//! so that a run can say what it ran on, and packs the Python twins.

use std::path::{Path, PathBuf};

/// The version that this release of tch is made for (see Cargo.toml).
const WANTED: &str = "2.13.0";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let lib = std::env::var("DEP_TCH_LIBTORCH_LIB").unwrap_or_default();
    let version = torch_version(Path::new(&lib)).unwrap_or_else(|| "unknown".to_owned());
    let release = version.split('+').next().unwrap_or_default();
    if !["unknown", WANTED].contains(&release) {
        // One line instead of a panic's several.
        println!("cargo:error=libtorch {WANTED} is needed, found {version}: run `make setup`");
        return;
    }
    println!("cargo:rustc-env=TORCH_VERSION={version}");
    println!("cargo:rustc-env=TCH_VERSION={}", tch_version().unwrap_or_default());
    // Without the rpath the binary would not start. tch's own build script also
    // adds -ltorch with --no-as-needed; that would pull in the CUDA libraries,
    // and libtorch_cpu and libc10 are all that is called.
    println!("cargo:rustc-link-arg=-Wl,-rpath,{lib}");
    if let Err(error) = pack_twins() {
        println!("cargo:error=cannot pack python_ref: {error}");
    }
}

/// Lists every Python file of `python_ref/` for src/python.rs to include: a
/// list by hand would one day lack a twin, which shows only where it is run.
fn pack_twins() -> std::io::Result<()> {
    println!("cargo:rerun-if-changed=python_ref");
    let mut paths = Vec::new();
    for entry in std::fs::read_dir("python_ref")? {
        let path = entry?.path().canonicalize()?;
        if path.extension().is_some_and(|ending| ending == "py") {
            paths.push(path);
        }
    }
    paths.sort();
    let packed = |path: &PathBuf| {
        let (name, path) = (path.file_name().unwrap_or_default(), path.display());
        format!("({name:?}, include_str!(r#\"{path}\"#)),\n", name = name.to_string_lossy())
    };
    let list: String = paths.iter().map(packed).collect();
    let out = std::env::var("OUT_DIR").unwrap_or_default();
    std::fs::write(Path::new(&out).join("twins.rs"), format!("&[\n{list}]\n"))
}

/// Reads the version of the PyTorch (`version.py`) or the plain libtorch
/// (`build-version`) that the folder `lib` belongs to.
fn torch_version(lib: &Path) -> Option<String> {
    let root = lib.parent()?;
    for name in ["build-version", "version.py"] {
        let path = root.join(name);
        println!("cargo:rerun-if-changed={}", path.display());
        if let Ok(text) = std::fs::read_to_string(&path) {
            let line = text
                .lines()
                .find(|line| name != "version.py" || line.starts_with("__version__"))?;
            let value = line.rsplit('=').next()?.trim().trim_matches(['\'', '"']);
            return Some(value.to_owned());
        }
    }
    None
}

/// The version of tch, which tch itself does not tell, from Cargo.lock.
fn tch_version() -> Option<String> {
    println!("cargo:rerun-if-changed=Cargo.lock");
    let lock = std::fs::read_to_string("Cargo.lock").ok()?;
    let (_, after) = lock.split_once("name = \"tch\"\nversion = \"")?;
    Some(after.split('"').next()?.to_owned())
}
