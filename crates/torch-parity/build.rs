//! Finds the libtorch that tch links to, checks its version, and hands its
//! folder on to dependents.

use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=Cargo.toml");
    let tch = manifest_version("tch");
    let lib = std::env::var("DEP_TCH_LIBTORCH_LIB").unwrap_or_default();
    let version = torch_version(Path::new(&lib)).unwrap_or_else(|| "unknown".to_owned());
    let release = version.split('+').next().unwrap_or_default();
    if !["unknown", WANTED].contains(&release) {
        // One line instead of a panic's several.
        println!("cargo:error=libtorch {WANTED} is needed, found {version}: run `make setup`");
        return;
    }
    println!("cargo:rustc-env=TORCH_VERSION={version}");
    println!("cargo:rustc-env=TCH_VERSION={tch}");
    // For a dependent's build script: without an rpath its binary finds no
    // libtorch, and an rpath that is set here holds for this crate's tests only.
    println!("cargo:libtorch_lib={lib}");
    let root = Path::new(&lib).parent().unwrap_or(Path::new(""));
    println!("cargo:rustc-env=LIBTORCH_ROOT={}", root.display());
    for arg in ["-rpath", &lib] {
        // Not -Wl,-rpath,..., which a comma in the path would cut in two.
        println!("cargo:rustc-link-arg=-Xlinker");
        println!("cargo:rustc-link-arg={arg}");
    }
}

/// The libtorch that this release of tch is made for.
const WANTED: &str = "2.13.0";

/// The version of a dependency that Cargo.toml fixes with `=`.
fn manifest_version(name: &str) -> String {
    let manifest = std::fs::read_to_string("Cargo.toml").unwrap_or_default();
    let start = format!("{name} = \"=");
    let line = manifest.lines().find_map(|line| line.strip_prefix(&start));
    line.unwrap_or_default().trim_end_matches('"').to_owned()
}

/// Reads the version of the PyTorch (`version.py`) or the plain libtorch
/// (`build-version`) that the folder `lib` belongs to.
fn torch_version(lib: &Path) -> Option<String> {
    let root = lib.parent()?;
    let (name, text) = ["build-version", "version.py"]
        .into_iter()
        .find_map(|name| Some((name, std::fs::read_to_string(root.join(name)).ok()?)))?;
    // Only the file that is there: cargo takes one that is missing as changed.
    println!("cargo:rerun-if-changed={}", root.join(name).display());
    let line = text.lines().find(|line| name != "version.py" || line.starts_with("__version__"))?;
    Some(line.rsplit('=').next()?.trim().trim_matches(['\'', '"']).to_owned())
}
