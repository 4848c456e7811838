//! Flags on what is compared, when it passes, and what is shown of it.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use super::flag::{OUTPUT, at_least};
use crate::compare::{Options, Tolerance};
use crate::output::{Asked, Outputs};
use crate::plot::growth;
use crate::report::{Document, Format, html};

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
    /// With a tolerance, let a NaN pass where the other side has a NaN, too
    #[arg(long)]
    equal_nan: bool,
    /// Rename the actual side's tensors, such as '^module\.='
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
    /// Pair the rows of tables by these columns instead of by position
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',')]
    key: Vec<String>,
}

impl CompareOptions {
    /// Whether digests do not tell what is asked for.
    pub fn needs_values(&self) -> bool {
        !(self.rtol.is_empty() && self.atol.is_empty() && self.transpose.is_empty())
    }

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
pub struct ShownArgs {
    /// List every tensor that differs, in the order of events
    #[arg(long)]
    all: bool,
    /// List at most this many tensors
    #[arg(long, value_name = "N", requires = "all", default_value_t = 100, value_parser = at_least::<usize>(0), allow_negative_numbers = true)]
    limit: usize,
    /// Draw the largest difference by step and phase (of CSVs by row and column), as SVG (- for standard output)
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    plot: Option<PathBuf>,
    #[command(flatten)]
    form: FormArgs,
}

impl ShownArgs {
    /// What can be asked for.
    pub fn outputs(&self) -> Vec<Asked<'_>> {
        [("plot", self.plot.as_ref(), "svg")].into_iter().chain(self.form.outputs()).collect()
    }

    /// Whether something is drawn, for which all values are wanted.
    pub fn draws(&self) -> bool {
        self.plot.is_some() || self.form.html.is_some()
    }

    /// How many of the differences are listed at most.
    pub fn listed(&self) -> usize {
        if self.all { self.limit } else { 0 }
    }

    /// Prints the report of one comparison, then writes what was asked for.
    pub fn show(&self, document: &Document, outputs: &mut Outputs) -> Result<()> {
        let shown = self.form.show(document, outputs);
        let outcome = &document.comparisons[0].outcome;
        outputs.write("plot", || Ok(growth(outcome)?.into_bytes()))?;
        shown
    }
}

/// In which form a report is shown.
#[derive(Args, Debug)]
#[command(next_help_heading = "What is shown")]
pub struct FormArgs {
    /// Print the report as text, as json for programs, as markdown for a page of
    /// GitHub, or as junit for the tests of a CI system
    #[arg(long, help_heading = OUTPUT, value_enum, value_name = "FORMAT", default_value_t = Format::Text, hide_possible_values = true)]
    format: Format,
    /// Write the report as a page for a browser (or -)
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    html: Option<PathBuf>,
    /// Write it as JSON too (or -)
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    json: Option<PathBuf>,
    /// Write it as Markdown too (or -)
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    markdown: Option<PathBuf>,
    /// Write it as JUnit's XML too (or -)
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    junit: Option<PathBuf>,
}

impl FormArgs {
    /// The files that can be asked for.
    pub fn outputs(&self) -> [Asked<'_>; 4] {
        [
            ("html", self.html.as_ref(), "html"),
            ("json", self.json.as_ref(), "json"),
            ("markdown", self.markdown.as_ref(), "md"),
            ("junit", self.junit.as_ref(), "xml"),
        ]
    }

    /// Prints the report, and writes the files.
    pub fn show(&self, document: &Document, outputs: &mut Outputs) -> Result<()> {
        let printed = outputs.print_beside(&document.print(self.format)?);
        outputs.write("html", || Ok(html(document)?.into_bytes()))?;
        for (name, format) in
            [("json", Format::Json), ("markdown", Format::Markdown), ("junit", Format::Junit)]
        {
            outputs.write(name, || Ok(document.print(format)?.into_bytes()))?;
        }
        printed
    }
}

/// How the results of a command are printed that makes no report.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Plain {
    /// Tables for a terminal.
    Text,
    /// For programs.
    Json,
}
