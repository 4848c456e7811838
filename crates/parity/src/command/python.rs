//! Flags on which Python is run.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};

use super::flag::{RUNNING, whole};
use crate::program;
use crate::python::Python;

/// Which Python.
#[derive(Args, Debug)]
#[command(next_help_heading = RUNNING)]
pub struct InterpreterArgs {
    /// The interpreter [default: $TANH_PARITY_PYTHON, else $VIRTUAL_ENV's, else
    /// python3]
    #[arg(
        long,
        value_name = "FILE",
        env = "TANH_PARITY_PYTHON",
        hide_env = true,
        value_parser = OsStringValueParser::new().map(PathBuf::from) // which may be empty
    )]
    python: Option<PathBuf>,
}

impl InterpreterArgs {
    /// The interpreter to run, each time for so long at most.
    pub fn find(&self, timeout: Duration) -> Python {
        Python::find(self.python.as_deref(), program::current().python, timeout)
    }
}

/// Which Python, and for how long.
#[derive(Args, Debug)]
#[command(next_help_heading = RUNNING)]
pub struct PythonArgs {
    #[command(flatten)]
    interpreter: InterpreterArgs,
    /// Seconds that Python, or a port, may take, from 1 to 1000000
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = whole::<u64>(1..=1_000_000), allow_negative_numbers = true)]
    timeout: u64,
}

impl PythonArgs {
    /// The interpreter to run.
    pub fn find(&self) -> Python {
        self.interpreter.find(Duration::from_secs(self.timeout))
    }
}
