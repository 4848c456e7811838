//! The outcome as a page, with both sides beside each other.

use super::sides::sides;
use super::words::{Parts, before, capitalised, counts, extent, heading, pitfall, verdict};
use crate::report::{page, shown};
use crate::why::outcome::{Causing, Outcome, Spot};

/// One page that needs no other file.
pub fn html(outcome: &Outcome) -> String {
    let (class, sign) = match (&outcome.finding, &outcome.died_out) {
        (None, None) if outcome.unfinished().is_empty() => ("exact", "="),
        (None, _) => ("within", "≈"),
        (Some(_), _) => ("diverged", "≠"),
    };
    let title = heading(outcome);
    let head = format!(
        "<h1><span class=\"verdict {class}\"><span aria-hidden=\"true\">{sign}</span> \
         {title}</span></h1>\n{}",
        paragraph(&verdict(outcome))
    );
    let ran =
        outcome.environment.iter().map(|it| format!("they ran in different environments: {it}"));
    let notes = ran.chain(outcome.notes.iter().map(|it| format!("note: {it}")));
    let mut body: String = notes.map(|it| paragraph(&it)).collect();
    match (&outcome.finding, &outcome.died_out) {
        (None, None) => {}
        (None, Some(died)) => {
            body += &both([died.script.as_ref(), Some(&died.port)], &died.differs);
            body += &paragraph(&extent(died));
        }
        (Some(finding), died) => {
            body += &both([finding.script.as_ref(), finding.port.as_ref()], &finding.differs);
            body.extend(finding.cause.iter().map(causing));
            body += &missing(&finding.missing);
            body.extend(finding.pitfalls.iter().map(|it| paragraph(&pitfall(it))));
            body.extend(died.iter().map(|it| paragraph(&before(it))));
        }
    }
    page::page(title, &head, &(body + &paragraph(&counts(outcome))))
}

fn paragraph(text: &str) -> String {
    format!("<p>{}</p>\n", shown(text))
}

fn both(spots: [Option<&Spot>; 2], differs: &[String]) -> String {
    let table =
        page::table("operations", "The two operations that stand in the same place", sides(spots));
    let lines: Vec<_> = differs.iter().map(|it| format!("<li>{}</li>\n", shown(it))).collect();
    format!(
        "<h2>Where they part</h2>\n{table}<h2>What differs</h2>\n<ul>\n{}</ul>\n",
        lines.concat()
    )
}

fn causing(cause: &Causing) -> String {
    let title = capitalised(&cause.what);
    let table = page::table("cause", &title, sides([cause.script.as_ref(), cause.port.as_ref()]));
    format!("<h2>{}</h2>\n{table}", shown(&title))
}

fn missing(spots: &[Spot]) -> String {
    if spots.is_empty() {
        return String::new();
    }
    let row = |spot: &Spot| {
        let Parts { line, text, call, .. } = Parts::of(spot);
        [line, text, call]
    };
    let header = ["line", "code", "operation"].map(str::to_owned);
    let rows = spots.iter().map(row).collect();
    let table =
        page::table("missing", "The script does this, and the port never does", (header, rows));
    format!("<h2>What is missing</h2>\n{table}")
}
