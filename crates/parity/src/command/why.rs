//! `why`: the first operation where two programs part, with its line on both sides.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use super::flag::OUTPUT;
use super::python::PythonArgs;
use crate::ops::{Bounds, watched};
use crate::output::Outputs;
use crate::why::{Outcome, Values, compare, read, report};

const WHAT: &str = "What is compared";
const RECORDED: &str = "What is recorded";

/// Flags of `why`.
#[derive(Args, Debug)]
pub struct WhyArgs {
    /// Lists of operations, kept by --save; the first stands for the script
    #[arg(value_name = "LIST", help_heading = WHAT)]
    lists: Vec<PathBuf>,
    /// Run this Python script, unchanged
    #[arg(long, value_name = "FILE", help_heading = WHAT)]
    script: Option<PathBuf>,
    /// The script's own arguments, as a shell would split them
    #[arg(long, value_name = "ARGS", requires = "script", allow_hyphen_values = true, help_heading = WHAT)]
    script_args: Option<String>,
    /// Run this port of it, unchanged: anything on libtorch, such as ./my-port, or
    /// '/old/bin/python train.py'
    #[arg(long, value_name = "COMMAND", help_heading = WHAT)]
    port: Option<String>,
    #[command(flatten)]
    python: PythonArgs,
    /// Record these steps alone, such as 0..3; step k begins with the k-th backward
    /// pass, and step 0 with the program
    #[arg(long, value_name = "A..B", value_parser = steps, help_heading = RECORDED)]
    steps: Option<(u64, u64)>,
    /// Record so many operations at most
    #[arg(long, value_name = "N", help_heading = RECORDED)]
    first: Option<u64>,
    /// Keep the list of operations of the script or the port, whichever is given
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    save: Option<PathBuf>,
    /// Write the outcome as JSON (- for standard output)
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    json: Option<PathBuf>,
    /// Write it as Markdown (or -)
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    markdown: Option<PathBuf>,
    /// Write it as a page (or -)
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    html: Option<PathBuf>,
}

/// What is shown at the end of the help.
pub const EXAMPLES: &str = "\
Examples:
  parity why --script train.py --port ./my-port
  parity why --script train.py --port '/old/bin/python train.py'
  parity why --script train.py --save here.operations
  parity why here.operations there.operations

Both programs run as they are; a small library, compiled on the first use with
$CXX or c++, is loaded into them and sees every operation of libtorch. Lines of a
Rust port need debug information: debug = \"line-tables-only\" for its own crate.

Exit status: 0 nothing differs, 1 the programs part, 2 trouble.";

impl WhyArgs {
    /// Runs, compares, reports.
    pub fn run(&self) -> Result<ExitCode> {
        let sides = self.lists.len()
            + usize::from(self.script.is_some())
            + usize::from(self.port.is_some());
        let beside = tempfile::tempdir().context("no folder for the lists")?;
        if let Some(save) = &self.save {
            ensure!(
                sides == 1 && self.lists.is_empty(),
                "--save keeps one list: give either --script or --port beside it"
            );
            let (command, name) = self.commands()?.pop().context("nothing to run")?;
            let mut outputs = Outputs::open(&[(Some(save), "operations")])?;
            let list = beside.path().join(name);
            let ended = self.record(command, name, &list)?;
            outputs.write(0, || Ok(fs::read(&list)?))?;
            if let Some(note) = ended {
                eprintln!("note: {note}");
            }
            return Ok(ExitCode::SUCCESS);
        }
        ensure!(sides == 2, "two programs are compared: give --script and --port, or two lists");
        let mut outputs = Outputs::open(&self.outputs())?;
        let mut lists: Vec<(PathBuf, Option<String>)> =
            self.lists.iter().map(|it| (it.clone(), None)).collect();
        for (command, name) in self.commands()? {
            let list = beside.path().join(name);
            let ended = self.record(command, name, &list)?;
            lists.push((list, ended));
        }
        let mut values = Values::default();
        let script = read(&lists[0].0, &mut values)?;
        let port = read(&lists[1].0, &mut values)?;
        let mut outcome = compare(&script, &port, &values);
        outcome.notes.extend(lists.into_iter().filter_map(|(_, ended)| ended));
        show(&outcome, &mut outputs)?;
        Ok(ExitCode::from(u8::from(outcome.finding.is_some())))
    }

    /// What is to be run, the script first.
    fn commands(&self) -> Result<Vec<(Command, &'static str)>> {
        let mut commands = Vec::new();
        if let Some(script) = &self.script {
            ensure!(script.is_file(), "{}: no such script", script.display());
            let python = self.python.find();
            let mut command = Command::new(python.interpreter());
            command.arg(script).args(split(self.script_args.as_deref().unwrap_or_default())?);
            commands.push((command, "script"));
        }
        if let Some(port) = &self.port {
            let words = split(port)?;
            let (program, arguments) = words.split_first().context("--port names no command")?;
            let mut command = Command::new(program);
            command.args(arguments);
            commands.push((command, "port"));
        }
        Ok(commands)
    }

    /// Runs a program; what is to be said of its end, if that is not as it should be.
    fn record(&self, mut command: Command, name: &str, list: &Path) -> Result<Option<String>> {
        let (from, to) = self.steps.unwrap_or((0, u64::MAX));
        let bounds = Bounds { first: self.first.unwrap_or(u64::MAX), from, to };
        // What the programs print is theirs, and the report is ours.
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let ended = watched(command, bounds, list).with_context(|| format!("the {name}"))?;
        Ok((!ended.status.success()).then(|| format!("the {name} ended with {}", ended.status)))
    }

    fn outputs(&self) -> [(Option<&PathBuf>, &'static str); 3] {
        [(self.json.as_ref(), "json"), (self.markdown.as_ref(), "md"), (self.html.as_ref(), "html")]
    }
}

/// Prints the outcome, and writes it in the forms that were asked for.
fn show(outcome: &Outcome, outputs: &mut Outputs) -> Result<()> {
    let printed = outputs.print_beside(&report::text(outcome));
    let forms = [report::json as fn(&Outcome) -> String, report::markdown, report::html];
    for (at, form) in forms.into_iter().enumerate() {
        outputs.write(at, || Ok(form(outcome).into_bytes()))?;
    }
    printed
}

fn split(words: &str) -> Result<Vec<String>> {
    shlex::split(words).with_context(|| format!("`{words}`: a quote is not closed"))
}

fn steps(text: &str) -> Result<(u64, u64)> {
    let Some((from, to)) = text.split_once("..") else { bail!("must be like 0..3") };
    let (from, to) = (from.parse()?, if to.is_empty() { u64::MAX } else { to.parse()? });
    ensure!(from < to, "no step lies in {text}");
    Ok((from, to))
}
