//! Two runs that are recorded and compared, and what came of it.

mod again;
mod port;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, anyhow};
use parity_record::{Kept, Trace};
use serde::Serialize;

pub use self::again::{Digest, look_again};
pub use self::port::{port_against_script, port_command};
use crate::compare::{Report, Value};
use crate::progress::spin;
use crate::python::{Python, Script};
use crate::text::thousands_u64;

/// What the check of one experiment came to.
#[derive(Debug)]
pub struct Checked {
    /// The experiment's or the script's name.
    pub name: String,
    /// What ran it, our side and Python's: name and value.
    pub environment: [BTreeMap<String, String>; 2],
    /// Every setting that the results depend on, where the runs tell them.
    pub settings: BTreeMap<String, String>,
    /// What there is to say before the tables, in lines: what the twin noted of
    /// what only Python has, or what a script trains.
    pub remarks: String,
    /// How each series ends.
    pub endings: Vec<Ending>,
    /// The command that says why the two part, where that can be asked.
    pub ask: Option<String>,
    /// Everything that was compared.
    pub report: Report,
    /// Our record, and Python's.
    pub traces: [Trace; 2],
}

impl Ending {
    /// The distance of the losses as text, "nan" where they have none; empty where
    /// there are not two.
    pub fn ulps_text(&self) -> String {
        match self.losses {
            [Some(_), Some(_)] => self.ulps.map_or_else(|| "nan".to_owned(), thousands_u64),
            _ => String::new(),
        }
    }
}

impl Checked {
    /// Of records and their comparison.
    pub fn new(name: String, remarks: String, report: Report, traces: [Trace; 2]) -> Self {
        Self {
            name,
            environment: traces.each_ref().map(|trace| trace.about.environment.clone()),
            settings: traces[0].about.settings.clone(),
            remarks,
            ask: None,
            endings: endings(&report, &traces),
            report,
            traces,
        }
    }
}

/// How a series ends: the losses of its last step, and in how many steps
/// everything is equal.
#[derive(Clone, Debug, Serialize)]
pub struct Ending {
    /// Its name.
    pub series: String,
    /// The loss of each side, where it has one.
    pub losses: [Option<Value>; 2],
    /// Their distance in units in the last place; None where there are not two, or
    /// one is NaN and the other is not the same.
    pub ulps: Option<u64>,
    /// Steps from 1 on in which everything is equal.
    pub steps_equal: usize,
    /// All steps from 1 on.
    pub steps: usize,
}

/// How each series ends that has steps.
fn endings(report: &Report, traces: &[Trace; 2]) -> Vec<Ending> {
    let ending = |series: &String| {
        let (steps_equal, steps) = report.steps_equal(series);
        let last = |trace: &Trace| {
            let array = trace.get(series, steps, "loss", "loss")?;
            Some(Value::new(array.dtype(), array.bytes()))
        };
        let losses = traces.each_ref().map(last);
        let ulps = match losses {
            [Some(x), Some(y)] if x == y => Some(0),
            [Some(x), Some(y)] => x.ulps(y),
            _ => None,
        };
        (steps > 0).then(|| Ending { series: series.clone(), losses, ulps, steps_equal, steps })
    };
    traces[0].about.series.iter().filter_map(ending).collect()
}

/// Records a script to a file, and reads it.
pub fn record_script(script: Script<'_>, python: &Python, kept: &Kept) -> Result<Trace> {
    let mut running = python.start_recording(script, kept)?;
    spin("waiting for the script", || running.finish()).map_err(|error| {
        match script.asks(&error) {
            Some(remedy) => anyhow!("{error}: {remedy}"),
            None => error,
        }
    })?;
    left_by("the script", &running.file("script.safetensors"), "name a Python with --python")
}

/// The record that a run left; what to do where it left none. The file's path, which is
/// ours and gone by then, says nothing to the user.
fn left_by(whose: &str, file: &Path, remedy: &str) -> Result<Trace> {
    Trace::read(file).map_err(|error| {
        if !file.exists() {
            return anyhow!("{whose} left no record: {remedy}");
        }
        let error = error.to_string().replace(&file.display().to_string(), "its file");
        anyhow!("{whose} left no record that can be read: {error}: {remedy}")
    })
}

#[cfg(test)]
mod tests {
    use parity_record::{About, Array, Dtype, Key};

    use super::*;
    use crate::compare::{Options, compare};

    #[test]
    fn what_a_run_left_that_is_no_record_is_told_without_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("port.safetensors");
        let said = || left_by("p", &file, "mend it").unwrap_err().to_string();
        assert_eq!(said(), "p left no record: mend it");
        std::fs::write(&file, "junk").unwrap();
        let reason = "its file is not a readable .safetensors file: it is shorter than 8 bytes";
        assert_eq!(said(), format!("p left no record that can be read: {reason}: mend it"));
    }

    #[test]
    fn losses_of_the_same_bits_are_0_ulps_apart_nan_too() {
        let next = 1_f32.next_up();
        for (ours, theirs, ulps) in
            [(f32::NAN, f32::NAN, Some(0)), (1.0, next, Some(1)), (1.0, f32::NAN, None)]
        {
            let traces = [ours, theirs].map(|loss| {
                let mut trace = Trace::new(About::default());
                let array = Array::new(Dtype::F32, vec![], loss.to_ne_bytes().to_vec()).unwrap();
                trace.insert(Key::new("tanh", 1, "loss", "loss"), array).unwrap();
                trace
            });
            let [a, b] = &traces;
            let report = compare(["A", "B"], a, b, &Options::default()).unwrap();
            let ulps_found: Vec<_> = endings(&report, &traces).iter().map(|it| it.ulps).collect();
            assert_eq!(ulps_found, [ulps], "{ours} {theirs}");
        }
    }
}
