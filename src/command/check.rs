//! `check`: our run and Python's, compared.

use std::path::PathBuf;

use anyhow::Result;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use parity::check::{Digest, port_against_script};
use parity::command::check::{ComparisonArgs, ReportArgs};
use parity::command::flag::port_words;
use parity::command::options::FormArgs;
use parity::command::script::ScriptArgs;
use parity::command::why;
use parity::compare::Verdict;
use parity::output::Outputs;
use parity::report::{Comparison, Document};
use tanh_parity::check;
use tanh_parity::lesson::Experiment;
use tanh_parity::lesson::settings::{OUTPUT, Threads};
use tanh_parity::lesson::train::Train;
use tanh_parity::python::Twins;
use tanh_parity::threads::refuse_too_many;

use super::experiment::{Room, Started, rooms};

/// Flags of `check`.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct CheckArgs {
    #[command(flatten)]
    more: OfTrain,
    #[command(flatten)]
    train: Train,
    #[command(flatten)]
    comparison: ComparisonArgs,
    #[command(flatten)]
    report: ReportArgs,
    #[command(flatten)]
    records: Records,
}

/// Where the two records go.
#[derive(Args)]
#[command(next_help_heading = OUTPUT)]
struct Records {
    /// Keep our side's record, as .safetensors (- for standard output)
    #[arg(long, value_name = "FILE")]
    trace_rust: Option<PathBuf>,
    /// Keep Python's record (or -)
    #[arg(long, value_name = "FILE")]
    trace_python: Option<PathBuf>,
}

impl Records {
    fn paths(&self) -> [Option<&PathBuf>; 2] {
        [self.trace_rust.as_ref(), self.trace_python.as_ref()]
    }
}

/// Flags of the check of `train` alone.
#[derive(Args)]
#[command(next_help_heading = "What the lesson is compared with")]
struct OfTrain {
    /// Record this copy of the lesson's script instead of the twin; settings
    /// that are not given are taken from the record
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Run this port of the script instead of our lesson: it records to the file
    /// that TORCH_PARITY_TRACE names
    #[arg(long, value_name = "COMMAND", requires = "script")]
    port: Option<String>,
    #[command(flatten)]
    run: ScriptArgs,
    /// Where script and port differ, run both once more and name the first operation
    /// that does
    #[arg(long, requires = "port", conflicts_with = "format")]
    why: bool,
    /// After each step, overwrite our values with Python's: this shows each step's
    /// own error apart from what it inherited
    #[arg(long, conflicts_with_all = ["script", "digest"])]
    resync: bool,
}

/// Flags of `check all`.
#[derive(Args)]
struct All {
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    comparison: ComparisonArgs,
    #[command(flatten)]
    form: FormArgs,
}

const VERDICTS: &str = "Exit status: 0 the runs agree, 1 they differ, 2 trouble.";
const ALL: &str = "all";

/// What a step of the lesson is called.
const EPOCH: &str = "epoch";

/// Adds a command below `check` for each experiment, and one for all.
pub fn with_experiments(check: Command) -> Command {
    let add = |check: Command, room: &dyn Room| {
        let mut command = Command::new(room.name());
        if room.name() == Train::NAME {
            command = OfTrain::augment_args(command);
        }
        let command = ComparisonArgs::augment_args(room.with_settings(command));
        let command = Records::augment_args(ReportArgs::augment_args(command));
        check.subcommand(command.about(room.about()).after_help(VERDICTS))
    };
    let all = All::augment_args(Command::new(ALL))
        .about("Every experiment with its defaults, and one verdict")
        .after_help(VERDICTS);
    rooms().iter().fold(check, |check, room| add(check, &**room)).subcommand(all)
}

/// Runs the command and prints the report.
pub fn run(args: &CheckArgs, flags: &ArgMatches) -> Result<Verdict> {
    match flags.subcommand() {
        None => train(args, flags),
        Some((ALL, flags)) => all(flags),
        Some((Train::NAME, flags)) => train(&CheckArgs::from_arg_matches(flags)?, flags),
        Some((name, flags)) => {
            let room = rooms().into_iter().find(|room| room.name() == name);
            let room = room.expect("these are the commands below check");
            let (comparison, report) =
                (ComparisonArgs::from_arg_matches(flags)?, ReportArgs::from_arg_matches(flags)?);
            let records = Records::from_arg_matches(flags)?;
            let outputs = report.outputs(records.paths())?;
            let digest = report.digest(&comparison, records.paths());
            let check = room.start_check(flags, &Twins::of(comparison.python.find()), digest)?;
            report.show(&check(&comparison.options.options(EPOCH)?)?, outputs)
        }
    }
}

fn train(
    CheckArgs { train, comparison, report, records, more }: &CheckArgs,
    flags: &ArgMatches,
) -> Result<Verdict> {
    train.validate()?;
    refuse_too_many(train.run.threads.count as usize, 1)?;
    let (outputs, python) = (report.outputs(records.paths())?, comparison.python.find());
    let options = comparison.options.options(if more.port.is_some() { "step" } else { EPOCH })?;
    let args = more.run.words()?;
    let script = more.script.as_deref();
    let script = script.map(|path| more.run.script(path, &args, train.run.threads.count));
    if let (Some(script), Some(port)) = (script, &more.port) {
        let port = port_words(port)?;
        let checked = port_against_script(script, &port, &python, report.digest, &options)?;
        let verdict = report.show(&checked, outputs)?;
        if more.why && verdict == Verdict::Diverged {
            why::ask(script, &port, &python)?;
        }
        return Ok(verdict);
    }
    let checked = if let Some(script) = script {
        let settings = |recorded: Result<Train>| given_first(train, recorded, flags);
        check::against_script(script, &python, report.digest, settings, &options)?
    } else {
        let digest =
            if more.resync { Digest::Never } else { report.digest(comparison, records.paths()) };
        let check = check::Check::start(train.clone(), &Twins::of(python), digest)?;
        if more.resync { check.finish_resynced(&options)? } else { check.finish(&options)? }
    };
    report.show(&checked, outputs)
}

/// The settings that a record tells, but those that flags give.
fn given_first(given: &Train, recorded: Result<Train>, flags: &ArgMatches) -> Result<Train> {
    let is_given = |flag: &str| flags.value_source(flag) == Some(ValueSource::CommandLine);
    let mut train = recorded?;
    let Train { seed, run } = given.clone();
    macro_rules! set_given {
        ($($name:ident)*) => {
            $(if is_given(stringify!($name)) { train.run.$name = run.$name; })*
        };
    }
    set_given!(samples features hidden epochs lr activations same_init threads);
    if is_given("seed") {
        train.seed = seed;
    }
    train.validate()?;
    Ok(train)
}

/// Every experiment with its defaults.
fn all(flags: &ArgMatches) -> Result<Verdict> {
    let All { threads: Threads { count: threads }, comparison, form } =
        All::from_arg_matches(flags)?;
    let mut outputs = Outputs::open(&form.outputs())?;
    let (options, python) =
        (comparison.options.options(EPOCH)?, Twins::of(comparison.python.find()).together()?);
    let start = |room: &dyn Room| {
        let command = room.with_settings(Command::new(ALL));
        let defaults = command.try_get_matches_from([ALL, &format!("--threads={threads}")])?;
        room.start_check(&defaults, &python, Digest::Never)
    };
    let started: Vec<_> = rooms().iter().map(|room| start(&**room)).collect::<Result<_>>()?;
    python.begin();
    let finish = |check: Started| {
        let mut checked = check(&options)?;
        checked.traces = Default::default(); // the largest take a gigabyte
        Ok(checked)
    };
    let checked: Vec<_> = started.into_iter().map(finish).collect::<Result<_>>()?;
    let comparisons = checked.iter().map(|checked| Comparison::of_check(checked, 0)).collect();
    let document = Document::new("check", comparisons, options.tolerance);
    form.show(&document, &mut outputs)?;
    Ok(document.verdict)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        comparison: ComparisonArgs,
        #[command(flatten)]
        report: ReportArgs,
        #[command(flatten)]
        records: Records,
    }

    #[test]
    fn digests_are_compared_where_they_tell_all_that_is_asked_for() {
        for (flags, expected) in [
            ("", Digest::IfLong),
            ("--common --ignore x --all --format json --junit j.xml", Digest::IfLong),
            ("--digest", Digest::Always),
            ("--digest --html p.html --trace-rust r.safetensors", Digest::Always),
            ("--rtol 1e-3", Digest::Never),
            ("--atol loss=1", Digest::Never),
            ("--transpose w", Digest::Never),
            ("--plot p.svg", Digest::Never),
            ("--html p.html", Digest::Never),
            ("--trace-rust r.safetensors", Digest::Never),
            ("--trace-python p.safetensors", Digest::Never),
        ] {
            let Flags { comparison, report, records } =
                Flags::try_parse_from(["check"].into_iter().chain(flags.split_whitespace()))
                    .unwrap();
            assert_eq!(report.digest(&comparison, records.paths()), expected, "{flags}");
        }
    }
}
