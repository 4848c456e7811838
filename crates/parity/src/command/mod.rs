//! The command line: what there is to do, one file a command, with its flags; the
//! doc comments are the help. A program that uses the library has these commands
//! too.

// Backticks would show up in the help.
#![allow(clippy::doc_markdown)]

pub mod check;
pub mod compare;
pub mod flag;
pub mod new;
pub mod options;
pub mod python;
pub mod record;
pub mod script;
pub mod shell;
pub mod show;
pub mod why;

use std::process::ExitCode;

use anyhow::Result;
use clap::{ArgMatches, Command, FromArgMatches, Subcommand};

use crate::compare::Verdict;

const EXIT_STATUS: &str = "\
Exit status: 0 fine, 1 the runs differ, 2 trouble (bad usage, no Python, an
unreadable file), as with cmp and diff.";

/// This crate's own commands.
#[derive(Subcommand)]
enum Own {
    /// Run a PyTorch script, unchanged, and record everything that it trains
    ///
    /// Initial parameters, batches, outputs, losses, gradients, optimizer state and
    /// parameters of every step, under PyTorch's names. The script runs as Python
    /// would run it; its exit status is that of this command.
    #[command(after_help = "\
Examples:
  parity record train.py
  parity record --trace run.safetensors --steps 0..10 train.py --epochs 3
  parity record -m package.train --epochs 3")]
    Record(record::RecordArgs),
    /// Run a PyTorch script and its port, and compare what they record bit for bit
    #[command(after_help = "\
Examples:
  parity check --script train.py --port ./my-port
  parity check --script train.py --port './my-port --lr 0.1' -- --lr 0.1
  parity check --script train.py --port ./my-port --html report.html

The port records itself to the file that TORCH_PARITY_TRACE names; in Rust,
torch-parity does.

Exit status: 0 the runs agree, 1 they differ, 2 trouble.")]
    Check(check::CheckArgs),
    /// Compare two records (.safetensors and the like) or two tables (.csv)
    ///
    /// It tells the kind of a file by what is in it: .safetensors, also in shards,
    /// .npy, .npz, .pt, .csv, .tsv; - is standard input. A REGEX matches anywhere in
    /// a tensor's key, such as MLP-1/000007/grad/fc1.weight, or in a column's name.
    #[command(after_help = "\
Examples:
  parity compare port.safetensors script.safetensors
  parity compare port.safetensors script.safetensors --rename '^net=MLP'
  parity compare losses.csv expected.csv --rtol 1.3e-6

Exit status: 0 they agree, 1 they differ, 2 trouble.")]
    Compare(compare::CompareArgs),
    /// Print what is in a record: what ran, its tensors, settings, and values by key
    #[command(after_help = "\
Examples:
  parity show run.safetensors
  parity show run.safetensors MLP-1/000001/grad/fc1.weight
  parity show run.safetensors 'loss$'")]
    Show(show::ShowArgs),
    /// Run two programs on libtorch, unchanged, and name the first operation where
    /// they part, with its line on both sides
    #[command(after_help = why::EXAMPLES)]
    Why(why::WhyArgs),
    /// Make a crate for a port of a PyTorch script; its check is red at first
    #[command(after_help = "\
Examples:
  parity new my-port
  parity new my-port --script train.py

The crate compiles and runs, linked to the libtorch that $LIBTORCH names, or
else to that of $VIRTUAL_ENV's or python3's PyTorch, which must be 2.13.0. Its
`make check` compares it with the script, and is green once src/main.rs does
what the script does.")]
    New(new::NewArgs),
    /// Print what a shell needs to complete commands and flags
    #[command(after_help = "\
Examples:
  parity completions bash > ~/.local/share/bash-completion/completions/parity
  parity completions zsh > ~/.zfunc/_parity
  parity completions fish > ~/.config/fish/completions/parity.fish")]
    Completions(shell::CompletionsArgs),
}

/// All that can be typed.
pub fn command() -> Command {
    let command = Command::new("parity").subcommand_required(true).arg_required_else_help(true);
    Own::augment_subcommands(command)
        .version(env!("CARGO_PKG_VERSION"))
        .about("Records a PyTorch script and its port, and names the first place where they part")
        .max_term_width(80)
        .args(flag::of_all())
        .after_help(EXIT_STATUS)
}

/// Runs what was typed.
pub fn run(matches: &ArgMatches) -> Result<ExitCode> {
    flag::heed(matches);
    let fine = |()| ExitCode::SUCCESS;
    match Own::from_arg_matches(matches)? {
        Own::Record(args) => record::run(&args),
        Own::Check(args) => check::run(&args).map(differ),
        Own::Compare(args) => compare::run(&args, |_| "step").map(differ),
        Own::Show(args) => show::run(&args).map(fine),
        Own::Why(args) => args.run(),
        Own::New(args) => new::run(&args).map(fine),
        Own::Completions(args) => shell::completions(&args, &mut command()).map(fine),
    }
}

/// The exit status that tells of a verdict.
pub fn differ(verdict: Verdict) -> ExitCode {
    ExitCode::from(u8::from(verdict == Verdict::Diverged))
}

#[cfg(test)]
mod tests {
    use crate::compare::Options;

    #[test]
    fn the_flags_are_consistent() {
        super::command().debug_assert();
    }

    #[test]
    fn the_example_of_rename_does_what_it_says() {
        let command = super::command();
        let compare = command.find_subcommand("compare").unwrap();
        let rename = compare.get_arguments().find(|arg| arg.get_id() == "rename").unwrap();
        let help = rename.get_help().unwrap().to_string();
        let (regex, new) = Options::rename(help.split('\'').nth_back(1).unwrap()).unwrap();
        assert_eq!(regex.replace("module.fc1.weight", new), "fc1.weight");
    }
}
