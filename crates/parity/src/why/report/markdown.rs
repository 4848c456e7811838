//! The outcome as Markdown, for a page of GitHub or GitLab: headings, tables, code.

use super::sides::sides;
use super::words::{Parts, before, capitalised, counts, extent, heading, pitfall, verdict};
use crate::report::plain;
use crate::why::outcome::{Outcome, Spot};

/// The verdict as a heading, both sides in a table, what differs in a list.
pub fn markdown(outcome: &Outcome) -> String {
    let mut parts = vec![format!("### {}", heading(outcome)), plain(&verdict(outcome))];
    let ran =
        outcome.environment.iter().map(|it| format!("they ran in different environments: {it}"));
    let notes = ran.chain(outcome.notes.iter().map(|it| format!("note: {it}")));
    parts.extend(list(notes));
    match (&outcome.finding, &outcome.died_out) {
        (None, None) => {}
        (None, Some(died)) => {
            parts.push(table([died.script.as_ref(), Some(&died.port)]));
            parts.push("#### What differs".to_owned());
            parts.extend(list(died.differs.iter().cloned()));
            parts.push(plain(&extent(died)));
        }
        (Some(finding), died) => {
            parts.push(table([finding.script.as_ref(), finding.port.as_ref()]));
            parts.push("#### What differs".to_owned());
            parts.extend(list(finding.differs.iter().cloned()));
            if let Some(it) = &finding.cause {
                parts.push(format!("#### {}", capitalised(&it.what)));
                parts.push(table([it.script.as_ref(), it.port.as_ref()]));
            }
            if !finding.missing.is_empty() {
                parts.push("#### The script does this, too, and the port never does".to_owned());
                parts.extend(finding.missing.iter().map(missing));
            }
            parts.extend(finding.pitfalls.iter().map(|it| plain(&pitfall(it))));
            parts.extend(died.iter().map(|died| plain(&before(died))));
        }
    }
    parts.push(plain(&counts(outcome)));
    parts.join("\n\n") + "\n"
}

fn list(lines: impl Iterator<Item = String>) -> Option<String> {
    let lines: Vec<_> = lines.map(|it| format!("- {}", plain(&it))).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn table(spots: [Option<&Spot>; 2]) -> String {
    let (header, rows) = sides(spots);
    let line = |[name, cells @ ..]: [String; 3], how: fn(&str) -> String| {
        let [script, port] = cells.map(|it| if it.is_empty() { it } else { how(&it) });
        format!("| {name} | {script} | {port} |")
    };
    let rows = rows.into_iter().map(|row| {
        let is_code = row[0] != "line" && row[0] != "library";
        line(row, if is_code { code } else { plain })
    });
    let rule = "| --- | --- | --- |".to_owned();
    [line(header, plain), rule].into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}

/// A line of a program within a table, whatever signs it has.
fn code(text: &str) -> String {
    format!("<code>{}</code>", plain(text))
}

fn missing(spot: &Spot) -> String {
    let Parts { line, text, call, .. } = Parts::of(spot);
    let text = if text.is_empty() { text } else { format!(" {}", code(&text)) };
    format!("- {}:{text} {}", plain(&line), code(&call))
}
