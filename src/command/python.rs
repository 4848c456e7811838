//! Flags on which Python is run, and on when values pass.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};
use tanh_parity::lesson::settings::whole;
use tanh_parity::python::Python;
use torch_parity::compare::Tolerance;

/// Which Python.
#[derive(Args, Debug)]
pub struct InterpreterArgs {
    /// The interpreter [default: $TANH_PARITY_PYTHON, else the project's .venv,
    /// else python3]
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
        Python::find(self.python.as_deref(), timeout)
    }
}

/// Which Python, and for how long.
#[derive(Args, Debug)]
pub struct PythonArgs {
    #[command(flatten)]
    interpreter: InterpreterArgs,
    /// Seconds that Python may take
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = whole::<u64>(1..=1_000_000), allow_negative_numbers = true)]
    timeout: u64,
}

impl PythonArgs {
    /// The interpreter to run.
    pub fn find(&self) -> Python {
        self.interpreter.find(Duration::from_secs(self.timeout))
    }
}

/// When values pass as equal.
#[derive(Args, Debug)]
pub struct ToleranceArgs {
    /// Allow a relative error, as torch.testing.assert_close [with --atol: 1.3e-6]
    #[arg(long, value_parser = tolerance, allow_negative_numbers = true)]
    rtol: Option<f64>,
    /// Allow an absolute error, as torch.testing.assert_close [with --rtol: 1e-5]
    #[arg(long, value_parser = tolerance, allow_negative_numbers = true)]
    atol: Option<f64>,
}

impl ToleranceArgs {
    /// None asks for equal bits; of one given alone, the other has its default.
    pub fn tolerance(&self) -> Option<Tolerance> {
        let default = Tolerance::default();
        (self.rtol.is_some() || self.atol.is_some()).then(|| Tolerance {
            rtol: self.rtol.unwrap_or(default.rtol),
            atol: self.atol.unwrap_or(default.atol),
        })
    }
}

fn tolerance(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(x) if x >= 0.0 && x.is_finite() => Ok(x),
        _ => Err("must be a number from 0 on".to_owned()),
    }
}
