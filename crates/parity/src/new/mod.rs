//! `new`: a port that compiles, runs, and is red until it does what its script
//! does.

mod layer;
mod optimizer;
mod precision;
mod sketch;
mod written;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::program;
use crate::python::{Python, Script};
use crate::text::escaped;

/// The files of a port, by their place in it. `@WORD@` stands for what differs.
const TEMPLATE: [(&str, &str); 8] = [
    ("Cargo.toml", include_str!("template/Cargo.toml")),
    // With other versions everything would be compiled again. Cargo takes out of it
    // what a port does not need.
    ("Cargo.lock", include_str!("../../../../Cargo.lock")),
    ("build.rs", include_str!("template/build.rs")),
    (".cargo/config.toml", include_str!("template/.cargo/config.toml")),
    ("src/main.rs", include_str!("template/src/main.rs")),
    ("Makefile", include_str!("template/Makefile")),
    (".github/workflows/parity.yml", include_str!("template/.github/workflows/parity.yml")),
    (".gitignore", include_str!("template/gitignore")),
];

/// The script of a port that is made without one.
const SCRIPT: &str = include_str!("template/train.py");

/// The checkout that this program was built in.
fn checkout() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).unwrap_or(own)
}

/// Makes a port of `script`, which runs with these arguments for its first steps, in
/// the new folder `folder`; returns what to do next.
pub fn port(
    folder: &Path,
    script: Option<&Path>,
    args: &[OsString],
    python: &Python,
) -> Result<String> {
    port_beside(checkout(), folder, script, args, python)
}

/// The same, where the checkout is in this folder, or was.
fn port_beside(
    checkout: &Path,
    folder: &Path,
    script: Option<&Path>,
    args: &[OsString],
    python: &Python,
) -> Result<String> {
    let name = crate_name(folder)?;
    ensure!(!folder.exists(), "{} is there already: name a new folder", folder.display());
    let text = match script {
        Some(path) => fs::read_to_string(path)
            .with_context(|| format!("cannot read {}: name a script", path.display()))?,
        None => SCRIPT.to_owned(),
    };
    let left = script.map(|path| left_behind(path, &text)).unwrap_or_default();
    let begun = script.map(|path| {
        let script = Script { path, is_module: false, args, threads: 1 };
        let models = sketch::sketch(script, python);
        let asks = models.as_ref().err().and_then(|error| script.asks(error));
        (models, asks)
    });
    let script = script
        .and_then(Path::file_name)
        .map_or("train.py".into(), |name| name.display().to_string());
    let (main, note) = match begun {
        Some((Ok(models), _)) => {
            let note = precision::notes(&models);
            (Some(written::main_rs(&script, models)), note)
        }
        // Its check could never pass.
        Some((Err(error), Some(remedy))) => bail!("{error:#}: {remedy}"),
        Some((Err(error), None)) => {
            (None, format!("\nnot begun with the script's layers: {error:#}\n"))
        }
        None => (None, String::new()),
    };
    let own = arguments(args);
    let library = checkout.join("crates/torch-parity");
    let is_here = library.is_dir();
    let words = [
        ("@NAME@", name.clone()),
        ("@SCRIPT@", script.clone()),
        ("@SCRIPT_WORD@", arguments(&[script.clone().into()]).trim_start().to_owned()),
        ("@CHECK_ARGS@", if args.is_empty() { String::new() } else { format!(" --{own}") }),
        ("@ARGS@", own),
        ("@PROGRAM@", program::current().name.to_owned()),
        ("@STEM@", script.trim_end_matches(".py").to_owned()),
        ("@TORCH_PARITY@", quoted(&library)),
        ("@TARGET_DIR@\n", if is_here { target_dir(checkout) } else { String::new() }),
        ("@LIBTORCH@", quoted(&libtorch(checkout)?)),
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
        let text = main.as_ref().filter(|_| place == "src/main.rs").unwrap_or(&text);
        write(&beside.path().join(place), text).with_context(cannot)?;
    }
    write(&beside.path().join(&script), &text).with_context(cannot)?;
    if main.is_some() {
        format(&beside.path().join("src/main.rs"));
    }
    let beside = beside.keep();
    fs::rename(&beside, folder).with_context(cannot)?;
    let elsewhere = format!(
        "\n{} is not there: write in {}/Cargo.toml where torch-parity is\n",
        library.display(),
        folder.display()
    );
    Ok(format!(
        "{folder}: a port of {script}, not written yet\n\n  \
         cd {word}\n  make check      # red, and says where the two part\n  \
         src/main.rs     # fill in the script's {}\n{}{}",
        if main.is_some() { "data and forward pass" } else { "data, model and loop" },
        escaped(&(note + &left)).replace("\\n", "\n"),
        if is_here { "" } else { &elsewhere },
        folder = folder.display(),
        word = shlex::try_quote(&folder.to_string_lossy()).unwrap_or_default()
    ))
}

/// What a script imports from its own folder, which is not copied with it, in a line.
fn left_behind(script: &Path, text: &str) -> String {
    let folder = script.parent().unwrap_or(Path::new(""));
    let is_there = |name: &&str| {
        let file = folder.join(format!("{name}.py"));
        file.is_file() && file != script || folder.join(name).join("__init__.py").is_file()
    };
    let of_line = |line: &str| -> Vec<String> {
        let line = line.trim_start();
        let names = match line.strip_prefix("from ") {
            Some(rest) => rest.split(" import").next(),
            None => line.strip_prefix("import "),
        };
        let names = names.unwrap_or_default().split(',').map(str::trim_start);
        let names = names.map(|it| it.split([' ', '.', ';', '#']).next().unwrap_or_default());
        names.filter(|it| !it.is_empty()).filter(is_there).map(str::to_owned).collect()
    };
    let all: BTreeSet<_> = text.lines().flat_map(of_line).collect();
    let names = all.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let script = script.file_name().unwrap_or_default().to_string_lossy();
    match all.len() {
        0 => String::new(),
        1 => format!("\n{script} imports {names} from beside it: copy it there, too\n"),
        _ => format!("\n{script} imports {names} from beside it: copy them there, too\n"),
    }
}

/// Lets cargo use what it built in the checkout.
fn target_dir(checkout: &Path) -> String {
    let target = quoted(&checkout.join("target"));
    format!(
        "\n# What was built for tanh-parity is not built again. CARGO_TARGET_DIR, if set, wins.\n\
         [build]\ntarget-dir = {target}\n"
    )
}

/// The libtorch that the port is linked to: the checkout's by the name that it has
/// there, or cargo would take it for another.
fn libtorch(checkout: &Path) -> Result<PathBuf> {
    if let Some(own) = program::current().libtorch {
        return Ok(own.into());
    }
    if let Some(named) = std::env::var_os("LIBTORCH").filter(|path| !path.is_empty()) {
        return Ok(named.into());
    }
    let own = checkout.join(".venv/libtorch");
    if own.is_dir() {
        return Ok(own);
    }
    Python::find(None, None, Duration::from_secs(60)).libtorch()
}

/// Breaks long lines, where rustfmt is there.
fn format(file: &Path) {
    let rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config", "use_small_heuristics=Max"])
        .arg(file)
        .output();
    let _ = rustfmt; // without it they stay long
}

/// The script's arguments as the Makefile has them, behind a space.
fn arguments(args: &[OsString]) -> String {
    let words: Vec<_> = args.iter().map(|word| word.to_string_lossy()).collect();
    let line = shlex::try_join(words.iter().map(AsRef::as_ref)).unwrap_or_default();
    if line.is_empty() { line } else { format!(" {}", line.replace('$', "$$")) }
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
    let taken = ["build", "deps", "examples", "incremental", "torch-parity"];
    ensure!(
        !taken.contains(&&*name),
        "a crate named {name} cannot be built: name the folder otherwise"
    );
    Ok(name)
}

/// As TOML has a text.
fn quoted(path: &Path) -> String {
    format!("{:?}", path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_its_checkout_a_port_is_built_in_its_own_folder_and_that_is_said() {
        let folder = tempfile::TempDir::new().unwrap();
        let made = |checkout: &Path, name: &str| {
            let port = folder.path().join(name);
            let python = Python::find(None, None, Duration::from_secs(60));
            let said = port_beside(checkout, &port, None, &[], &python).unwrap();
            (said, fs::read_to_string(port.join(".cargo/config.toml")).unwrap())
        };
        let (said, config) = made(checkout(), "beside");
        assert!(!said.contains("is not there"), "{said}");
        assert!(config.ends_with(&target_dir(checkout())), "{config}");
        let (said, config) = made(Path::new("/nowhere"), "alone");
        assert!(said.contains("\n/nowhere/crates/torch-parity is not there: write in "), "{said}");
        assert!(config.contains("\nLIBTORCH = ") && !config.contains("[build]"), "{config}");
    }

    #[test]
    fn a_folder_whose_name_makes_no_crate_is_refused() {
        for name in ["build", "Deps", "torch-parity", "1a", "-"] {
            assert!(crate_name(Path::new(name)).is_err(), "{name}");
        }
        assert_eq!(crate_name(Path::new("builds")).unwrap(), "builds");
    }

    #[test]
    fn a_script_with_a_space_and_a_module_beside_it_can_be_checked() {
        let folder = tempfile::TempDir::new().unwrap();
        let script = folder.path().join("my script.py");
        let text = "import os, nets.small as it\n  from data import load; import absent, my\n";
        fs::write(&script, text).unwrap();
        write(&folder.path().join("nets/__init__.py"), "").unwrap();
        write(&folder.path().join("data.py"), "").unwrap();
        let port = folder.path().join("a port");
        let python = Python::find(Some(Path::new("false")), None, Duration::from_secs(60));
        let said = port_beside(checkout(), &port, Some(&script), &[], &python).unwrap();
        let words = "\nmy script.py imports data, nets from beside it: copy them there, too\n";
        assert!(said.contains(words), "{said}");
        assert!(said.contains(&format!("  cd '{}'\n", port.display())), "{said}");
        let makefile = fs::read_to_string(port.join("Makefile")).unwrap();
        assert!(makefile.contains(" check --script 'my script.py' --port "), "{makefile}");
        assert!(makefile.contains(" record 'my script.py'\n"), "{makefile}");
        // By the program that made it.
        assert!(makefile.contains("\nCHECK ?= parity\n"), "{makefile}");
    }
}
