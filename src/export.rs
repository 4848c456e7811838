//! Rows -> CSV. Twin of `python_ref/export.py`.

use anyhow::Result;
use serde::{Serialize, Serializer};

use crate::pytorch::activation::Activation;
use crate::pytorch::float::repr;

/// A row of the CSV of final losses.
#[derive(Debug, Serialize)]
struct LossRow {
    activation: String,
    #[serde(serialize_with = "as_python")]
    final_loss: f64,
}

/// A row of the CSV of every epoch.
#[derive(Debug, Serialize)]
struct HistoryRow {
    activation: String,
    epoch: usize,
    #[serde(serialize_with = "as_python")]
    loss: f64,
}

/// The final losses: `activation,final_loss`.
pub fn losses_csv(runs: &[(Activation, Vec<f64>)]) -> Result<Vec<u8>> {
    to_csv(runs.iter().map(|(activation, losses)| LossRow {
        activation: activation.name(),
        final_loss: losses[losses.len() - 1],
    }))
}

/// The loss of every epoch: `activation,epoch,loss`.
pub fn history_csv(runs: &[(Activation, Vec<f64>)]) -> Result<Vec<u8>> {
    to_csv(runs.iter().flat_map(|(activation, losses)| {
        (1..).zip(losses).map(|(epoch, &loss)| HistoryRow {
            activation: activation.name(),
            epoch,
            loss,
        })
    }))
}

/// The rows as CSV, under the names of their fields.
pub fn to_csv(rows: impl Iterator<Item = impl Serialize>) -> Result<Vec<u8>> {
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
