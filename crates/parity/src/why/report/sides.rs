//! The two operations beside each other, as a table's rows.

use super::words::Parts;
use crate::why::outcome::Spot;

/// What the rows are about, and a column for each side; the rows that say something.
pub fn sides([script, port]: [Option<&Spot>; 2]) -> ([String; 3], Vec<[String; 3]>) {
    let header = ["", "script", "port"].map(str::to_owned);
    let [script, port] = [script, port].map(|spot| spot.map(cells).unwrap_or_default());
    let names = ["line", "code", "library", "backward pass", "operation", "first values"];
    let rows = names.into_iter().zip(script.into_iter().zip(port));
    let rows = rows.map(|(name, (script, port))| [name.to_owned(), script, port]);
    (header, rows.filter(|[_, script, port]| !(script.is_empty() && port.is_empty())).collect())
}

fn cells(spot: &Spot) -> [String; 6] {
    let Parts { line, text, library, backward, call, gives } = Parts::of(spot);
    [line, text, library, backward, call, gives.join("; ")]
}
