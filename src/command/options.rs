//! Flags on what is compared, when it passes, and what is shown of it.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use tanh_parity::lesson::settings::OUTPUT;
use tanh_parity::output::Outputs;
use tanh_parity::plot::growth;
use torch_parity::compare::{Options, Report, Tolerance};

/// What is compared, and when it passes.
#[derive(Args, Debug)]
#[command(next_help_heading = "What is compared, and when it passes")]
pub struct CompareOptions {
    /// Allow a relative error, as torch.testing.assert_close does [beside --atol:
    /// 1.3e-6]; REGEX=X allows it for the tensors of these keys only
    #[arg(long, value_name = "[REGEX=]X", allow_negative_numbers = true)]
    rtol: Vec<String>,
    /// Allow an absolute error, as torch.testing.assert_close does [beside --rtol:
    /// 1e-5]
    #[arg(long, value_name = "[REGEX=]X", allow_negative_numbers = true)]
    atol: Vec<String>,
    /// Beside a tolerance, let a NaN pass if the other side has a NaN there
    #[arg(long)]
    equal_nan: bool,
    /// Rename the actual side's tensors, such as '^module\\.='
    #[arg(long, value_name = "REGEX=NEW")]
    rename: Vec<String>,
    /// Leave out the tensors of these keys
    #[arg(long, value_name = "REGEX")]
    ignore: Vec<String>,
    /// Compare only the tensors of these keys
    #[arg(long, value_name = "REGEX")]
    only: Vec<String>,
    /// Compare what both sides have, and count the rest
    #[arg(long)]
    common: bool,
    /// Transpose the actual side's matrices of these keys
    #[arg(long, value_name = "REGEX")]
    transpose: Vec<String>,
    /// Pair the rows of tables by these columns, not by their place
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',')]
    key: Vec<String>,
}

impl CompareOptions {
    /// As the library takes them; a step is called `step_word`.
    pub fn options(&self, step_word: &str) -> Result<Options> {
        let regexes = |list: &[String], flag: &str| -> Result<Vec<_>> {
            let read = |text: &String| Options::regex(text).with_context(|| flag.to_owned());
            list.iter().map(read).collect()
        };
        let (rtol, rtol_by_key) = sizes(&self.rtol, "--rtol")?;
        let (atol, atol_by_key) = sizes(&self.atol, "--atol")?;
        let default = Tolerance::default();
        // Of one given alone, the other has its default.
        let tolerance = (rtol.is_some() || atol.is_some()).then(|| Tolerance {
            rtol: rtol.unwrap_or(default.rtol),
            atol: atol.unwrap_or(default.atol),
        });
        let rename = self.rename.iter().map(|text| Options::rename(text).context("--rename"));
        Ok(Options {
            tolerance,
            equal_nan: self.equal_nan,
            rtol: rtol_by_key,
            atol: atol_by_key,
            ignore: regexes(&self.ignore, "--ignore")?,
            only: regexes(&self.only, "--only")?,
            common: self.common,
            rename: rename.collect::<Result<_>>()?,
            transpose: regexes(&self.transpose, "--transpose")?,
            key: self.key.clone(),
            step_word: step_word.to_owned(),
        })
    }
}

/// One size for all, and those for some keys.
type Sizes<R> = (Option<f64>, Vec<(R, f64)>);

fn sizes(texts: &[String], flag: &str) -> Result<Sizes<regex::Regex>> {
    let (mut all, mut some) = (None, Vec::new());
    for text in texts {
        if text.contains('=') {
            some.push(Options::per_key(text).with_context(|| flag.to_owned())?);
        } else {
            all = Some(Options::size(text).with_context(|| flag.to_owned())?);
        }
    }
    Ok((all, some))
}

/// What is shown of a comparison.
#[derive(Args, Debug)]
#[command(next_help_heading = "What is shown")]
pub struct Shown {
    /// List every tensor that differs, in the order of events
    #[arg(long)]
    all: bool,
    /// List at most so many tensors
    #[arg(long, value_name = "N", requires = "all", default_value_t = 100)]
    limit: usize,
    /// Draw the largest difference by step and phase, as SVG (- for standard output)
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    plot: Option<PathBuf>,
}

impl Shown {
    /// The plot that was asked for.
    pub fn plot(&self) -> Option<&PathBuf> {
        self.plot.as_ref()
    }

    /// Prints `text`, which ends in the report, then what was asked for; the plot
    /// is the first of the outputs.
    pub fn show(&self, report: &Report, text: &str, outputs: &mut Outputs) -> Result<()> {
        let listing = if self.all { report.listing(self.limit) } else { String::new() };
        let gap = if listing.is_empty() { "" } else { "\n" };
        let printed = outputs.print_beside(&format!("{text}{gap}{listing}"));
        outputs.write(0, || Ok(growth(report)?.into_bytes()))?;
        printed
    }
}
