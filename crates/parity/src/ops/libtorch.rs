//! A libtorch, found by the folder of its libraries: its headers, and how C++ that uses
//! it must be compiled.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The header that says that the others are there, too.
const HEADER: &str = "ATen/record_function.h";

/// A libtorch on this machine.
pub struct Libtorch {
    /// The folder of `libtorch_cpu.so`.
    pub libraries: PathBuf,
    /// The folders to search for headers.
    pub headers: Vec<PathBuf>,
    /// What tells it from others: where it is, and when it was put there.
    pub name: String,
}

impl Libtorch {
    /// The one whose libraries are in `folder`.
    pub fn in_folder(folder: &Path) -> Result<Self> {
        let library = folder.join("libtorch_cpu.so");
        let of = fs::metadata(&library).with_context(|| format!("{}", library.display()))?;
        let changed =
            of.modified().ok().and_then(|it| it.duration_since(std::time::UNIX_EPOCH).ok());
        let seconds = changed.unwrap_or_default().as_secs();
        Ok(Self {
            headers: headers(folder)?,
            name: format!("{}\n{}\n{seconds}", folder.display(), of.len()),
            libraries: folder.to_owned(),
        })
    }

    /// Whether its strings are those of C++11: wheels on `PyPI` were not before 2.7. Which
    /// they are is in the name of a function that returns one.
    pub fn has_new_strings(&self) -> bool {
        let core = fs::read(self.libraries.join("libc10.so")).unwrap_or_default();
        let name = b"_ZNK3c106Device3strB5cxx11Ev";
        core.windows(name.len()).any(|it| it == name)
    }
}

/// Beside the libraries, as in every wheel and in PyTorch's own archives; where the
/// system keeps headers; or where the user says.
fn headers(folder: &Path) -> Result<Vec<PathBuf>> {
    let beside = folder.parent().map(|it| it.join("include"));
    let said = std::env::var_os("LIBTORCH_INCLUDE").map(PathBuf::from);
    let said = said.into_iter().flat_map(|it| [it.join("include"), it]);
    let system = ["/usr/include", "/usr/local/include"].map(PathBuf::from);
    let found = said.chain(beside).chain(system).find(|it| it.join(HEADER).is_file());
    let found = found.with_context(|| {
        format!(
            "the libtorch in {} has no headers beside it, which the watcher is compiled \
             with: set LIBTORCH_INCLUDE to the folder with {HEADER}",
            folder.display()
        )
    })?;
    Ok(vec![found.join("torch/csrc/api/include"), found])
}
