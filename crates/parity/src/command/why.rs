//! `why`: the first operation where two programs part, with its line on both sides.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use parity_record::read_steps;

use super::flag::{OUTPUT, Threads, at_least, port_words};
use super::python::PythonArgs;
use super::script::ScriptArgs;
use crate::check::port_command;
use crate::ops::{Bounds, watched};
use crate::output::{Asked, Outputs};
use crate::python::{Folder, Python, Script, cannot_write, set_threads};
use crate::terminal::print;
use crate::why::{Digests, Outcome, compare, read, report};

const WHAT: &str = "What is compared";
const RECORDED: &str = "What is recorded";

/// Flags of `why`.
#[derive(Args, Debug)]
pub struct WhyArgs {
    /// Lists of operations, kept by --save; the first stands for the script, unless
    /// --script is given
    #[arg(value_name = "LIST", help_heading = WHAT)]
    lists: Vec<PathBuf>,
    /// Run this Python script, unchanged
    #[arg(long, value_name = "FILE", help_heading = WHAT)]
    script: Option<PathBuf>,
    /// Run this port of it, unchanged: anything on libtorch, such as ./my-port, or
    /// '/old/bin/python train.py'
    #[arg(long, value_name = "COMMAND", help_heading = WHAT)]
    port: Option<String>,
    #[command(flatten, next_help_heading = WHAT)]
    run: ScriptArgs,
    #[command(flatten)]
    python: PythonArgs,
    #[command(flatten)]
    threads: Threads,
    /// Record these steps alone, such as 0..3; step k begins with the k-th backward
    /// pass, and step 0 with the program
    #[arg(long, value_name = "A..B", value_parser = read_steps, help_heading = RECORDED)]
    steps: Option<Range<usize>>,
    /// Record at most this many operations
    #[arg(long, value_name = "N", value_parser = at_least::<u64>(1), allow_negative_numbers = true, help_heading = RECORDED)]
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
    /// Write it as JUnit's XML (or -)
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    junit: Option<PathBuf>,
}

/// What is shown at the end of the help.
pub const EXAMPLES: &str = "\
Examples:
  parity why --script train.py --port ./my-port
  parity why --script train.py --port '/old/bin/python train.py'
  parity why --script train.py --port './my-port --lr 0.1' -- --lr 0.1
  parity why --script train.py --save here.operations
  parity why here.operations there.operations

Both programs run as they are; a small library, compiled on the first use with
$CXX or c++, is loaded into them and sees every operation of libtorch. To show
the lines of a Rust port, give its own crate debug = \"line-tables-only\".

Exit status: 0 nothing differs in the end, 1 the programs part, 2 trouble.";

impl WhyArgs {
    /// Runs, compares, reports.
    pub fn run(&self) -> Result<ExitCode> {
        let sides = self.lists.len()
            + usize::from(self.script.is_some())
            + usize::from(self.port.is_some());
        if let Some(save) = &self.save {
            ensure!(
                sides == 1 && self.lists.is_empty(),
                "--save keeps one list: give either --script or --port beside it"
            );
            let mut outputs = Outputs::open(&[("save", Some(save), "operations")])?;
            let recorded = self.record()?;
            outputs.write("save", || Ok(fs::read(&recorded.lists[0])?))?;
            if let Some(how) = &recorded.ended[0] {
                let name = if self.script.is_some() { "script" } else { "port" };
                eprintln!("note: the {name} ended with {how}");
            }
            return Ok(ExitCode::SUCCESS);
        }
        let script = self.lists.iter().find(|it| it.extension() == Some("py".as_ref()));
        if let Some(script) = script.map(|it| it.display()) {
            bail!(
                "{script} is a script, not a list: name it with --script, as in --script {script}"
            );
        }
        ensure!(sides == 2, "two programs are compared: give --script and --port, or two lists");
        let mut outputs = Outputs::open(&self.outputs())?;
        let recorded = self.record()?;
        let lists = match self.script {
            Some(_) => [&recorded.lists[..], &self.lists].concat(),
            None => [&self.lists[..], &recorded.lists].concat(),
        };
        let outcome = parted([&lists[0], &lists[1]])?;
        show(&outcome, &mut outputs)?;
        if outcome.finding.is_none()
            && let Some(unfinished) = report::unfinished(&outcome)
        {
            bail!("{unfinished}: mend what ended it, and compare again");
        }
        Ok(ExitCode::from(u8::from(outcome.finding.is_some())))
    }

    /// Runs what is to be run, the script first.
    fn record(&self) -> Result<Recorded> {
        let (mut programs, python) = (Vec::new(), self.python.find());
        if let Some(script) = &self.script {
            let args = self.run.words()?;
            let script = self.run.script(script, &args, self.threads.count);
            let is_there = script.is_module || script.path.is_file();
            ensure!(is_there, "{}: no such script", script.path.display());
            programs.push((script_command(script, &python), "script"));
        }
        if let Some(port) = &self.port {
            programs.push((port_command(&port_words(port)?, self.threads.count)?, "port"));
        }
        let steps = self.steps.clone().unwrap_or(Bounds::ALL.steps);
        let bounds = Bounds { first: self.first.unwrap_or(u64::MAX), steps };
        record(programs, &bounds, python.timeout())
    }

    fn outputs(&self) -> [Asked<'_>; 4] {
        [
            ("json", self.json.as_ref(), "json"),
            ("markdown", self.markdown.as_ref(), "md"),
            ("html", self.html.as_ref(), "html"),
            ("junit", self.junit.as_ref(), "xml"),
        ]
    }
}

/// Prints where a script and its port part, both run anew and unchanged.
pub fn ask(script: Script<'_>, port: &[OsString], python: &Python) -> Result<()> {
    let port = port_command(port, script.threads)?;
    let programs = vec![(script_command(script, python), "script"), (port, "port")];
    let Recorded { lists, .. } = &record(programs, &Bounds::ALL, python.timeout())?;
    let outcome = parted([&lists[0], &lists[1]])?;
    print(format!("\n{}", report::text(&outcome)).as_bytes())
}

/// What is run, and which side it is.
type Program = (Command, &'static str);

fn script_command(script: Script<'_>, python: &Python) -> Command {
    let mut command = Command::new(python.interpreter());
    command.args(script.is_module.then_some("-m")).arg(script.path).args(script.args);
    set_threads(&mut command, script.threads);
    command
}

/// The lists that programs left, gone when dropped.
struct Recorded {
    lists: Vec<PathBuf>,
    /// How each ended, if not well.
    ended: Vec<Option<ExitStatus>>,
    _folder: Folder,
}

/// Runs programs, each of which leaves a list.
fn record(programs: Vec<Program>, bounds: &Bounds, timeout: Duration) -> Result<Recorded> {
    let folder = Folder::new()?;
    let (mut lists, mut ended) = (Vec::new(), Vec::new());
    for (mut command, name) in programs {
        let list = folder.path().join(name);
        // What the programs print is theirs, and the report is ours.
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let status =
            watched(command, bounds, timeout, &list).with_context(|| format!("the {name}"))?;
        let status = Some(status).filter(|it| !it.success());
        if let Some(status) = status {
            end(&list, status).with_context(|| cannot_write(folder.path()))?;
        }
        ended.push(status);
        lists.push(list);
    }
    Ok(Recorded { lists, ended, _folder: folder })
}

/// Writes into a program's list how it ended, behind its last whole line.
fn end(list: &Path, status: ExitStatus) -> io::Result<()> {
    let mut text = fs::read(list)?;
    let end = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
    let end = text[..end].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    text.truncate(end);
    writeln!(text, "ended\t{status}")?;
    fs::write(list, text)
}

/// Compares two lists, the script's first.
fn parted([script, port]: [&Path; 2]) -> Result<Outcome> {
    let mut digests = Digests::default();
    let script = read(script, &mut digests)?;
    let port = read(port, &mut digests)?;
    ensure!(
        !script.operations.is_empty() || !port.operations.is_empty(),
        "neither list has an operation: give --steps or --first that leave some"
    );
    Ok(compare(&script, &port, &digests))
}

/// Prints the outcome, and writes it in the forms that were asked for.
fn show(outcome: &Outcome, outputs: &mut Outputs) -> Result<()> {
    let printed = outputs.print_beside(&report::text(outcome));
    outputs.write("json", || Ok(report::json(outcome).into_bytes()))?;
    outputs.write("markdown", || Ok(report::markdown(outcome).into_bytes()))?;
    outputs.write("html", || Ok(report::html(outcome).into_bytes()))?;
    outputs.write("junit", || Ok(report::junit(outcome).into_bytes()))?;
    printed
}
