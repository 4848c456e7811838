//! CSVs: everything that is read is compared, and spelling is not.

use std::path::Path;

use fastrand::Rng;
use parity::compare::{Report, Verdict, What, compare_inputs};
use parity_record::Input;

use super::live::draws;
use super::*;

/// Reads a text as the file `name`.
fn read(name: &str, text: &str) -> parity_record::Result<Input> {
    Input::parse(text.as_bytes().to_vec(), Path::new(name))
}

fn held_csvs(a: &str, b: &str, options: &Options) -> Report {
    let both = [a, b].map(|text| read("x.csv", text).unwrap());
    let report = compare_inputs(["A", "B"], &both, options).unwrap();
    let text = format!("{report}{}", report.outcome(usize::MAX).listing());
    assert!(text.lines().all(|line| line.chars().count() <= 80), "too wide:\n{text}");
    report
}

fn plain(a: &str, b: &str) -> Report {
    held_csvs(a, b, &Options::default())
}

#[track_caller]
fn assert_exact(a: &str, b: &str) {
    let report = plain(a, b);
    assert_eq!(report.verdict(), Verdict::Exact, "{a:?} {b:?}\n{report}");
}

#[track_caller]
fn assert_differ(a: &str, b: &str) -> Report {
    let report = plain(a, b);
    assert_eq!(report.verdict(), Verdict::Diverged, "{a:?} {b:?}\n{report}");
    report
}

#[test]
fn each_cell_counts_once_whether_it_is_a_number_or_a_word() {
    let report = assert_differ("n,x,y\na,1,2\nb,3,4\n", "n,x,y\nz,1,2.5\nb,3,4\n");
    let total = report.total();
    assert_eq!(total.values - total.values_equal, 2, "{report}");
    let counts = report.differences().iter().filter_map(|difference| match &difference.what {
        What::Values(values) => Some((values.count, values.differing, values.failing)),
        _ => None,
    });
    assert!(counts.eq([(1, 1, 1)]));
    let report = held_csvs("x\n1.25\n", "x\n1.0\n", &within(0.0, 0.5));
    let What::Values(values) = &report.differences()[0].what else { panic!("{report}") };
    assert_eq!((values.differing, values.failing), (1, 0));
}

/// Which float64 would not tell apart.
#[test]
fn large_whole_numbers_are_held_to_a_tolerance_as_they_are() {
    for (a, b) in [
        ("9007199254740993", "9007199254740992"),
        ("-9007199254740993", "-9007199254740992"),
        ("18446744073709551615", "18446744073709551614"),
    ] {
        let [a, b] = [a, b].map(|x| format!("x\n{x}\n"));
        assert_eq!(held_csvs(&a, &b, &within(0.0, 0.5)).verdict(), Verdict::Diverged);
        assert_eq!(held_csvs(&a, &b, &within(0.0, 1.0)).verdict(), Verdict::WithinTolerance);
    }
}

#[test]
fn spelling_is_no_difference() {
    assert_exact("n,x\na,0.5\n", "n,x\na,0.50\n");
    for x in ["+0.5", "5e-1", ".5", "\"0.5\"", " 0.5", "0.5 ", "00.5"] {
        assert_exact("n,x\na,0.5\n", &format!("n,x\na,{x}\n"));
    }
    for text in [
        "n,x\r\na,0.5\r\n",
        "n,x\na,0.5",
        "\u{feff}n,x\na,0.5\n",
        "\n\nn,x\n\na,0.5\n\n",
        "n;x\na;0.5\n",
        "n\tx\na\t0.5\n",
        "n, x\na, 0.5\n",
        "\"n\",\"x\"\n\"a\",0.5\n",
        "n,x\ra,0.5\r",
    ] {
        assert_exact("n,x\na,0.5\n", text);
    }
    // What is in quotes, or not on each line, separates nothing.
    assert_exact("n,x\na,0.5\n", "\"n\";\"x\"\n\"a\";0.5\n");
    assert_exact("n;m\tx\na;b\t1\n", "\"n;m\",x\n\"a;b\",1\n");
    assert_exact("\"n;m\",x\na,1\n", "n;m,x\na,1\n");
    assert_exact("n,x\n\"a\"\"b\",1\n", "n,x\na\"b,1\n");
    assert_exact("x\nnan\ninf\n", "x\nNaN\n+Infinity\n");
}

/// The pairs that were called exact once, and relatives.
#[test]
fn whatever_else_differs_is_found() {
    for [a, b] in [
        ["n,m,x\na,b,1\n", "m,n,x\na,b,1\n"],
        ["n,x\na,1\n", "other,x\na,1\n"],
        ["n,m,x\nx y,z,1\n", "n,m,x\nx,y z,1\n"],
        ["n,x\na,1\n", "n,x,\na,1,\n"],
        ["n,x,y\na,1,\n", "n,x,y\na,1,0\n"],
        ["n,x\nfoo ,1\n", "n,x\nfoo,1\n"],
        ["n,x\n foo,1\n", "n,x\nfoo,1\n"],
        ["n,m,x\na, foo,1\n", "n,m,x\na,foo,1\n"],
        ["n, m\n1,  foo\n", "n, m\n1, foo\n"],
        ["\"a,b\",c\n1,2\n", "a,\"b,c\"\n1,2\n"],
        ["x\n18446744073709551615\n", "x\n18446744073709551614\n"],
        ["x\n18446744073709551617\n", "x\n18446744073709551618\n"],
        ["x\n9007199254740993\n", "x\n9007199254740992.0\n"],
        ["x\n0.1\n", "x\n0.1000000000000000055\n"],
        ["x\n1e400\n", "x\ninf\n"],
        ["x\n1e400\n", "x\n1e500\n"],
        ["x\n1e-400\n", "x\n0.0\n"],
        ["x\n-0\n", "x\n0\n"],
        ["x\n-0.0\n", "x\n0.0\n"],
        ["x\nnan\n", "x\n-nan\n"],
        ["x\n1e99999999999999999999\n2\n", "x\n1e99999999999999999998\n2\n"],
        ["n,x\na\"b,1\n", "n,x\na\"\"b,1\n"],
        ["n,x\n\"a\nb\",1\n", "n,x\na b,1\n"],
        ["n,x\n,1\n", "n,x\n0,1\n"],
        ["x,y\n1,2\n", "1,2\n"],
        ["1,2\n3,4\n", "3,4\n1,2\n"],
        ["1,2\n3,4\n", "1\n3\n"],
        ["n,x\na,1\nb,2\n", "n,x\nb,2\na,1\n"],
    ] {
        assert_differ(a, b);
        assert_differ(b, a);
    }
}

#[test]
fn a_difference_is_told_by_the_line_of_the_file_and_the_column() {
    let a = "activation,final_loss\ntanh,0.34498170018196106\n";
    let report = assert_differ(a, "activation,final_loss\ntanh,0.34498172998428345\n");
    assert_says(
        &report,
        &[
            "column      cells  equal  max ULPs  max error\n",
            "verdict: diverged: 1 of 4 cells differ\nfirst divergence: line 2, final_loss\n",
            "  A  0.34498170018196106 (0x",
            "1 ULP apart\nsmallest tolerance that passes: atol",
        ],
    );
    assert!(!report.to_string().contains("tensor"), "{report}");
    let report = assert_differ(a, "activation,final_loss\nrelu,0.34498170018196106\n");
    assert_says(&report, &["line 2, activation\n  A  \"tanh\"\n  B  \"relu\"\n", "passes: none"]);
    // Blank lines and quoted line breaks are lines of the file.
    let csv = |x: &str| format!("n,x\n\n\"a\nb\",1\n\n\r\nc,{x}\n");
    assert_says(&assert_differ(&csv("1"), &csv("2")), &["line 7, x\n  A  1\n  B  2\n"]);
    // Two seeds that are the same as floats.
    let csv = |last: u8| format!("seed,loss\n900719925474099{last},0.5\n");
    assert_says(&assert_differ(&csv(3), &csv(2)), &["line 2, seed\n", "1 ULP apart", "atol 1.0"]);
    // Of numbers that no float32 holds, ULPs are counted in float64.
    let report = assert_differ("x\n0.1\n", "x\n0.10000000000000002\n");
    assert_says(&report, &["A  0.1 (0x3fb999999999999a)", "1 ULP apart"]);
    let report = assert_differ("x\n1\n2.5\n", "x\n1.0000000000000000001\n2.5\n");
    assert_says(&report, &["  A  \"1\"\n  B  \"1.0000000000000000001\"\n", "passes: atol 0.0"]);
    let report = assert_differ("a,x\u{1b}[2J\n\u{1b}b,1\n", "a,x\u{1b}[2J\nc,2\n");
    assert!(!report.to_string().contains('\u{1b}'), "{report}");
    assert_says(&report, &["\"\\u{1b}b\""]);
}

#[test]
fn headers_are_compared_and_columns_of_one_side_told() {
    let report = assert_differ("n,loss\na,1\n", "n,accuracy\na,1\n");
    assert_says(&report, &["header, column 2\n  A  \"loss\"\n  B  \"accuracy\"\n", "1 of 4 cells"]);
    let report = assert_differ("n,x\na,1\nb,2\n", "n,x,y\na,1,2\nb,2,3\n");
    assert_says(&report, &["column y: only B has it", "3 of 9 cells differ"]);
    let report = assert_differ("1,2\n", "a,b\n1,2\n");
    assert_says(&report, &["header, column 1: only B has it", "2 of 4 cells differ"]);
    // A column without a name, and columns where there is no header.
    assert_says(&assert_differ(",x\n1,2\n", ",x\n3,2\n"), &["1 of 4 cells", "line 2, column 1\n"]);
    assert_says(&assert_differ("1,2\n", "1,3\n"), &["1 of 2 cells", "line 1, column 2\n"]);
    assert_says(&assert_differ("1,2\n", "1\n"), &["column 2: only A has it", "1 of 2 cells"]);
}

#[test]
fn a_history_that_ends_earlier_is_told_as_that() {
    let history = |epochs: usize| {
        (1..=epochs).fold("epoch,loss\n".to_owned(), |text, i| text + &format!("{i},{}.5\n", i % 7))
    };
    let report = assert_differ(&history(40), &history(50));
    assert_says(
        &report,
        &[
            "20 of 102 cells differ",
            "line 42: only B has it\n  A ends after line 41, B has 10 lines more\n",
        ],
    );
    assert_eq!(report.outcome(9).listing().lines().count(), 2);
    assert_says(
        &assert_differ(&history(3), &history(2)),
        &["B ends after line 3, A has 1 line more"],
    );
    let key = Options { key: vec!["epoch".to_owned()], ..Options::default() };
    let report = held_csvs(&history(40), &history(50), &key);
    assert_says(
        &report,
        &["row epoch=41: only B has it\n  A ends after row epoch=40, B has 10 lines more\n"],
    );
    let ends = [
        (50, 40, "row epoch=41: only A has it\n  B ends after row epoch=40, A has 10 lines more\n"),
        (40, 41, "row epoch=41: only B has it\n  A ends after row epoch=40, B has 1 line more\n"),
    ];
    for (a, b, said) in ends {
        assert_says(&held_csvs(&history(a), &history(b), &key), &[said]);
    }
    // A row in their midst is no tail.
    let without = history(50).replace("\n7,0.5\n", "\n");
    let report = held_csvs(&without, &history(50), &key);
    assert_says(&report, &["row epoch=7: only B has it\nsmallest"]);
    // Nor where there is a tail as well.
    let shorter = history(40).replace("\n7,0.5\n", "\n");
    let report = held_csvs(&shorter, &history(50), &key);
    assert_says(&report, &["row epoch=7: only B has it\n"]);
    assert_says(&report.outcome(99).listing(), &["row epoch=7"]);
}

#[test]
fn rows_are_paired_by_key() {
    let a = "activation,epoch,loss\ntanh,3,0.5\nrelu,3,0.25\ntanh,4,1\n";
    let key = Options { key: vec!["activation".into(), "epoch".into()], ..Options::default() };
    let shuffled = "activation,epoch,loss\ntanh,4,1\ntanh,3.0,0.5\nrelu,3,0.25\n";
    assert_eq!(held_csvs(a, shuffled, &key).verdict(), Verdict::Exact);
    assert_differ(a, shuffled);
    let report = held_csvs(a, &shuffled.replace("0.5", "0.75"), &key);
    assert_says(
        &report,
        &["1 of 12 cells", "row activation=tanh epoch=3, loss\n  A  0.5 (0x3f000000)\n"],
    );
    let report = held_csvs(a, "activation,epoch,loss\ntanh,4,1\nrelu,3,0.25\nelu,3,2\n", &key);
    assert_says(&report, &["row activation=tanh epoch=3: only A has it"]);
    assert_eq!(report.failing().count(), 2);
    let error = |a: &str, b: &str, options: &Options| {
        let both = [a, b].map(|text| read("x.csv", text).unwrap());
        compare_inputs(["A", "B"], &both, options).unwrap_err().to_string()
    };
    let one = Options { key: vec!["activation".into()], ..Options::default() };
    assert_eq!(error(a, a, &one), "A has two rows of activation=tanh: name more columns as key");
    let none = Options { key: vec!["seed\n".into()], ..Options::default() };
    assert_eq!(error(a, a, &none), "A has no column seed\\n: name others as key");
}

#[test]
fn a_tolerance_holds_numbers_and_no_words() {
    let a = "n,x\na,1.0\nb,2\n";
    let verdict = |b: &str, rtol, atol| held_csvs(a, b, &within(rtol, atol)).verdict();
    assert_eq!(verdict("n,x\na,1.25\nb,2\n", 0.0, 0.25), Verdict::WithinTolerance);
    assert_eq!(verdict("n,x\na,1.25\nb,2\n", 0.0, 0.24), Verdict::Diverged);
    assert_eq!(verdict("n,x\na,1.25\nb,2\n", 0.2, 0.0), Verdict::WithinTolerance);
    assert_eq!(verdict("n,x\na,1.25\nb,2\n", 0.19, 0.0), Verdict::Diverged);
    assert_eq!(verdict("n,x\nc,1.0\nb,2\n", 9.0, 9.0), Verdict::Diverged);
    assert_eq!(verdict("n,x\na,1.00\nb,2\n", 9.0, 9.0), Verdict::Exact);
    assert_eq!(verdict("n,x\na,nan\nb,2\n", 9.0, 9.0), Verdict::Diverged);
    assert_eq!(verdict("n,x\na,1e400\nb,2\n", 9.0, 9.0), Verdict::Diverged);
    // What no float64 tells apart counts as a value that passes.
    let report = held_csvs("x\n1e-400\n", "x\n0.0\n", &within(0.0, 1.0));
    let total = report.total();
    assert_eq!((total.values, total.values_equal), (2, 2), "{report}");
    assert_eq!(report.verdict(), Verdict::WithinTolerance);
    // In float64: 1 + 1e-10 is 1 for a float32.
    assert_eq!(verdict("n,x\na,1.0000000001\nb,2\n", 0.0, 9e-11), Verdict::Diverged);
    let nan = ["x,y\nnan,1\n", "x,y\nnan,1.25\n"];
    assert_says(&plain(nan[0], nan[1]), &["line 2, y\n", "passes: none"]);
    assert_eq!(held_csvs(nan[0], nan[0], &within(1.0, 1.0)).verdict(), Verdict::Diverged);
    let options = Options { equal_nan: true, ..within(0.0, 0.25) };
    assert_eq!(held_csvs(nan[0], nan[1], &options).verdict(), Verdict::WithinTolerance);
    let options = Options { rtol: vec![Options::per_key("y=0.25").unwrap()], ..Options::default() };
    assert_eq!(
        held_csvs("x,y\n1,1\n", "x,y\n1,1.25\n", &options).verdict(),
        Verdict::WithinTolerance
    );
    assert_eq!(held_csvs("x,y\n1,1\n", "x,y\n1.25,1\n", &options).verdict(), Verdict::Diverged);
}

#[test]
fn whether_differences_grow_is_told_by_column_and_row() {
    let csv =
        |x: &[f32]| x.iter().fold("n,a/1/b/c\n".to_owned(), |text, x| text + &format!("7,{x}\n"));
    let report = plain(&csv(&[1.0, 1.0, 1.0]), &csv(&[1.0, 1.5, 3.0]));
    let told = report.outcome(0);
    let rows: Vec<_> = told.growth.iter().map(|g| (g.phase.as_str(), g.step, g.max_abs)).collect();
    assert_eq!((rows, &*told.step_word), (vec![("a/1/b/c", 2, 0.5), ("a/1/b/c", 3, 2.0)], "row"));
}

#[test]
fn columns_are_left_out_and_renamed_by_name() {
    let [a, b] = ["epoch,time,loss\n1,9,0.5\n", "epoch,loss\n1,0.5\n"];
    let ignore = Options { ignore: vec![Options::regex("^time$").unwrap()], ..Options::default() };
    let report = held_csvs(a, b, &ignore);
    assert_eq!(report.verdict(), Verdict::Exact, "{report}");
    assert_says(&report, &["ignored: 1 column\n", "exact: 4 cells, the same numbers and words"]);
    let common = Options { common: true, ..Options::default() };
    let report = held_csvs(a, b, &common);
    assert_eq!(report.verdict(), Verdict::Exact, "{report}");
    assert_says(&report, &["only in A, left out: 1 column\nonly in B, left out: 0 columns\n"]);
    let rename =
        Options { rename: vec![Options::rename("^loss$=l").unwrap()], ..Options::default() };
    assert_eq!(held_csvs(b, "epoch,l\n1,0.5\n", &rename).verdict(), Verdict::Exact);
    assert_eq!(held_csvs(b, b, &rename).verdict(), Verdict::Diverged);
}

#[test]
fn what_is_no_table_is_trouble_in_a_line() {
    let cut_in_a_long_one = format!("a;b\n{}3\n", "1;2\n".repeat(20_000));
    for (text, said) in [
        (
            &*cut_in_a_long_one,
            "x.csv is not a readable CSV: line 20002 has 1 cell, the first line 2",
        ),
        ("name\nx\n", "x.csv holds no numbers: name a CSV of numbers, or a record"),
        ("a,b\n", "x.csv holds no numbers: name a CSV of numbers, or a record"),
        ("a,a\n1,2\n", "x.csv has two columns a: name each once"),
        ("a,b\n1\n", "x.csv is not a readable CSV: line 2 has 1 cell, the first line 2"),
        ("a,b\n\n1,2,3\n", "x.csv is not a readable CSV: line 3 has 3 cells, the first line 2"),
        ("a,b\n\"1,2\n", "x.csv is not a readable CSV: line 2 opens a quote that is never closed"),
        ("a,b\n\"1\"2,3\n", "x.csv is not a readable CSV: line 2 goes on behind a closing quote"),
    ] {
        assert_eq!(read("x.csv", text).unwrap_err().to_string(), said);
    }
    let script = read("x.py", "import torch\nf(1, 2)\n").unwrap_err().to_string();
    assert_eq!(script, "x.py is a script: record it with `parity record`, and name its record");
}

#[test]
fn large_tables_take_no_quadratic_time() {
    let start = std::time::Instant::now();
    let columns: Vec<_> = (0..20_000).map(|i| format!("c{i}")).collect();
    let row: Vec<_> = (0..20_000).map(|i| i.to_string()).collect();
    let a = format!("{}\n{}\n", columns.join(","), row.join(","));
    let options = Options { common: true, ..Options::default() };
    assert_exact(&a, &a);
    let both = [&a, &a].map(|text| read("x.csv", text).unwrap());
    assert_eq!(compare_inputs(["A", "B"], &both, &options).unwrap().verdict(), Verdict::Exact);
    let mut long = "seed,loss\n".to_owned();
    long.extend((0..300_000).map(|i| format!("{i},{}.5\n", i % 1000)));
    assert_differ(&long, &long.replace(".5\n", ".75\n"));
    let key = Options { key: vec!["seed".into()], ..Options::default() };
    assert_eq!(held_csvs(&long, &long, &key).verdict(), Verdict::Exact);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

/// Cells of a text without quotes, read as naively as can be; numbers as digits
/// without what does not matter.
fn naive(text: &str) -> Vec<Vec<String>> {
    let number = |cell: &str| {
        let cell = cell.trim();
        let negative = cell.starts_with('-');
        let digits = cell.strip_prefix(['-', '+']).unwrap_or(cell);
        let plain = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || c == '.');
        if !plain || digits.matches('.').count() > 1 || digits == "." {
            return None;
        }
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let [whole, fraction] = [whole.trim_start_matches('0'), fraction.trim_end_matches('0')];
        Some(format!("{negative}#{whole}.{fraction}"))
    };
    let lines = text.lines().filter(|line| !line.is_empty());
    let cell = |cell: &str| number(cell).unwrap_or_else(|| cell.to_owned());
    lines.map(|line| line.split(',').map(cell).collect()).collect()
}

#[test]
fn random_tables_are_exact_only_where_a_naive_reader_sees_the_same_cells() {
    let mut rng = draws();
    let cells = [
        "a",
        "b ",
        "a b",
        "",
        "1",
        "1.0",
        "+1",
        "-1",
        "01",
        "0",
        "-0",
        "2.50",
        "2.5",
        "12345678901234567890",
        "12345678901234567891",
    ];
    let table = |rng: &mut Rng| {
        let width = rng.usize(1..4);
        let lines = (0..rng.usize(1..4)).map(|_| {
            (0..width).map(|_| cells[rng.usize(..cells.len())]).collect::<Vec<_>>().join(",")
        });
        lines.fold("h,i,j".split_at(2 * width - 1).0.to_owned() + "\n", |text, line| {
            text + &line + "\n"
        })
    };
    let (mut exact, mut count) = (0, 0);
    for _ in 0..30_000 {
        let a = table(&mut rng);
        let b = match rng.usize(..3) {
            0 => table(&mut rng),
            1 => a.replacen("1.0", "+1", 1).replacen("2.5,", "2.500,", 1),
            _ => {
                let [from, to] = [0, 1].map(|_| cells[rng.usize(..cells.len())]);
                a.replacen(&format!("{from}\n"), &format!("{to}\n"), 1)
            }
        };
        let (Ok(x), Ok(y)) = (read("a.csv", &a), read("b.csv", &b)) else { continue };
        let report = compare_inputs(["A", "B"], &[x, y], &Options::default()).unwrap();
        let same = naive(&a) == naive(&b);
        assert_eq!(report.verdict() == Verdict::Exact, same, "{a:?} {b:?}\n{report}");
        exact += usize::from(same);
        count += 1;
    }
    assert!(exact > 1000 && count - exact > 1000, "{exact} of {count}");
}
