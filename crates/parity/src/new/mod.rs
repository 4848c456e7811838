//! `new`: a port that compiles, runs, and is red until it does what its script
//! does.

use std::fs;
use std::path::{Path, PathBuf};

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::program;
use crate::python::Python;

/// The files of a port, by their place in it. `@WORD@` stands for what differs.
const TEMPLATE: [(&str, &str); 7] = [
    ("Cargo.toml", include_str!("template/Cargo.toml")),
    ("build.rs", include_str!("template/build.rs")),
    (".cargo/config.toml", include_str!("template/.cargo/config.toml")),
    ("src/main.rs", include_str!("template/src/main.rs")),
    ("Makefile", include_str!("template/Makefile")),
    (".github/workflows/parity.yml", include_str!("template/.github/workflows/parity.yml")),
    (".gitignore", include_str!("template/gitignore")),
];

/// The script of a port that is made without one.
const SCRIPT: &str = include_str!("template/train.py");

/// Makes a port of `script` in the new folder `folder`; returns what to do next.
pub fn port(folder: &Path, script: Option<&Path>) -> Result<String> {
    let name = crate_name(folder)?;
    ensure!(!folder.exists(), "{} is there already: name a new folder", folder.display());
    let text = match script {
        Some(path) => fs::read_to_string(path)
            .with_context(|| format!("cannot read {}: name a script", path.display()))?,
        None => SCRIPT.to_owned(),
    };
    let script = script
        .and_then(Path::file_name)
        .map_or("train.py".into(), |name| name.display().to_string());
    let checkout =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("/"));
    let library = checkout.join("crates/torch-parity");
    let words = [
        ("@NAME@", name.clone()),
        ("@SCRIPT@", script.clone()),
        ("@STEM@", script.trim_end_matches(".py").to_owned()),
        ("@TORCH_PARITY@", quoted(&library)),
        ("@CHECKOUT@", checkout.display().to_string()),
        ("@LIBTORCH@", quoted(&libtorch()?)),
    ];
    // Beside, then renamed: no half a port.
    let parent = folder.parent().unwrap_or(Path::new(""));
    let cannot = || format!("cannot write {}", folder.display());
    let mut beside = tempfile::Builder::new();
    beside.prefix(".new-");
    #[cfg(unix)]
    beside.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777)); // less the umask
    let beside = beside.tempdir_in(parent).with_context(cannot)?;
    for (place, text) in TEMPLATE {
        let text =
            words.iter().fold(text.to_owned(), |text, (word, with)| text.replace(word, with));
        write(&beside.path().join(place), &text).with_context(cannot)?;
    }
    write(&beside.path().join(&script), &text).with_context(cannot)?;
    let beside = beside.keep();
    fs::rename(&beside, folder).with_context(cannot)?;
    Ok(format!(
        "{folder}: a port of {script}, which is yet to do what the script does\n\n  \
         cd {folder}\n  make check      # red, and says where the two part\n  \
         src/main.rs     # fill in the script's data, model and loop\n",
        folder = folder.display()
    ))
}

/// The libtorch that the port is linked to.
fn libtorch() -> Result<PathBuf> {
    if let Some(own) = program::current().libtorch {
        return Ok(own.into());
    }
    if let Some(named) = std::env::var_os("LIBTORCH").filter(|path| !path.is_empty()) {
        return Ok(named.into());
    }
    Python::find(None, None, Duration::from_secs(60)).libtorch()
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    fs::write(path, text)
}

/// The name of the folder, as cargo takes a name.
fn crate_name(folder: &Path) -> Result<String> {
    let absolute: PathBuf =
        std::path::absolute(folder).context("cannot find the current folder")?;
    let name = absolute.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let name = name.trim_matches('-').to_owned();
    ensure!(
        name.starts_with(|c: char| c.is_ascii_alphabetic()),
        "{} makes no name of a crate: begin the folder's name with a letter",
        folder.display()
    );
    Ok(name)
}

/// As TOML has a text.
fn quoted(path: &Path) -> String {
    format!("{:?}", path.display().to_string())
}
