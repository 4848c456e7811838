//! Rows -> CSV, as that of `python_ref/export.py`.

use anyhow::Result;
use parity::text::repr;
use serde::{Serialize, Serializer};

/// The rows as CSV, under the names of their fields; lists of cells without.
pub fn to_csv(rows: impl IntoIterator<Item = impl Serialize>) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row)?;
    }
    Ok(writer.into_inner()?)
}

/// Numbers in a CSV read as Python writes them.
#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
pub fn as_python<S: Serializer>(x: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&repr(*x))
}

/// As [`as_python`], with an empty cell for what there is not.
#[allow(clippy::ref_option)] // serde's signature
pub fn as_python_or_empty<S: Serializer>(
    x: &Option<f64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match x {
        Some(x) => as_python(x, serializer),
        None => serializer.serialize_none(),
    }
}
