//! `why`: the first operation where two programs part, with its line on both sides.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use super::flag::{OUTPUT, split, whole};
use super::python::PythonArgs;
use crate::ops::{Bounds, watched};
use crate::output::{Asked, Outputs};
use crate::python::{Python, Script, set_threads};
use crate::terminal::print;
use crate::why::{Digests, Outcome, compare, read, report};

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
    /// Threads of both, from 1 to 1024, unless they set them themselves
    #[arg(long, help_heading = RECORDED, default_value_t = 1, value_parser = whole::<i32>(1..=1024), allow_negative_numbers = true)]
    threads: i32,
    /// Record these steps alone, such as 0..3; step k begins with the k-th backward
    /// pass, and step 0 with the program
    #[arg(long, value_name = "A..B", value_parser = steps, help_heading = RECORDED)]
    steps: Option<(u64, u64)>,
    /// Record so many operations at most
    #[arg(long, value_name = "N", help_heading = RECORDED)]
    first: Option<u64>,
    /// Keep the list of operations of the script or the port, whichever is given (-
    /// for standard output)
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
            let mut outputs = Outputs::open(&[("save", Some(save), "operations")])?;
            let list = beside.path().join(name);
            let ended = record(command, name, &list, self.bounds())?;
            outputs.write("save", || Ok(fs::read(&list)?))?;
            if let Some(note) = ended {
                eprintln!("note: {note}");
            }
            return Ok(ExitCode::SUCCESS);
        }
        ensure!(sides == 2, "two programs are compared: give --script and --port, or two lists");
        let mut outputs = Outputs::open(&self.outputs())?;
        let mut lists: Vec<_> = self.lists.iter().map(|it| (it.clone(), None)).collect();
        for (command, name) in self.commands()? {
            let list = beside.path().join(name);
            let ended = record(command, name, &list, self.bounds())?;
            lists.push((list, ended));
        }
        let outcome = parted(lists)?;
        show(&outcome, &mut outputs)?;
        Ok(ExitCode::from(u8::from(outcome.finding.is_some())))
    }

    /// What is to be run, the script first.
    fn commands(&self) -> Result<Vec<(Command, &'static str)>> {
        let mut commands = Vec::new();
        if let Some(script) = &self.script {
            ensure!(script.is_file(), "{}: no such script", script.display());
            let args = split(self.script_args.as_deref().unwrap_or_default(), "--script-args")?;
            let script = Script { path: script, args: &args, threads: self.threads };
            commands.push((of_script(script, &self.python.find()), "script"));
        }
        if let Some(port) = &self.port {
            commands.push((of_port(&split(port, "--port")?, self.threads)?, "port"));
        }
        Ok(commands)
    }

    fn bounds(&self) -> Bounds {
        let (from, to) = self.steps.unwrap_or((0, u64::MAX));
        Bounds { first: self.first.unwrap_or(u64::MAX), from, to }
    }

    fn outputs(&self) -> [Asked<'_>; 3] {
        [
            ("json", self.json.as_ref(), "json"),
            ("markdown", self.markdown.as_ref(), "md"),
            ("html", self.html.as_ref(), "html"),
        ]
    }
}

/// Prints where a script and its port part, both run anew and unchanged.
pub fn ask(script: Script<'_>, port: &[OsString], python: &Python) -> Result<()> {
    let beside = tempfile::tempdir().context("no folder for the lists")?;
    let commands =
        [(of_script(script, python), "script"), (of_port(port, script.threads)?, "port")];
    let lists = commands.into_iter().map(|(command, name)| {
        let list = beside.path().join(name);
        let ended = record(command, name, &list, Bounds::ALL)?;
        Ok((list, ended))
    });
    let outcome = parted(lists.collect::<Result<_>>()?)?;
    print(format!("\n{}", report::text(&outcome)).as_bytes())
}

fn of_script(script: Script<'_>, python: &Python) -> Command {
    let mut command = Command::new(python.interpreter());
    command.arg(script.path).args(script.args);
    set_threads(&mut command, script.threads);
    command
}

fn of_port(words: &[OsString], threads: i32) -> Result<Command> {
    let (program, args) = words.split_first().context("--port '' is no command: name one")?;
    let mut command = Command::new(program);
    command.args(args);
    set_threads(&mut command, threads);
    Ok(command)
}

/// Runs a program; what is to be said of its end, if that is not as it should be.
fn record(mut command: Command, name: &str, list: &Path, bounds: Bounds) -> Result<Option<String>> {
    // What the programs print is theirs, and the report is ours.
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let ended = watched(command, bounds, list).with_context(|| format!("the {name}"))?;
    Ok((!ended.status.success()).then(|| format!("the {name} ended with {}", ended.status)))
}

/// Compares two lists, the script's first, each with what there is to say of its end.
fn parted(lists: Vec<(PathBuf, Option<String>)>) -> Result<Outcome> {
    let mut digests = Digests::default();
    let script = read(&lists[0].0, &mut digests)?;
    let port = read(&lists[1].0, &mut digests)?;
    let mut outcome = compare(&script, &port, &digests);
    outcome.notes.extend(lists.into_iter().filter_map(|(_, ended)| ended));
    Ok(outcome)
}

/// Prints the outcome, and writes it in the forms that were asked for.
fn show(outcome: &Outcome, outputs: &mut Outputs) -> Result<()> {
    let printed = outputs.print_beside(&report::text(outcome));
    outputs.write("json", || Ok(report::json(outcome).into_bytes()))?;
    outputs.write("markdown", || Ok(report::markdown(outcome).into_bytes()))?;
    outputs.write("html", || Ok(report::html(outcome).into_bytes()))?;
    printed
}

fn steps(text: &str) -> Result<(u64, u64)> {
    let Some((from, to)) = text.split_once("..") else { bail!("must be like 0..3") };
    let (from, to) = (from.parse()?, if to.is_empty() { u64::MAX } else { to.parse()? });
    ensure!(from < to, "no step lies in {text}");
    Ok((from, to))
}
