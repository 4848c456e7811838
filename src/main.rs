//! Parse, dispatch, print, exit code; nothing else prints.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;
use tanh_parity::cli::{CheckArgs, Cli, Command, CompareArgs, TrainArgs};
use tanh_parity::lesson::train::train;
use tanh_parity::output::{Output, print};
use tanh_parity::parity::{self, Verdict};
use tanh_parity::progress::Progress;
use tanh_parity::pytorch::failure;
use tanh_parity::pytorch::float::repr;
use tanh_parity::trace::Trace;
use tanh_parity::{check, export, plot, tabular};

/// Exit status for trouble; 0 is fine, 1 says that the runs differ.
const TROUBLE: u8 = 2;

fn main() -> ExitCode {
    // tch panics where libtorch fails: told in one line below instead.
    set_hook(Box::new(|_| {}));
    let error = match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(code)) => return code,
        Ok(Err(error)) => format!("{error:#}"),
        Err(panic) => failure::one_line(&*panic),
    };
    complain(&error);
    ExitCode::from(TROUBLE)
}

/// One line on standard error; there is nowhere to complain if it is closed.
fn complain(error: &str) {
    let _ = writeln!(std::io::stderr(), "error: {}", error.replace('\n', " "));
}

fn run() -> Result<ExitCode> {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            complain(&usage_line(&error));
            return Ok(ExitCode::from(TROUBLE));
        }
        Err(help) => {
            print(help.render().to_string().as_bytes())?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    let (text, verdict) = match cli.command {
        Command::Train(args) => return run_train(&args),
        Command::Check(args) => run_check(&args)?,
        Command::Compare(args) => run_compare(&args)?,
    };
    print(text.as_bytes())?;
    Ok(ExitCode::from(u8::from(verdict == Verdict::Diverged)))
}

/// clap's complaint, which it spreads over several lines, in one.
fn usage_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<_> = lines.take_while(|line| !line.starts_with("Usage:")).collect();
    let text = lines.join("; ").replace("; For more", ": for more");
    text.trim_start_matches("error: ").to_owned()
}

fn run_train(args: &TrainArgs) -> Result<ExitCode> {
    let settings = args.settings.settings()?;
    let [csv, history, plot, trace] =
        open_outputs([&args.csv, &args.history, &args.plot, &args.trace])?;
    // Where an output takes standard output, the lines step aside.
    let stdout_taken =
        [&csv, &history, &plot, &trace].into_iter().flatten().any(|o| matches!(o, Output::Stdout));

    let recording =
        trace.is_some().then(|| Trace::new("train", settings.named(), settings.threads));
    let progress = Progress::new(settings.epochs * settings.activations.len());
    let mut observer = (recording, progress);
    let runs = train(&settings, &mut observer);
    let (recording, progress) = observer;
    drop(progress);

    let lines: String = runs
        .iter()
        .map(|(activation, losses)| {
            format!("{}: {}\n", activation.name(), repr(losses[losses.len() - 1]))
        })
        .collect();
    if stdout_taken {
        let _ = std::io::stderr().write_all(lines.as_bytes());
    } else {
        print(lines.as_bytes())?;
    }
    if let Some(output) = csv {
        output.write(&export::losses_csv(&runs)?)?;
    }
    if let Some(output) = history {
        output.write(&export::history_csv(&runs)?)?;
    }
    if let Some(output) = plot {
        output.write(plot::loss_curves(&runs)?.as_bytes())?;
    }
    if let (Some(output), Some(recording)) = (trace, recording) {
        output.write(&recording.to_bytes()?)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Finds out before the run whether every output can be written.
fn open_outputs<const N: usize>(paths: [&Option<PathBuf>; N]) -> Result<[Option<Output>; N]> {
    for (i, path) in paths.iter().enumerate() {
        let repeated = path.is_some() && paths[..i].contains(path);
        ensure!(
            !repeated,
            "two outputs go to {}: name different files",
            path.as_ref().unwrap().display()
        );
    }
    let mut outputs = [const { None }; N];
    for (output, path) in outputs.iter_mut().zip(paths) {
        *output = path.as_deref().map(Output::open).transpose()?;
    }
    Ok(outputs)
}

fn run_check(args: &CheckArgs) -> Result<(String, Verdict)> {
    let settings = args.settings.settings()?;
    let tolerance = args.tolerance.tolerance();
    let python = args.python.find();
    match &args.script {
        Some(script) => check::against_script(&settings, tolerance, &python, script),
        None => check::against_twin(&settings, tolerance, &python),
    }
}

fn run_compare(args: &CompareArgs) -> Result<(String, Verdict)> {
    let [a, b] = tabular::read_either([&args.a, &args.b])?;
    let report = parity::compare(["A", "B"], &a, &b, args.tolerance.tolerance());
    Ok((report.to_string(), report.verdict()))
}
