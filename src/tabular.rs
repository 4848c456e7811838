//! A CSV as a trace: each number in it becomes a tensor of one value.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use safetensors::Dtype;

use crate::trace::{Array, Trace};

/// Reads two traces or two CSVs; a CSV is known by its ending.
pub fn read_either(paths: [&Path; 2]) -> Result<[Trace; 2]> {
    let is_csv =
        paths.map(|path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv")));
    ensure!(
        is_csv[0] == is_csv[1],
        "{} and {}: name two .csv files or two .safetensors files",
        paths[0].display(),
        paths[1].display()
    );
    if !is_csv[0] {
        return Ok([Trace::read(paths[0])?, Trace::read(paths[1])?]);
    }
    let cells = [read_cells(paths[0])?, read_cells(paths[1])?];
    // Losses are float32: ULPs are counted in it where every number fits.
    let fits = |(_, x): &(String, f64)| x.is_nan() || f64::from(*x as f32) == *x;
    let dtype = if cells.iter().flatten().all(fits) { Dtype::F32 } else { Dtype::F64 };
    Ok(cells.map(|cells| trace(cells, dtype)))
}

/// The numbers, each under its line, the words in that line, and its column.
fn read_cells(path: &Path) -> Result<Vec<(String, f64)>> {
    let what = || format!("{} is not a readable CSV", path.display());
    let mut reader =
        csv::Reader::from_path(path).with_context(|| format!("cannot read {}", path.display()))?;
    let header = reader.headers().with_context(what)?.clone();
    for (i, column) in header.iter().enumerate() {
        let repeated = header.iter().take(i).any(|other| other == column);
        ensure!(!repeated, "{} has two columns {column}: name each once", path.display());
    }
    let mut cells = Vec::new();
    for (row, record) in reader.records().enumerate() {
        let record = record.with_context(what)?;
        let words: Vec<_> = record.iter().filter(|cell| cell.parse::<f64>().is_err()).collect();
        let line = format!("line {:06} {}", row + 2, words.join(" "));
        for (column, cell) in header.iter().zip(&record) {
            if let Ok(number) = cell.parse() {
                cells.push((format!("{}, {column}", line.trim_end()), number));
            }
        }
    }
    ensure!(!cells.is_empty(), "{} holds no numbers", path.display());
    Ok(cells)
}

fn trace(cells: Vec<(String, f64)>, dtype: Dtype) -> Trace {
    let array = |x: f64| {
        let bytes = match dtype {
            Dtype::F32 => (x as f32).to_ne_bytes().to_vec(),
            _ => x.to_ne_bytes().to_vec(),
        };
        Array { dtype, shape: vec![], bytes }
    };
    let tensors = cells.into_iter().map(|(key, x)| (key, array(x))).collect();
    Trace { tensors, ..Trace::default() }
}
