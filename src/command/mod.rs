//! The command line: what there is to do, one file a command, with its flags;
//! the doc comments are the help.

// Backticks would show up in the help.
#![allow(clippy::doc_markdown)]

mod bench;
mod check;
mod compare;
mod experiment;
mod lesson;
mod new;
mod options;
mod pitfalls;
mod python;
mod record;
mod sweep;

use std::process::ExitCode;

use anyhow::Result;
use clap::{ArgMatches, Command, FromArgMatches, Subcommand};
use torch_parity::compare::Verdict;

use self::experiment::rooms;

const EXIT_STATUS: &str = "\
Exit status: 0 fine, 1 the runs differ, 2 trouble (bad usage, no Python, an
unreadable file), as with cmp and diff.";

/// The commands that are no experiments.
#[derive(Subcommand)]
enum Other {
    /// Run every experiment with its defaults, write all CSVs and pictures, and a
    /// page that shows them
    #[command(after_help = "\
Example:
  tanh-parity lesson results")]
    Lesson(lesson::LessonArgs),
    /// Run an experiment in Rust and in Python and compare them bit for bit
    ///
    /// If you name no experiment, it checks train, with train's flags.
    #[command(after_help = "\
Examples:
  tanh-parity check
  tanh-parity check --seed 7 --activations gelu --threads 2
  tanh-parity check --script lesson.py
  tanh-parity check all

Exit status: 0 the runs agree, 1 they differ, 2 trouble.")]
    Check(check::CheckArgs),
    /// Run a PyTorch script, unchanged, and record everything that it trains
    ///
    /// Initial parameters, batches, outputs, losses, gradients, optimizer state and
    /// parameters of every step, under PyTorch's names. The script runs as Python
    /// would run it; its exit status is that of this command.
    #[command(after_help = "\
Examples:
  tanh-parity record train.py
  tanh-parity record --trace run.safetensors --steps 0..10 train.py --epochs 3

python_ref/record.py does the same alone, wherever PyTorch 2 is.")]
    Record(record::RecordArgs),
    /// Make a crate for a port of a PyTorch script; its check is red at first
    #[command(after_help = "\
Examples:
  tanh-parity new my-port
  tanh-parity new my-port --script train.py

The crate compiles and runs, linked to the libtorch of this program. Its
`make check` compares it with the script, and is green once src/main.rs does what
the script does.")]
    New(new::NewArgs),
    /// Compare two records (.safetensors and the like) or two tables (.csv)
    ///
    /// It tells the kind of a file by what is in it: .safetensors, also in shards,
    /// .npy, .npz, .pt, .csv, .tsv; - is standard input. A REGEX matches anywhere in
    /// a tensor's key, such as tanh/000007/grad/fc1.weight, or in a column's name.
    #[command(after_help = "\
Examples:
  tanh-parity compare rust.safetensors python.safetensors
  tanh-parity compare port.safetensors script.safetensors --rename '^net=MLP'
  tanh-parity compare losses.csv golden.csv --rtol 1.3e-6

Exit status: 0 they agree, 1 they differ, 2 trouble.")]
    Compare(compare::CompareArgs),
    /// Train with each classic porting mistake and show which checks notice it
    ///
    /// Most are made in the lesson's run, and all flags count. Those in batches,
    /// norms, attention and the like are made in two small runs, cnn and gpt, which
    /// take --seed and --threads.
    #[command(after_help = "\
Examples:
  tanh-parity pitfalls
  tanh-parity pitfalls fused-adam
  tanh-parity pitfalls --only tch-adam,powi --epochs 200
  tanh-parity pitfalls --against-python --csv pitfalls.csv

Exit status: 0 every mistake that makes a difference at the settings is found,
1 one of them is not, 2 trouble.")]
    Pitfalls(pitfalls::PitfallsArgs),
    /// Train many seeds and say whether the lesson's claim holds
    #[command(after_help = "\
Examples:
  tanh-parity sweep --seeds 0..1000 --csv sweep.csv --plot spread.svg
  tanh-parity sweep --seeds 0..1000 --csv part2.csv --shard 2/4
  tanh-parity sweep --summary sweep.csv --curves curves.svg

The CSV grows by whole seeds. If the sweep is interrupted, the same command goes
on where it stopped; with --seeds 0..1200 it goes on to 1200. The settings are
kept beside the CSV, in sweep.csv.json.")]
    Sweep(sweep::SweepArgs),
    /// Join the CSVs of all shards of a sweep
    #[command(after_help = "\
Example:
  tanh-parity merge sweep.csv part1.csv part2.csv part3.csv part4.csv

The bytes are those of the sweep run in one piece.")]
    Merge(sweep::MergeArgs),
    /// Measure time and memory in Rust and in Python, in turn
    #[command(after_help = "\
Examples:
  tanh-parity bench
  tanh-parity bench --rounds 15 --csv bench.csv --plot bench.svg

This takes one to two minutes. On a busy machine trust the ratios, not the times,
and take more rounds.")]
    Bench(bench::BenchArgs),
}

/// All that can be typed.
pub fn command() -> Command {
    let command =
        Command::new("tanh-parity").subcommand_required(true).arg_required_else_help(true);
    let command = rooms().iter().fold(command, |command, room| command.subcommand(room.command()));
    // A doc comment on the list of commands would be the program's own.
    Other::augment_subcommands(command)
        .mut_subcommand("check", check::with_experiments)
        .version(env!("CARGO_PKG_VERSION"))
        .about("A PyTorch lesson on activation functions, in Rust, compared with Python bit for bit")
        .long_about(
            "A PyTorch lesson on activation functions, in Rust, compared with Python bit for bit\n\n\
             Trains the lesson's network with sigmoid, tanh and relu over libtorch, and checks \
             the whole run against the same run in Python.",
        )
        .max_term_width(80)
        .after_help(EXIT_STATUS)
}

/// Runs what was typed.
pub fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let (name, flags) = matches.subcommand().expect("clap asks for a command");
    let fine = |()| ExitCode::SUCCESS;
    if let Some(room) = rooms().into_iter().find(|room| room.name() == name) {
        return room.run(flags).map(fine);
    }
    let differ = |verdict| ExitCode::from(u8::from(verdict == Verdict::Diverged));
    match Other::from_arg_matches(matches)? {
        Other::Lesson(args) => lesson::run(&args).map(fine),
        Other::Check(args) => check::run(&args, flags).map(differ),
        Other::Record(args) => record::run(&args),
        Other::New(args) => new::run(&args).map(fine),
        Other::Compare(args) => compare::run(&args).map(differ),
        Other::Pitfalls(args) => {
            pitfalls::run(&args).map(|all_found| ExitCode::from(u8::from(!all_found)))
        }
        Other::Sweep(args) => sweep::run(&args).map(fine),
        Other::Merge(args) => sweep::merge(&args).map(fine),
        Other::Bench(args) => bench::run(&args).map(fine),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_flags_are_consistent() {
        super::command().debug_assert();
    }
}
