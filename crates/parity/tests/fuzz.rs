//! Random damage to everything that is read: no panic, no hang, and no wrong
//! verdict by an oracle written apart. What a sweep keeps is damaged by the
//! program's own tests.

mod damage;

use std::path::Path;

use parity::compare::{Options, Report, Tolerance, Verdict, compare_inputs};
use parity_record::{Array, Input, Key, Trace};
use safetensors::{Dtype, SafeTensors};

use damage::fuzz;

/// Reads both, compares them with and without a tolerance, and prints all.
fn report(name: &str, seed: &[u8], bytes: &[u8]) -> Option<Report> {
    let read = |bytes: &[u8]| Input::parse(bytes.to_vec(), Path::new(name));
    let both = match (read(seed), read(bytes)) {
        (Ok(a), Ok(b)) => [a, b],
        (_, Err(error)) => {
            let text = error.to_string();
            assert!(!text.contains(char::is_control), "{text:?}");
            return None;
        }
        (Err(error), _) => panic!("{error}"),
    };
    let tolerant = Options { equal_nan: true, ..Options::within(Some(Tolerance::default())) };
    for options in [tolerant, Options::default()] {
        let Ok(report) = compare_inputs(["A", "B"], &both, &options) else { return None };
        let text = format!("{report}{}{:?}", report.outcome(5).listing(), report.growth().len());
        assert!(!text.replace('\n', "").contains(char::is_control), "{text:?}");
        if options.tolerance.is_none() {
            return Some(report);
        }
    }
    None
}

#[test]
fn safetensors() {
    let mut trace = Trace::default();
    for (i, dtype) in
        [Dtype::F32, Dtype::F16, Dtype::C64, Dtype::I64, Dtype::F8_E5M2].into_iter().enumerate()
    {
        let bytes = vec![i as u8; 2 * dtype.bitsize() / 8];
        let key = Key::new("s", i, "loss", "x");
        trace.insert(key, Array::new(dtype, vec![2, 1], bytes).unwrap()).unwrap();
    }
    let seeds = [trace.to_bytes().unwrap()];
    let all = |bytes: &[u8]| {
        let file = SafeTensors::deserialize(bytes).ok()?;
        let mut all: Vec<_> = file
            .iter()
            .map(|(name, view)| {
                (name.to_owned(), view.dtype(), view.shape().to_vec(), view.data().to_vec())
            })
            .collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        Some(all)
    };
    fuzz("safetensors", &seeds, |seed, bytes| {
        let Some(report) = report("x.safetensors", seed, bytes) else { return };
        // Settings aside, which a damaged header may have.
        if !report.to_string().contains("the settings of the runs differ") {
            assert_eq!(report.verdict() == Verdict::Exact, all(seed) == all(bytes), "{report}");
        }
    });
}

/// Cells of a text as RFC 4180 has it, numbers by their digits; None where it is
/// not plain enough to be sure of: other separators, blanks, odd quotes.
fn cells(text: &[u8]) -> Option<Vec<Vec<String>>> {
    let text = std::str::from_utf8(text).ok()?;
    if text.contains(['"', ';', '\t', ' ', '\r', '\u{feff}']) {
        return None;
    }
    let lines = text.split('\n').filter(|line| !line.is_empty());
    Some(lines.map(|line| line.split(',').map(plain).collect()).collect())
}

/// A number as its digits and where its point is, found by shifting digits.
fn plain(cell: &str) -> String {
    if cell.parse::<f64>().is_err() {
        return cell.to_owned();
    }
    let lower = cell.to_ascii_lowercase();
    let (sign, rest) = match lower.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("+", lower.strip_prefix('+').unwrap_or(&lower)),
    };
    if rest.starts_with('i') || rest.starts_with('n') {
        return format!("{sign}{}", &rest[..3]);
    }
    let (digits, exponent) = rest.split_once('e').unwrap_or((rest, "0"));
    let Ok(mut exponent) = exponent.parse::<i64>() else { return cell.to_owned() };
    let mut digits = digits.to_owned();
    if let Some(point) = digits.find('.') {
        exponent -= (digits.len() - point - 1) as i64;
        digits.remove(point);
    }
    while digits.ends_with('0') {
        digits.pop();
        exponent += 1;
    }
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() { format!("{sign}0") } else { format!("{sign}{digits}e{exponent}") }
}

#[test]
fn csv() {
    let seeds = [
        "activation,epoch,loss\ntanh,1,0.5\ntanh,2,0.25\nrelu,1,nan\n",
        "x,y\n1,-0\n18446744073709551615,1e400\n-inf,0.10\n",
        "1,2,3\n4,5,6\n",
        "n;x\n\"a;\"\"b\n\";1\n",
        "n, x\na, 1.5\n",
        "\u{feff}n\tx\r\na\t3\r\n",
    ];
    let seeds = seeds.map(|text| text.as_bytes().to_vec());
    fuzz("csv", &seeds, |seed, bytes| {
        let Some(report) = report("x.csv", seed, bytes) else { return };
        if let (Some(a), Some(b)) = (cells(seed), cells(bytes)) {
            assert_eq!(report.verdict() == Verdict::Exact, a == b, "{a:?} {b:?}\n{report}");
        }
    });
}

/// A .npy file of these values, two by three.
fn npy(descr: &str, fortran: &str, values: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': (2, 3), }}\n");
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), values].concat()
}

#[test]
fn npy_files() {
    let bytes: Vec<u8> = (0..48).collect();
    let seeds = [
        npy("<f4", "False", &bytes[..24]),
        npy(">i8", "True", &bytes),
        npy("|u1", "True", &bytes[..6]),
        npy("<c8", "False", &bytes),
    ];
    fuzz("npy", &seeds, |seed, bytes| {
        let Some(report) = report("x.npy", seed, bytes) else { return };
        if report.verdict() == Verdict::Exact && seed.len() == bytes.len() {
            // The header may be spelled otherwise; the values may not.
            let start = 10 + usize::from(u16::from_le_bytes([seed[8], seed[9]]));
            assert_eq!(&seed[start..], &bytes[start..], "{report}");
        }
        if report.verdict() == Verdict::Diverged {
            assert_ne!(seed, bytes, "{report}");
        }
    });
}

#[test]
fn archives() {
    // A stored zip with a pickle of {"x": 1} in it, made by hand.
    let pickle = b"\x80\x02}q\0X\x01\0\0\0xK\x01s.";
    let name = b"a/data.pkl";
    let mut crc = !0_u32;
    for byte in pickle {
        crc ^= u32::from(*byte);
        (0..8).for_each(|_| crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 });
    }
    let size = (pickle.len() as u32).to_le_bytes();
    let about = [&[0; 8], &(!crc).to_le_bytes()[..], &size, &size, &[10, 0, 0, 0]].concat();
    let local = [b"PK\x03\x04\x14\0", &about[..], name, pickle].concat();
    let central = [b"PK\x01\x02\x14\0\x14\0", &about[..], &[0; 14], name].concat();
    let [at, length] = [local.len(), central.len()].map(|n| (n as u32).to_le_bytes());
    let end = [b"PK\x05\x06\0\0\0\0\x01\0\x01\0", &length[..], &at, &[0; 2]].concat();
    let seeds = [[local, central, end].concat()];
    fuzz("pt", &seeds, |seed, bytes| drop(report("x.pt", seed, bytes)));
}
