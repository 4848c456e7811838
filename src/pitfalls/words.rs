//! What is said of mistakes on the terminal: all at once, or one in depth.

use parity::compare::{Difference, What};
use parity::text::{table, thousands};
use torch_parity::trace::{Key, Place, SHARED};

use super::{Code, Finding, Noticed, Pitfall, Shows};
use crate::text::wrapped;

/// What each mistake is, and where it comes from.
pub fn list(pitfalls: &[&Pitfall]) -> String {
    pitfalls.iter().map(|pitfall| headline(pitfall)).collect::<Vec<_>>().concat()
}

fn headline(pitfall: &Pitfall) -> String {
    format!("{}: {}\n  from   {}\n", pitfall.name, pitfall.mistake, pitfall.origin)
}

/// Where each mistake is first found, and which checks notice it.
pub fn overview(findings: &[Finding]) -> String {
    let places: Vec<_> = findings
        .iter()
        .map(|finding| format!("{}  found  {}\n", headline(finding.pitfall), where_found(finding)))
        .collect();
    format!("{}\n{}\n{}\n", places.concat(), checks(findings), closing_line(findings))
}

/// What is said of each mistake beside its first divergence.
pub(super) const COLUMNS: [(&str, &str); 7] = [
    ("mistake", "explained by `tanh-parity pitfalls NAME`"),
    ("final loss", "the largest difference of two final losses"),
    ("4 dec", "noticed by the final losses to 4 printed decimals"),
    ("close", "noticed by torch.testing.assert_close on the final losses"),
    ("bits", "noticed by the bits of the final losses"),
    ("epochs", "noticed by the bits of every epoch's loss"),
    ("wrong in", "steps with an error of their own (each starts from right values)"),
];

/// The cells under `COLUMNS`.
pub(super) fn cells(finding: &Finding) -> [String; 7] {
    let Noticed { decimals, assert_close, final_bits, epoch_bits } = finding.noticed;
    let [decimals, close, bits, epochs] = [decimals, assert_close, final_bits, epoch_bits]
        .map(|noticed| if noticed { "yes" } else { "no" }.to_owned());
    let (name, difference) = (finding.pitfall.name.to_owned(), short(finding.final_difference));
    [name, difference, decimals, close, bits, epochs, wrong_in(finding)]
}

/// Which checks notice each mistake, with what the columns mean.
fn checks(findings: &[Finding]) -> String {
    let meanings = COLUMNS.map(|(name, meaning)| format!("{name:10}  {meaning}\n"));
    let header = COLUMNS.map(|(name, _)| name);
    format!("{}\n{}", table(&header, findings.iter().map(cells)), meanings.concat())
}

/// How many mistakes go unnoticed by which check.
pub(super) fn closing_line(findings: &[Finding]) -> String {
    let (harmless, others): (Vec<_>, Vec<_>) =
        findings.iter().partition(|finding| !finding.is_found() && !finding.must_show);
    let pass = |noticed: fn(&Noticed) -> bool| {
        others.iter().filter(|finding| !noticed(&finding.noticed)).count()
    };
    let missed: Vec<_> = others.iter().filter(|finding| finding.is_missed()).collect();
    let names: Vec<_> = missed.iter().map(|finding| finding.pitfall.name).collect();
    let colon = if missed.is_empty() { "" } else { ": " };
    format!(
        "Mistakes tried: {}; without effect at these settings: {}. Of the other {},\n\
         {} go unnoticed when the final losses are compared to 4 decimals,\n\
         {} when assert_close compares them,\n\
         {} when their bits are compared,\n\
         {} when the bits of every epoch's loss are compared,\n\
         {} when everything is compared{colon}{}",
        findings.len(),
        harmless.len(),
        others.len(),
        pass(|noticed| noticed.decimals),
        pass(|noticed| noticed.assert_close),
        pass(|noticed| noticed.final_bits),
        pass(|noticed| noticed.epoch_bits),
        missed.len(),
        names.join(", ")
    )
}

/// One mistake in depth: the code, what diverges, and the run's report.
pub fn explanation(finding: &Finding) -> String {
    let Pitfall { wrong, right, found, parts, .. } = finding.pitfall;
    let code = |title, code: &Code| {
        let [rust, pytorch] = [code.rust, code.pytorch].map(|text| text.replace('\n', "\n    "));
        format!("\n{title}, Rust\n    {rust}\n{title}, PyTorch\n    {pytorch}\n")
    };
    format!(
        "{}  in     python_ref/{}.py\n{}{}\n{}\n{}\n{}{}",
        headline(finding.pitfall),
        parts.name(),
        code("wrong", wrong),
        code("right", right),
        wrapped(found),
        finding.report,
        checks(std::slice::from_ref(finding)),
        if finding.is_found() {
            format!("\nresynced, {}", finding.resynced.outcome(0).origins())
        } else {
            format!("\n{}\n", where_found(finding))
        }
    )
}

/// The first divergence, or why there is none.
pub(super) fn where_found(finding: &Finding) -> String {
    if let Some(first) = finding.report.failing().next() {
        let step_word = finding.pitfall.parts.step_word();
        return format!("{}, {}", key_words(&first.key, step_word), distance(first));
    }
    match finding.pitfall.shows {
        _ if finding.must_show => "not found".to_owned(),
        Shows::Always => unreachable!("it must show"),
        Shows::Where { needs, .. } => format!("no difference at these settings: it needs {needs}"),
        Shows::Rarely { example } => format!("no difference at these settings; try {example}"),
    }
}

/// `tanh/000006/state/fc1.bias.exp_avg` as "tanh, epoch 6, state ...".
fn key_words(key: &Key, step_word: &str) -> String {
    match key.place() {
        None => key.to_string(),
        Some(Place { series: SHARED, name, .. }) => format!("data {name}"),
        Some(Place { series, step: 0, phase, name }) => {
            format!("{series}, at the start, {phase} {name}")
        }
        Some(Place { series, step, phase: "loss", .. }) => {
            format!("{series}, {step_word} {step}, loss")
        }
        Some(Place { series, step, phase, name }) => {
            format!("{series}, {step_word} {step}, {phase} {name}")
        }
    }
}

fn distance(first: &Difference) -> String {
    match &first.what {
        What::OnlyIn { side: "wrong", .. } => "one too many".to_owned(),
        What::OnlyIn { .. } => "missing".to_owned(),
        What::Shape { .. } => "another shape".to_owned(),
        What::Values(values) => match values.ulps {
            Some(1) => "1 ULP".to_owned(),
            Some(ulps) => format!("{} ULPs", thousands(ulps as usize)),
            None => "not a number".to_owned(),
        },
        _ => "another dtype".to_owned(),
    }
}

/// In how many steps it is wrong by itself.
fn wrong_in(finding: &Finding) -> String {
    // What cannot be read cannot be put right: it may have been handed on.
    let hidden = finding.report.phases().iter().all(|(phase, _)| phase != "state");
    match finding.resynced.steps_wrong() {
        (wrong, _) if hidden => format!("at most {wrong}"),
        (0, _) if finding.is_found() => "start only".to_owned(),
        (0, _) => "none".to_owned(),
        (wrong, all) if wrong == all => "every step".to_owned(),
        (wrong, all) => format!("{wrong} of {all}"),
    }
}

/// A difference in two digits.
fn short(x: f64) -> String {
    if x == 0.0 { "0".to_owned() } else { format!("{x:.1e}").replace("NaN", "nan") }
}

#[cfg(test)]
mod tests {
    use parity::compare::{Options, compare};
    use safetensors::Dtype;
    use torch_parity::trace::{Array, Trace};

    use super::*;

    #[test]
    fn how_far_the_first_tensor_is_off_is_said_in_a_word_or_two() {
        let one = |dtype, shape: &[usize], bytes: &[u8]| {
            let mut trace = Trace::default();
            let array = Array::new(dtype, shape.to_vec(), bytes.to_vec()).unwrap();
            trace.insert(Key::new("tanh", 1, "grad", "fc1.weight"), array).unwrap();
            trace
        };
        let number = |x: f32| one(Dtype::F32, &[], &x.to_ne_bytes());
        let right = number(1.0);
        let mut more = number(1.0);
        let key = Key::new("tanh", 1, "grad", "fc1.bias");
        more.insert(key, right.tensors["tanh/000001/grad/fc1.weight"].clone()).unwrap();
        for (wrong, right, said) in [
            (&number(f32::from_bits(1.0_f32.to_bits() + 1)), &right, "1 ULP"),
            (&number(f32::from_bits(1.0_f32.to_bits() + 2)), &right, "2 ULPs"),
            (&number(f32::NAN), &right, "not a number"),
            (&one(Dtype::F32, &[1], &1_f32.to_ne_bytes()), &right, "another shape"),
            (&one(Dtype::F64, &[], &1_f64.to_ne_bytes()), &right, "another dtype"),
            (&more, &right, "one too many"),
            (&right, &more, "missing"),
        ] {
            let report = compare(["wrong", "right"], wrong, right, &Options::default()).unwrap();
            assert_eq!(distance(report.failing().next().unwrap()), said);
        }
    }
}
