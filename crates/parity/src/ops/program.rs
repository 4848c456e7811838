//! What kind of program a command is, as far as that keeps it from being watched.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Why the program that `name` stands for cannot be watched, with what to do; none if its
/// file does not tell.
pub fn unseen(name: &str) -> Option<String> {
    let head = head(&find(name)?)?;
    let elf = Elf::of(&head)?;
    if elf.machine != machine(std::env::consts::ARCH) {
        let machine = called(elf.machine);
        let here = std::env::consts::ARCH;
        return Some(format!(
            "`{name}` is a program for {machine}, and this is {here}: keep its list there \
             with --save, and compare the lists here"
        ));
    }
    (!elf.is_dynamic).then(|| {
        format!(
            "`{name}` is linked statically, so that nothing can be loaded into it: link it \
             to libtorch's shared libraries"
        )
    })
}

/// That a command cannot be started, with what it is to be instead.
pub fn cannot_start(name: &str) -> String {
    let remedy = match Path::new(name) {
        it if it.extension().is_some_and(|it| it == "py") => {
            "begin the command with its Python, as in 'python train.py'"
        }
        it if !name.contains('/') && it.is_file() => "write ./ before it",
        it if it.is_file() => "make it executable, and begin a script with #! and its interpreter",
        _ => "name a program that is there with --port",
    };
    format!("cannot start {name}: {remedy}")
}

/// The file that a command's first word stands for.
fn find(name: &str) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(PathBuf::from(name));
    }
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|it| it.join(name)).find(|it| it.is_file())
}

/// A file's first bytes, with which a program says what it is.
fn head(path: &Path) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path).ok()?.take(4096).read_to_end(&mut head).ok()?;
    Some(head)
}

/// What an ELF file says of itself.
struct Elf {
    machine: u16,
    /// Whether it asks for a loader, which is who loads what is preloaded.
    is_dynamic: bool,
}

impl Elf {
    /// Of 64 bits, in the order of this machine's bytes; every other is not for it anyway.
    fn of(head: &[u8]) -> Option<Self> {
        const INTERPRETER: u32 = 3;
        let short = |at: usize| Some(u16::from_le_bytes(head.get(at..at + 2)?.try_into().ok()?));
        if !head.starts_with(b"\x7fELF") {
            return None;
        }
        let machine = short(18)?;
        let (size, count) = (short(54)?, short(56)?);
        let first = head.get(32..40)?;
        let first = u64::from_le_bytes(first.try_into().ok()?) as usize;
        let kind = |at: usize| {
            let at = first + at * usize::from(size);
            Some(u32::from_le_bytes(head.get(at..at + 4)?.try_into().ok()?))
        };
        let mut kinds = (0..usize::from(count)).map(kind);
        // A header that is not in the first bytes tells nothing.
        let is_dynamic = kinds.any(|it| it.is_none_or(|it| it == INTERPRETER));
        Some(Self { machine, is_dynamic })
    }
}

/// The numbers that ELF has for machines.
const MACHINES: [(u16, &str); 6] = [
    (3, "x86"),
    (40, "arm"),
    (62, "x86_64"),
    (183, "aarch64"),
    (243, "riscv64"),
    (21, "powerpc64"),
];

fn machine(called: &str) -> u16 {
    MACHINES.into_iter().find(|(_, it)| *it == called).map_or(0, |(number, _)| number)
}

fn called(machine: u16) -> &'static str {
    MACHINES.into_iter().find(|(it, _)| *it == machine).map_or("another machine", |(_, it)| it)
}
