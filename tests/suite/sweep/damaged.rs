//! Random damage to what a sweep keeps: it is read as it was written, or refused.

use std::collections::BTreeMap;
use std::fs;

use tanh_parity::sweep::columns::Columns;
use tanh_parity::sweep::plan::Plan;
use tanh_parity::sweep::reader::Reader;
use tanh_parity::sweep::row::header;
use tanh_parity::sweep::summary::Said;

use super::Folder;
use crate::damage::fuzz;

/// A sweep that was stopped: of five seeds three are done, and a part of the next.
fn stopped() -> (Folder, String, String) {
    let folder = Folder::new();
    let sizes = "--samples 4 --features 2 --hidden 2 --epochs 12 --activations tanh,relu";
    folder.run(&format!("sweep --seeds 0..5 {sizes} --csv s.csv"));
    let csv = folder.read("s.csv");
    let three: Vec<_> = csv.split_inclusive('\n').take(7).collect();
    let csv = three.concat() + "3,tanh,0.6";
    fs::write(folder.path("s.csv"), &csv).unwrap();
    let plan = folder.read("s.csv.json");
    (folder, csv, plan)
}

/// Reads it, as going on or a summary does; none where it is refused.
fn read(folder: &Folder) -> Option<(Plan, String)> {
    let path = folder.path("s.csv");
    let rows = || {
        let mut reader = Reader::open(&path)?;
        let mut columns = Columns::new(&reader.plan, Some(&path));
        let mut text = header(reader.plan.epochs).join(",") + "\n";
        for rows in &mut reader {
            let rows = rows?;
            for row in &rows {
                text += &(row.cells().join(",") + "\n");
            }
            columns.push(&rows)?;
        }
        assert_eq!(reader.whole(), text.len() as u64);
        assert!(!Said::new(&reader.plan, &columns)?.text().is_empty());
        anyhow::Ok((reader.plan, text))
    };
    rows().ok()
}

#[test]
fn a_damaged_csv_is_read_as_it_stands_or_refused() {
    let (folder, csv, _) = stopped();
    fuzz("sweep.csv", &[csv.into_bytes()], |_, bytes| {
        fs::write(folder.path("s.csv"), bytes).unwrap();
        if let Some((_, text)) = read(&folder) {
            assert!(bytes.starts_with(text.as_bytes()), "{:?}", String::from_utf8_lossy(bytes));
        }
    });
}

#[test]
fn a_damaged_plan_is_taken_at_its_word_or_refused() {
    let (folder, _, plan) = stopped();
    fuzz("sweep.csv.json", &[plan.into_bytes()], |_, bytes| {
        fs::write(folder.path("s.csv.json"), bytes).unwrap();
        let Some((plan, _)) = read(&folder) else { return };
        let said: BTreeMap<String, String> = serde_json::from_slice(bytes).unwrap();
        assert!(said.iter().all(|(name, text)| plan.settings().get(name) == Some(text)));
        assert!(plan.epochs > 10 && plan.own_count() >= 3, "{plan:?}");
    });
}
