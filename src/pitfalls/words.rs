//! What is said of mistakes on the terminal: all at once, or one in depth.

use super::{Code, Finding, Noticed, Pitfall, Shows};
use crate::parity::First;
use crate::table::{table, thousands};

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

/// Which checks notice each mistake, with what the columns mean.
fn checks(findings: &[Finding]) -> String {
    let row = |finding: &Finding| {
        let [decimals, close, bits, epochs] = noticed(finding);
        let difference = short(finding.final_difference);
        [
            finding.pitfall.name.to_owned(),
            difference,
            decimals,
            close,
            bits,
            epochs,
            wrong_in(finding),
        ]
    };
    let header = ["noticed by", "final loss", "4 dec", "close", "bits", "epochs", "wrong in"];
    format!(
        "{}\n\
         final loss  the largest difference of two final losses\n\
         4 dec       noticed by the final losses to 4 printed decimals\n\
         close       noticed by torch.testing.assert_close on the final losses\n\
         bits        noticed by the bits of the final losses\n\
         epochs      noticed by the bits of every epoch's loss\n\
         wrong in    steps with an error of their own: where each starts from the\n\
         {:12}right run's values (see check --resync)\n",
        table(header, findings.iter().map(row).collect()),
        ""
    )
}

/// The checks that notice it, as the tables have them.
pub(super) fn noticed(finding: &Finding) -> [String; 4] {
    let Noticed { decimals, assert_close, final_bits, epoch_bits } = finding.noticed;
    [decimals, assert_close, final_bits, epoch_bits]
        .map(|noticed| if noticed { "yes" } else { "no" }.to_owned())
}

/// How many mistakes pass which check.
pub(super) fn closing_line(findings: &[Finding]) -> String {
    let harmless = findings.iter().filter(|finding| !finding.is_found() && !finding.must_show);
    let missed: Vec<_> =
        findings.iter().filter(|finding| finding.is_missed()).map(|f| f.pitfall.name).collect();
    let pass = |noticed: fn(&Noticed) -> bool| {
        let counted = findings.iter().filter(|finding| finding.is_found() || finding.must_show);
        counted.filter(|finding| !noticed(&finding.noticed)).count()
    };
    let missed_names =
        if missed.is_empty() { String::new() } else { format!(": {}", missed.join(", ")) };
    format!(
        "{} mistakes, {} of them without effect at these settings. Of the others\n\
         {} pass 4 printed decimals of the final losses,\n\
         {} pass assert_close on the final losses,\n\
         {} pass equality of the final losses,\n\
         {} pass equality of every epoch's loss,\n\
         {} pass the trajectory{missed_names}",
        findings.len(),
        harmless.count(),
        pass(|noticed| noticed.decimals),
        pass(|noticed| noticed.assert_close),
        pass(|noticed| noticed.final_bits),
        pass(|noticed| noticed.epoch_bits),
        missed.len()
    )
}

/// One mistake in depth: the code, what diverges, and the run's report.
pub fn explanation(finding: &Finding) -> String {
    let Pitfall { wrong, right, found, .. } = finding.pitfall;
    let code = |title, code: &Code| {
        let [rust, pytorch] = [code.rust, code.pytorch].map(|text| text.replace('\n', "\n    "));
        format!("\n{title}, Rust\n    {rust}\n{title}, PyTorch\n    {pytorch}\n")
    };
    format!(
        "{}{}{}\n{found}\n\n{}\n{}\n{}",
        headline(finding.pitfall),
        code("wrong", wrong),
        code("right", right),
        finding.report,
        checks(std::slice::from_ref(finding)),
        if finding.is_found() { String::new() } else { where_found(finding) + "\n" }
    )
}

/// The first divergence, or why there is none.
pub(super) fn where_found(finding: &Finding) -> String {
    if let Some(first) = finding.report.first() {
        return format!("{}, {}", place(first.key), distance(first));
    }
    match finding.pitfall.shows {
        _ if finding.must_show => "not found".to_owned(),
        Shows::Always => unreachable!("it must show"),
        Shows::Where { needs, .. } => format!("no difference at these settings: it needs {needs}"),
        Shows::Rarely { example } => format!("no difference at these settings; try {example}"),
    }
}

/// `tanh/000006/state/fc1.bias.exp_avg` as "tanh, epoch 6, state fc1.bias.exp_avg".
fn place(key: &str) -> String {
    let parts: Vec<_> = key.splitn(4, '/').collect();
    match parts[..] {
        ["data", _, _, name] => format!("data {name}"),
        [series, "000000", phase, name] => format!("{series}, {phase} {name}"),
        [series, step, "loss", _] => {
            format!("{series}, epoch {}, loss", step.trim_start_matches('0'))
        }
        [series, step, phase, name] => {
            format!("{series}, epoch {}, {phase} {name}", step.trim_start_matches('0'))
        }
        _ => key.to_owned(),
    }
}

fn distance(first: First) -> String {
    match first.ulps {
        Some(1) => "1 ULP".to_owned(),
        Some(ulps) => format!("{} ULPs", thousands(ulps as usize)),
        None => "not a number".to_owned(),
    }
}

/// In how many steps it is wrong by itself.
pub(super) fn wrong_in(finding: &Finding) -> String {
    match finding.wrong_steps {
        (0, _) if finding.is_found() => "start only".to_owned(),
        (0, _) => "none".to_owned(),
        (wrong, all) if wrong == all => "every step".to_owned(),
        (wrong, all) => format!("{wrong} of {all}"),
    }
}

/// A difference in two digits.
pub(super) fn short(x: f64) -> String {
    if x == 0.0 { "0".to_owned() } else { format!("{x:.1e}").replace("NaN", "nan") }
}
