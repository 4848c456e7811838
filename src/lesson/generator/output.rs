//! What `generator` prints and writes.

use anyhow::Result;
use tch::Tensor;
use torch_parity::nn::Activation;
use torch_parity::trace::Observer;

use super::{Finding, Findings, Generator, Last, contact_sheet, generator};
use crate::export::to_csv;
use crate::lesson::settings::{fits, unique};
use crate::lesson::{Experiment, File};
use crate::text::fixed;
use parity::plot::{self, Line, Panel, Scale, look};

impl Experiment for Generator {
    const NAME: &'static str = "generator";
    const ABOUT: &'static str =
        "Train decoders that make pictures and differ in their last activation";
    const LONG_ABOUT: &'static str = "\
Each turns fixed random codes into drawn images with pixels in [-1, 1]. \
Denormalised, pixel x is the grey (x + 1) / 2 * 255; what was outside [-1, 1] is \
clipped.";
    const AFTER_HELP: &'static str = "\
The CSV has a row for each decoder: last; loss of the last epoch; lowest and
highest, its extreme outputs after training; out_of_range, the share of pixels
outside [-1, 1]; and bytes_off, the mean distance from the target's bytes.

Examples:
  tanh-parity generator --image generator.png
  tanh-parity generator --epochs 10 --image early.png --csv -
  tanh-parity generator --last tanh --samples 24 --hidden 256 --size 32";

    type Findings = Findings;

    const FILES: &'static [File<Findings>] = &[
        File::csv("generator.csv", |findings| {
            to_csv(findings.decoders.iter().map(|decoder| &decoder.finding))
        }),
        File::plot(
            "generator.svg",
            "Left, the loss of every epoch of the decoders, which differ in their last \
                    activation; right, the values of all their pixels in ascending order beside \
                    the target's: who reaches all of [-1, 1], and who leaves it",
            |findings| Ok(draw(findings)?.into_bytes()),
        ),
        File {
            flag: "image",
            name: "generator.png",
            help: "Write the first 12 pictures as PNG (or -): the targets above each decoder's; then \
                   once more, clipped pixels orange where too bright and blue where too dark",
            shows: "The same pictures in rows: the targets, then what each decoder made of \
                    them; where pixels had to be clipped, a row that shows these, orange where \
                    too bright and blue where too dark",
            render: contact_sheet::png,
        },
    ];

    fn validate(&self) -> Result<()> {
        unique("--last", &self.last, |last| last.name())?;
        let pixels = self.size * self.size;
        fits("--samples times --features", &[self.samples, self.features])?;
        fits("--samples times --hidden", &[self.samples, self.hidden])?;
        fits("--features times --hidden", &[self.features, self.hidden])?;
        fits("--samples times --size squared", &[self.samples, pixels])?;
        fits("--hidden times --size squared", &[self.hidden, pixels])
    }

    fn threads(&self) -> i32 {
        self.threads.count
    }

    fn steps(&self) -> usize {
        self.epochs * self.last.len()
    }

    fn run(&self, observer: &mut dyn Observer) -> Result<Findings> {
        generator(self, observer)
    }

    /// A table, then what the last activation decides.
    fn summary(findings: &Findings) -> String {
        let all = || findings.decoders.iter().map(|decoder| &decoder.finding);
        let mut lines =
            vec!["last        loss   lowest  highest   clipped  off by (of 255)".to_owned()];
        lines.extend(all().map(row));
        let names = |fulfils: &dyn Fn(&Finding) -> bool| {
            let names: Vec<_> = all().filter(|f| fulfils(f)).map(|f| f.last.name()).collect();
            if names.is_empty() { "no decoder".to_owned() } else { names.join(", ") }
        };
        // One that diverged has no pictures that could be close.
        let sound = || all().filter(|finding| !finding.lowest.is_nan());
        let closest = sound().map(|finding| finding.bytes_off).fold(f64::INFINITY, f64::min);
        lines.extend([
            String::new(),
            format!("in [-1, 1] without clipping: {}", names(&|f| f.out_of_range == 0.0)),
            format!("reach the dark half, below 0: {}", names(&|f| f.lowest < 0.0)),
            format!(
                "closest to the targets: {}",
                names(&|f| !f.lowest.is_nan() && f.bytes_off == closest)
            ),
        ]);
        lines.join("\n") + "\n"
    }
}

fn row(finding: &Finding) -> String {
    format!(
        "{:8}{:>8}{:>9}{:>9}{:>10}{:>17}",
        finding.last.name(),
        fixed(finding.loss, 4),
        fixed(finding.lowest, 3),
        fixed(finding.highest, 3),
        fixed(finding.out_of_range * 100.0, 1) + "%",
        fixed(finding.bytes_off, 1)
    )
}

/// The loss of every epoch, and the pixels' values from the lowest up.
fn draw(findings: &Findings) -> Result<String> {
    // Of activations that no decoder ends with.
    let of = |activation: Activation| look(activation as usize);
    let [none, target] = [Activation::Silu, Activation::Hardtanh].map(of);
    let look = |last| match last {
        Last::Tanh => of(Activation::Tanh),
        Last::Sigmoid => of(Activation::Sigmoid),
        Last::None => none,
    };
    let line =
        |last: Last, points| Line { label: last.name(), look: look(last), dashed: false, points };
    let losses = findings.decoders.iter().map(|decoder| {
        let points = (1..).zip(&decoder.losses).map(|(epoch, &loss)| (f64::from(epoch), loss));
        line(decoder.finding.last, points.collect())
    });
    let mut values: Vec<_> = findings
        .decoders
        .iter()
        .map(|decoder| line(decoder.finding.last, sorted(&decoder.output)))
        .collect();
    values.push(Line {
        label: "target".to_owned(),
        look: target,
        dashed: true,
        points: sorted(&findings.targets),
    });
    let panels = [
        Panel {
            title: "Training loss".to_owned(),
            x: "epoch".to_owned(),
            y: "mean squared error".to_owned(),
            x_scale: Scale::Whole,
            y_scale: Scale::Log,
            lines: losses.collect(),
            ..Panel::default()
        },
        Panel {
            title: "All pixels, sorted".to_owned(),
            x: "share of pixels below the value (%)".to_owned(),
            y: "value before clipping".to_owned(),
            lines: values,
            ..Panel::default()
        },
    ];
    plot::draw("Decoders by last activation", &panels, 2, (460, 400))
}

/// The values of `x` in ascending order, each with the percentage below it.
fn sorted(x: &Tensor) -> Vec<(f64, f64)> {
    let (ascending, _) = x.reshape(-1).sort(0, false);
    let values = Vec::<f32>::try_from(ascending).expect("they are float32");
    let percent = 100.0 / values.len() as f64;
    (0..).zip(values).map(|(i, value)| (f64::from(i) * percent, f64::from(value))).collect()
}
