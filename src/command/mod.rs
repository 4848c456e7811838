//! The command line: what there is to do, one file a command, with its flags;
//! the doc comments are the help.

// Backticks would show up in the help.
#![allow(clippy::doc_markdown)]

mod bench;
mod check;
mod experiment;
mod lesson;
mod man;
mod pitfalls;
mod sweep;

use std::process::ExitCode;
use std::sync::LazyLock;

use anyhow::Result;
use clap::{ArgMatches, Command, FromArgMatches, Subcommand};
use parity::command::{compare, differ, flag, new, record, shell, show, why};
use tanh_parity::threads::one_calls_first;
use torch_parity::{LIBTORCH, TCH_VERSION, TORCH_VERSION};

use self::experiment::{is_lesson, rooms};

const EXIT_STATUS: &str = "\
Exit status: 0 fine, 1 the runs differ, 2 trouble (bad usage, no Python, an
unreadable file), as with cmp and diff.";

/// What `--version` says; `-V` says the first line.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let own = env!("CARGO_PKG_VERSION");
    format!("{own}\ntch {TCH_VERSION}\nlibtorch {TORCH_VERSION} in {LIBTORCH}")
});

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
  tanh-parity check --script train.py --port './my-port --lr 0.1' -- --lr 0.1
  tanh-parity check all

Exit status: 0 the runs agree, 1 they differ, 2 trouble.")]
    Check(Box<check::CheckArgs>),
    /// Run a PyTorch script, unchanged, and record everything that it trains
    ///
    /// Initial parameters, batches, outputs, losses, gradients, optimizer state and
    /// parameters of every step, under PyTorch's names. The script runs as Python
    /// would run it; its exit status is that of this command.
    #[command(after_help = "\
Examples:
  tanh-parity record train.py
  tanh-parity record --trace run.safetensors --steps 0..10 train.py --epochs 3
  tanh-parity record -m package.train --epochs 3

The exit status is the script's own; it is 2 where there is nothing to record.
`make record.pyz` packs the recorder into a file that does the same alone,
wherever PyTorch 2 is.")]
    Record(record::RecordArgs),
    /// Make a crate for a port of a PyTorch script; its check is red at first
    #[command(after_help = "\
Examples:
  tanh-parity new my-port
  tanh-parity new my-port --script train.py

The crate compiles and runs, linked to the libtorch of this program. Its
`make check` compares it with the script, and is green once src/main.rs does
what the script does.")]
    New(new::NewArgs),
    /// Run two programs on libtorch, unchanged, and name the first operation where
    /// they part, with its line on both sides
    #[command(after_help = why::EXAMPLES)]
    Why(why::WhyArgs),
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
    /// Print what is in a record: what ran, its tensors, settings, and values by key
    #[command(after_help = "\
Examples:
  tanh-parity show run.safetensors
  tanh-parity show run.safetensors tanh/000001/grad/fc1.weight
  tanh-parity show run.safetensors 'loss$'")]
    Show(show::ShowArgs),
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

The CSV has a row for each mistake: name; found, whether anything differs;
must_show, whether it must at these settings; series, step, phase, tensor and
ulps of the first divergence (empty if there is none); final_loss_difference,
the largest; noticed_to_4_decimals, noticed_by_assert_close,
noticed_by_final_bits and noticed_by_epoch_bits, which checks of the losses
notice it; and steps_wrong_by_themselves of steps, if each begins from the right
values.

Exit status: 0 every mistake that makes a difference at the settings is found,
1 one of them is not, 2 trouble.")]
    Pitfalls(pitfalls::PitfallsArgs),
    /// Train many seeds and say whether the lesson's claim holds
    #[command(after_help = "\
Examples:
  tanh-parity sweep --seeds 0..1000 --csv sweep.csv --plot spread.svg
  tanh-parity sweep --seeds 0..1000 --csv part2.csv --shard 2/4
  tanh-parity sweep --summary sweep.csv --curves curves.svg

The CSV has a row for each seed and activation: seed, activation, final_loss;
below_0.6 and so on, the first epoch with a loss below that (empty if there is
none); and loss_1, loss_2, loss_3, loss_5, loss_7, loss_10, loss_15 and so on,
the loss at these epochs. It grows by whole seeds. If the sweep is interrupted,
the same command goes on where it stopped; with --seeds 0..1200 it goes on to
1200. The settings are kept beside the CSV, in sweep.csv.json.")]
    Sweep(sweep::SweepArgs),
    /// Join the CSVs of all shards of a sweep
    #[command(after_help = "\
Example:
  tanh-parity merge sweep.csv part1.csv part2.csv part3.csv part4.csv

OUT has the same bytes as the CSV of a sweep that was run in one piece.")]
    Merge(sweep::MergeArgs),
    /// Measure time and memory in Rust and in Python, in turn
    #[command(after_help = "\
Examples:
  tanh-parity bench
  tanh-parity bench --rounds 15 --csv bench.csv --plot bench.svg

The CSV has rows for each of the report's tables: table; measure, with its unit
(step_us, fit_ms, wall_s, sweep_s, memory_mib); activation (empty: all three);
samples, hidden, layers, epochs, threads and jobs of the run; of, which is
python, plain (the lesson's loop), rust (what runs) or ratio (rust / python);
and median, low and high of the rounds.

This takes one to two minutes. On a busy machine trust the ratios, not the
times, and take more rounds.")]
    Bench(bench::BenchArgs),
    /// Print what a shell needs to complete commands and flags
    #[command(after_help = "\
Examples:
  tanh-parity completions bash > ~/.local/share/bash-completion/completions/tanh-parity
  tanh-parity completions zsh > ~/.zfunc/_tanh-parity
  tanh-parity completions fish > ~/.config/fish/completions/tanh-parity.fish")]
    Completions(shell::CompletionsArgs),
    /// Print the man page, or write one for each command to a folder
    #[command(after_help = "\
Examples:
  tanh-parity man > tanh-parity.1
  tanh-parity man ~/.local/share/man/man1")]
    Man(man::ManArgs),
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
        .long_version(VERSION.as_str())
        .about("A PyTorch lesson on activation functions, in Rust, compared with Python bit for bit")
        .long_about(
            "A PyTorch lesson on activation functions, in Rust, compared with Python bit for bit\n\n\
             Trains the lesson's network with sigmoid, tanh and relu over libtorch, and checks \
             the whole run against the same run in Python.",
        )
        .max_term_width(80)
        .args(flag::of_all())
        .after_help(EXIT_STATUS)
}

/// Runs what was typed.
pub fn run(matches: &ArgMatches) -> Result<ExitCode> {
    flag::heed(matches);
    one_calls_first();
    let (name, flags) = matches.subcommand().expect("clap asks for a command");
    let fine = |()| ExitCode::SUCCESS;
    if let Some(room) = rooms().into_iter().find(|room| room.name() == name) {
        return room.run(flags).map(fine);
    }
    match Other::from_arg_matches(matches)? {
        Other::Lesson(args) => lesson::run(&args).map(fine),
        Other::Check(args) => check::run(&args, flags).map(differ),
        Other::Record(args) => record::run(&args),
        Other::Show(args) => show::run(&args).map(fine),
        Other::Why(args) => args.run(),
        Other::New(args) => new::run(&args).map(fine),
        Other::Compare(args) => {
            let step_word = |run: &str| if is_lesson(run) { "epoch" } else { "step" };
            compare::run(&args, step_word).map(differ)
        }
        Other::Pitfalls(args) => {
            pitfalls::run(&args).map(|all_found| ExitCode::from(u8::from(!all_found)))
        }
        Other::Sweep(args) => sweep::run(&args).map(fine),
        Other::Merge(args) => sweep::merge(&args).map(fine),
        Other::Bench(args) => bench::run(&args).map(fine),
        Other::Completions(args) => shell::completions(&args, &mut command()).map(fine),
        Other::Man(args) => man::man(&args).map(fine),
    }
}

#[cfg(test)]
mod tests {
    use clap::{Arg, Command};

    #[test]
    fn a_number_below_the_range_is_said_to_be_and_no_flag() {
        fn walk(command: &Command) -> usize {
            let is_number = |arg: &&Arg| {
                let named = arg.get_value_names().unwrap_or_default().iter().any(|it| it == "N");
                let default = arg
                    .get_default_values()
                    .iter()
                    .any(|it| it.to_str().is_some_and(|it| it.parse::<f64>().is_ok()));
                arg.get_action().takes_values() && (named || default)
            };
            let numbers: Vec<_> = command.get_arguments().filter(is_number).collect();
            for arg in &numbers {
                assert!(
                    arg.is_allow_negative_numbers_set(),
                    "{} {}",
                    command.get_name(),
                    arg.get_id()
                );
            }
            // `record` hands its words on, to what reads them.
            let below = command.get_subcommands().filter(|it| it.get_name() != "record");
            numbers.len() + below.map(walk).sum::<usize>()
        }
        assert!(walk(&super::command()) > 50);
    }

    #[test]
    fn the_flags_are_consistent() {
        super::command().debug_assert();
    }

    /// Longer ones would be cut, with a word alone on the next line.
    #[test]
    fn what_follows_the_flags_fits_the_width_of_help() {
        let command = super::command();
        let texts = command.get_subcommands().filter_map(Command::get_after_help);
        let texts: Vec<_> = texts.map(ToString::to_string).collect();
        let lines = texts.iter().flat_map(|text| text.lines());
        let long: Vec<_> = lines.filter(|line| line.len() > 80).collect();
        assert!(texts.len() > 5 && long.iter().all(|line| line.starts_with("  ")), "{long:?}");
    }

    /// Every flag of every command, with the words that lead to it.
    fn flags(command: &Command, words: &[&str]) -> Vec<(Vec<String>, Arg)> {
        let own = command.get_arguments().filter(|arg| arg.get_long().is_some());
        let own = own.map(|arg| (words.iter().map(|&word| word.to_owned()).collect(), arg.clone()));
        let below = command.get_subcommands().flat_map(|below| {
            let words: Vec<_> = words.iter().copied().chain([below.get_name()]).collect();
            flags(below, &words)
        });
        own.chain(below).collect()
    }

    fn help(arg: &Arg) -> String {
        let help = arg.get_long_help().or(arg.get_help());
        help.map(ToString::to_string).unwrap_or_default()
    }

    #[test]
    fn every_flag_stands_in_a_group_and_outputs_tell_of_standard_output() {
        let flags = flags(&super::command(), &[]);
        assert!(flags.len() > 80, "{}", flags.len());
        let mut outputs = 0;
        for (words, arg) in flags {
            let name = arg.get_long().unwrap();
            let group = arg.get_help_heading();
            assert!(group.is_some(), "--{name} of {words:?} stands in no group");
            // A sweep goes on with its file, and a script prints.
            let to_file = [("sweep", "csv"), ("record", "trace")];
            let is_file = group == Some(super::flag::OUTPUT)
                && arg.get_value_names().is_some_and(|names| names == ["FILE"])
                && !to_file.iter().any(|(word, flag)| words == [*word] && name == *flag);
            if is_file {
                outputs += 1;
                let help = help(&arg);
                let says = help.contains("- for standard output") || help.contains("(or -)");
                assert!(says, "--{name} of {words:?}: {help}");
            }
        }
        assert!(outputs > 20, "{outputs}");
    }

    #[test]
    fn one_commands_help_lists_the_activations_and_the_others_lead_there() {
        let mut command = super::command();
        command.build();
        let helps: Vec<_> = command
            .get_subcommands_mut()
            .map(|below| (below.get_name().to_owned(), below.render_long_help().to_string()))
            .collect();
        let with = |word| {
            let with = helps.iter().filter(move |(_, help)| help.contains(word));
            with.map(|(name, _)| name.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(with("hardsigmoid"), ["curve"]);
        assert_eq!(
            with("curve --help"),
            ["train", "signal", "recurrent", "pitfalls", "sweep", "check"]
        );
    }

    /// The range that a complaint of a flag names.
    fn range(text: &str) -> Option<&str> {
        let from = text.find("from ")?;
        let rest = text[from..].trim_end();
        let end = rest.match_indices([' ', '\n', ':']).map(|(i, _)| i).nth(3).unwrap_or(rest.len());
        let range = rest[..end].trim_end_matches([',', ';', '.']);
        range.contains(" to ").then_some(range)
    }

    #[test]
    fn the_range_that_an_error_names_stands_in_the_help_too() {
        assert_eq!(range("must be a number from 0 to 1e37\n"), Some("from 0 to 1e37"));
        let mut ranges = 0;
        for (words, arg) in flags(&super::command(), &[]) {
            let flag = format!("--{}=x", arg.get_long().unwrap());
            let typed =
                [String::from("tanh-parity")].into_iter().chain(words.clone()).chain([flag]);
            let Err(error) = super::command().try_get_matches_from(typed) else { continue };
            let error = error.to_string();
            let Some(range) = range(&error).filter(|range| !range.contains("9223372036854775807"))
            else {
                continue;
            };
            ranges += 1;
            let help = help(&arg);
            assert!(help.contains(range), "{words:?}: {help:?} does not say {range}");
        }
        assert!(ranges > 40, "{ranges}");
    }
}
