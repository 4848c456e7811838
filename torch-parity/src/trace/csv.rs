//! A CSV as a trace: each number in it becomes a tensor of one value.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use safetensors::Dtype;

use super::{Array, Trace};

/// Cells by their line, the words in that line, and their column. A line without
/// a number has none, but its words.
type Cells = BTreeMap<String, Option<String>>;

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
    let sides = [read_cells(paths[0])?, read_cells(paths[1])?];
    // Some whole numbers, as seeds are, no float can hold.
    let is_whole = |key: &String| {
        let cells = sides.iter().filter_map(|cells| cells.get(key)?.as_ref());
        cells.clone().count() > 0 && cells.clone().all(|text| text.parse::<i64>().is_ok())
    };
    // Losses are float32: ULPs are counted in it where every number fits.
    let fits =
        |text: &String| text.parse().is_ok_and(|x: f64| x.is_nan() || f64::from(x as f32) == x);
    let mut floats = sides.iter().flatten().filter(|(key, _)| !is_whole(key));
    let all_fit = floats.all(|(_, text)| text.as_ref().is_none_or(fits));
    let float = if all_fit { Dtype::F32 } else { Dtype::F64 };
    Ok(sides.each_ref().map(|cells| Trace {
        tensors: cells
            .iter()
            .map(|(key, text)| {
                let dtype = if is_whole(key) { Dtype::I64 } else { float };
                (key.as_str().into(), array(text.as_deref(), dtype))
            })
            .collect(),
        ..Trace::default()
    }))
}

/// What a CSV holds.
fn read_cells(path: &Path) -> Result<Cells> {
    let what = || format!("{} is not a readable CSV", path.display());
    let mut reader = ::csv::Reader::from_path(path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let header = reader.headers().with_context(what)?.clone();
    for (i, column) in header.iter().enumerate() {
        let repeated = header.iter().take(i).any(|other| other == column);
        ensure!(!repeated, "{} has two columns {column}: name each once", path.display());
    }
    let is_number = |cell: &str| cell.parse::<f64>().is_ok();
    let mut cells = Cells::new();
    for (row, record) in reader.records().enumerate() {
        let record = record.with_context(what)?;
        let words: Vec<_> = record.iter().filter(|cell| !is_number(cell)).collect();
        let line = format!("line {:06} {}", row + 2, words.join(" "));
        let line = line.trim_end();
        if words.len() == record.len() {
            cells.insert(line.to_owned(), None);
        }
        for (column, cell) in header.iter().zip(&record).filter(|(_, cell)| is_number(cell)) {
            cells.insert(format!("{line}, {column}"), Some(cell.to_owned()));
        }
    }
    ensure!(cells.values().any(Option::is_some), "{} holds no numbers", path.display());
    Ok(cells)
}

/// The number that `text` is, as one value; no value where there is no text.
fn array(text: Option<&str>, dtype: Dtype) -> Array {
    let Some(text) = text else {
        return Array::new(dtype, vec![0], vec![]).expect("no value takes no byte");
    };
    let float: f64 = text.parse().expect("it was parsed before");
    let bytes = match dtype {
        Dtype::F32 => (float as f32).to_ne_bytes().to_vec(),
        Dtype::F64 => float.to_ne_bytes().to_vec(),
        _ => text.parse::<i64>().expect("it is whole").to_ne_bytes().to_vec(),
    };
    Array::new(dtype, vec![], bytes).expect("one value of that dtype")
}
