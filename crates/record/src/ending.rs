//! Signals that end a run whose record is to keep what there is.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::{fs, io};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

const SIGNALS: [(i32, &str); 3] = [(SIGINT, "SIGINT"), (SIGTERM, "SIGTERM"), (SIGHUP, "SIGHUP")];

/// Whether a signal is ignored, as HUP is under nohup: then it ends nothing.
pub fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// The signal that came, and whether one ends the process at once, as ever: the
/// second does, and any does while no [`Ending`] lives. Handlers stay once they
/// are there: without any, the signals would be ignored.
#[derive(Debug)]
struct Handlers {
    came: Arc<AtomicUsize>,
    at_once: Arc<AtomicBool>,
}

static HANDLERS: OnceLock<Handlers> = OnceLock::new();

/// While it lives, INT, TERM and HUP are noted; the second one ends the process.
#[derive(Debug)]
pub(super) struct Ending(&'static Handlers);

impl Ending {
    /// Begins to note them.
    pub fn new() -> io::Result<Self> {
        let handlers = if let Some(handlers) = HANDLERS.get() {
            handlers
        } else {
            let handlers = Handlers::register()?;
            HANDLERS.get_or_init(|| handlers)
        };
        handlers.came.store(0, Ordering::Relaxed);
        handlers.at_once.store(false, Ordering::Relaxed);
        Ok(Self(handlers))
    }

    /// The name of the one that came.
    pub fn signal(&self) -> Option<&'static str> {
        let came = self.0.came.load(Ordering::Relaxed) as i32;
        SIGNALS.iter().find(|(signal, _)| *signal == came).map(|(_, name)| *name)
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.at_once.store(true, Ordering::Relaxed);
    }
}

impl Handlers {
    fn register() -> io::Result<Self> {
        let (came, at_once) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        for (signal, _) in SIGNALS.into_iter().filter(|(signal, _)| !is_ignored(*signal)) {
            flag::register_conditional_default(signal, Arc::clone(&at_once))?;
            flag::register(signal, Arc::clone(&at_once))?;
            flag::register_usize(signal, Arc::clone(&came), signal as usize)?;
        }
        Ok(Self { came, at_once })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::Command;

    use super::*;

    /// A process of its own, which two signals come to.
    #[test]
    fn a_signal_is_noted_while_an_ending_lives_and_ends_the_process_after() {
        const CHILD: &str = "TORCH_PARITY_TEST_ENDING";
        if let Some(ending) = std::env::var_os(CHILD) {
            let noted = Some(Ending::new().unwrap()).filter(|_| ending == "lives");
            signal_hook::low_level::raise(SIGTERM).unwrap();
            println!("noted {:?}", noted.as_ref().unwrap().signal());
            signal_hook::low_level::raise(SIGTERM).unwrap();
            return println!("noted twice");
        }
        let run = |ending: &str, trap: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", &format!("{trap} exec \"$0\" \"$@\"")]);
            command.arg(std::env::current_exe().unwrap());
            let name = "a_signal_is_noted_while_an_ending_lives_and_ends_the_process_after";
            command.args([&format!("ending::tests::{name}"), "--exact", "--nocapture"]);
            let output = command.env(CHILD, ending).output().unwrap();
            (output.status, String::from_utf8(output.stdout).unwrap())
        };
        let (status, text) = run("lives", "trap '' TERM;");
        assert!(status.success() && text.contains("noted twice"), "it is ignored: {text}");
        for (ending, told) in [("lives", true), ("ended", false)] {
            let (status, text) = run(ending, "");
            assert_eq!(status.signal(), Some(SIGTERM), "{ending}: {text}");
            assert_eq!(text.contains("noted Some(\"SIGTERM\")"), told, "{ending}: {text}");
            assert!(!text.contains("twice"), "{ending}: {text}");
        }
    }
}
