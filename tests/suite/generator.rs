//! `generator`: both sides have the same bits and bytes, the contact sheet shows
//! those bytes, and mistakes in denormalising are found.

use std::fs;
use std::path::Path;

use crate::common::{assert_same_bits, draws, mistaken_python, outcome, several, stdout};
use crate::forked::{interpreter, tanh_parity};
use fastrand::Rng;
use tempfile::TempDir;
use torch_parity::trace::Trace;

const SMALL: &str = "--samples 3 --hidden 8 --epochs 20";

#[test]
fn runs_at_the_edges_have_the_bits_of_python() {
    let edges = [
        "",
        "--samples 1 --features 1 --hidden 1 --epochs 1",
        "--samples 5 --features 3 --hidden 9 --size 33 --epochs 3 --threads 2",
        "--samples 2 --size 256 --hidden 2 --epochs 2 --threads 2",
        "--epochs 300",
        "--samples 2 --lr 0 --epochs 2",
        "--samples 2 --lr 1e20 --epochs 4 --last sigmoid,tanh",
        "--samples 2 --seed=9223372036854775807 --epochs 2",
    ];
    assert_same_bits("generator", &edges.map(str::to_owned));
}

#[test]
fn randomly_drawn_runs_have_the_bits_of_python() {
    let mut rng = draws();
    let runs: Vec<_> = (0..10).map(|_| random_flags(&mut rng)).collect();
    assert_same_bits("generator", &runs);
}

fn random_flags(rng: &mut Rng) -> String {
    let last = several(rng, ["tanh", "sigmoid", "none"], 3);
    let lr = 10_f64.powf(rng.f64() * 4.0 - 4.0);
    format!(
        "--seed={} --samples={} --features={} --hidden={} --size={} --epochs={} --lr={lr} \
         --last={last} --threads={}",
        rng.i64(..),
        rng.u32(1..40),
        rng.u32(1..20),
        rng.u32(1..60),
        rng.u32(16..50),
        rng.u32(1..12),
        rng.u32(1..=2),
    )
}

#[test]
fn fails_when_pixels_are_cut_off_instead_of_rounded() {
    let folder = TempDir::new().unwrap();
    let python = mistaken_python(interpreter(), &folder, "s/[.]round()//");
    let (code, report, stderr) =
        outcome(tanh_parity(&format!("check generator {SMALL} --python {python}")));
    assert_eq!(code, 1, "{stderr}");
    assert!(report.contains("first divergence: data, bytes"), "{report}");
    let param = report.lines().find(|line| line.starts_with("param ")).unwrap();
    let counts: Vec<_> = param.split_whitespace().collect();
    assert_eq!(counts[1], counts[2], "training is the same: {report}");
}

/// The trace of a run, and its contact sheet: width and RGB pixels.
fn run(flags: &str) -> (Trace, usize, Vec<[u8; 3]>) {
    let folder = TempDir::new().unwrap();
    let [trace, image] = ["t.safetensors", "i.png"].map(|name| folder.path().join(name));
    stdout({
        let mut command = tanh_parity(&format!("generator {flags}"));
        command.arg("--trace").arg(&trace).arg("--image").arg(&image);
        command
    });
    let (width, pixels) = read_png(&image);
    (Trace::read(&trace).unwrap(), width, pixels)
}

fn read_png(path: &Path) -> (usize, Vec<[u8; 3]>) {
    let file = std::io::BufReader::new(fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    (info.width as usize, bytes.as_chunks::<3>().0.to_vec())
}

#[test]
fn the_contact_sheet_shows_the_bytes_that_both_sides_made() {
    let (trace, width, pixels) = run(&format!("{SMALL} --last tanh,none"));
    // Pictures are four times as large, four pixels apart, and end four pixels
    // before the right edge.
    let left = width - 3 * 68;
    for (row, key) in
        ["data/000000/data/bytes", "tanh/000020/measure/bytes", "none/000020/measure/bytes"]
            .iter()
            .enumerate()
    {
        let bytes = trace.tensors[*key].bytes();
        assert_eq!(bytes.len(), 3 * 16 * 16);
        for (i, &byte) in bytes.iter().enumerate() {
            let (picture, y, x) = (i / 256, i / 16 % 16, i % 16);
            let at = (4 + row * 68 + y * 4) * width + left + picture * 68 + x * 4;
            for shown in [pixels[at], pixels[at + 3], pixels[at + 3 * width]] {
                assert_eq!(shown, [byte; 3], "{key}, picture {picture}, ({x}, {y})");
            }
        }
    }
}

#[test]
fn the_contact_sheet_marks_what_was_clipped_and_only_that() {
    let colours = |flags: &str| {
        let (trace, _, pixels) = run(flags);
        let coloured = pixels.iter().filter(|p| p[0] != p[1] || p[1] != p[2]).count();
        let last = trace.about.series.last().unwrap().clone();
        let output = trace.get(&last, 20, "measure", "output").unwrap().bytes();
        let values = output.as_chunks::<4>().0.iter().map(|&bytes| f32::from_ne_bytes(bytes));
        (coloured, values.filter(|x| x.abs() > 1.0).count())
    };
    let (coloured, outside) = colours(&format!("{SMALL} --last none"));
    assert!(outside > 0);
    assert_eq!(coloured, outside * 16);
    assert_eq!(colours(&format!("{SMALL} --last tanh")), (0, 0));
}

#[test]
fn the_images_are_discs_squares_and_diamonds_between_black_and_white() {
    let (trace, ..) = run("--samples 3 --size 256 --hidden 1 --epochs 1");
    let bytes = trace.tensors["data/000000/data/y"].bytes();
    let values: Vec<_> =
        bytes.as_chunks::<4>().0.iter().map(|&bytes| f32::from_ne_bytes(bytes)).collect();
    assert!(values.iter().all(|x| (-1.0..=1.0).contains(x)));
    // How much of the square around it a shape covers.
    let covered: Vec<_> = values.chunks(256 * 256).map(covered).collect();
    for (shape, expected) in covered.iter().zip([std::f64::consts::FRAC_PI_4, 1.0, 0.5]) {
        assert!((shape - expected).abs() < 0.05, "{covered:?}");
    }
}

fn covered(image: &[f32]) -> f64 {
    let grey = image.iter().copied().fold(-1.0, f32::max);
    let inside: Vec<_> = (0..image.len()).filter(|&i| image[i] > (grey - 1.0) / 2.0).collect();
    let extent = |place: fn(usize) -> usize| {
        let places = || inside.iter().map(|&i| place(i));
        places().max().unwrap() - places().min().unwrap() + 1
    };
    inside.len() as f64 / (extent(|i| i % 256) * extent(|i| i / 256)) as f64
}

#[test]
fn what_makes_no_sense_is_said_in_one_line() {
    for (flags, words) in [
        ("--last tanh,tanh", "--last names tanh twice: name each once"),
        ("--last relu", "possible values: tanh, sigmoid, none"),
        ("--size 15", "a whole number from 16 to 256"),
        ("--hidden 1000000", "at most 134217728 values fit a tensor"),
        ("--image no/i.png", "cannot write no/i.png: there is no such folder"),
        ("--csv a --image a", "two outputs go to a"),
    ] {
        let (code, lines, stderr) = outcome(tanh_parity(&format!("generator {flags}")));
        assert_eq!((code, lines.as_str(), stderr.lines().count()), (2, "", 1), "{stderr}");
        assert!(stderr.contains(words), "no {words:?} in {stderr}");
    }
}

#[test]
fn a_decoder_that_diverged_is_not_called_the_closest() {
    let lines = stdout(tanh_parity("generator --epochs 3 --lr 1e37 --last none"));
    assert!(lines.contains("nan"), "{lines}");
    assert!(lines.ends_with("closest to the targets: no decoder\n"), "{lines}");
}
