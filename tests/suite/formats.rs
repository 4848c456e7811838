//! Reports in other forms than text: each tells the same, reads back whole, and
//! lets nothing in that a key brings along.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use safetensors::Dtype;
use serde_json::Value;
use tempfile::TempDir;
use torch_parity::trace::{Array, Trace};

use crate::common::{draws, outcome, root, small_trace, stdout};
use crate::forked::{python, tanh_parity, tanh_parity_in};

const FORMATS: [&str; 4] = ["text", "json", "markdown", "junit"];

/// A float32 tensor.
fn floats(values: &[f32]) -> Array {
    let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_ne_bytes()).collect();
    Array::new(Dtype::F32, vec![values.len()], bytes).unwrap()
}

/// Files of two sides, and what is run on them.
struct Pair(TempDir);

impl Pair {
    fn of(both: [&[(&str, Array)]; 2]) -> Self {
        let folder = TempDir::new().unwrap();
        for (name, tensors) in ["a.safetensors", "b.safetensors"].iter().zip(both) {
            let tensors = tensors.iter().map(|(key, array)| (*key, array));
            fs::write(folder.path().join(name), safetensors::serialize(tensors, None).unwrap())
                .unwrap();
        }
        Self(folder)
    }

    fn compare(&self, flags: &str) -> (i32, String, String) {
        let mut command = tanh_parity("compare a.safetensors b.safetensors");
        command.args(flags.split_whitespace()).current_dir(&self.0);
        outcome(command)
    }

    fn json(&self, flags: &str) -> Value {
        let (_, text, errors) = self.compare(&format!("--format json {flags}"));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{errors}"))
    }
}

/// Each kind of outcome: its name, flags, both sides, exit status, verdict, and how
/// the first tensor differs.
fn kinds() -> Vec<(&'static str, Pair, i32, &'static str, Value)> {
    let key = "tanh/000002/grad/fc1.weight";
    let x = || floats(&[1.0, 2.0, 3.0]);
    let other = || floats(&[1.0, 2.5, 3.0]);
    let nan = || floats(&[1.0, f32::NAN, 3.0]);
    let long = || floats(&[1.0, 2.0, 3.0, 4.0]);
    let whole = Array::new(Dtype::I32, vec![3], vec![0; 12]).unwrap();
    let pair = |a: Array, b: Array| Pair::of([&[(key, a)], &[(key, b)]]);
    let words = |kind: &str| Value::from(kind);
    vec![
        ("", pair(x(), x()), 0, "exact", Value::Null),
        ("--atol 0.5", pair(other(), x()), 0, "within_tolerance", Value::Null),
        ("", pair(other(), x()), 1, "diverged", words("values")),
        ("--atol 9", pair(nan(), x()), 1, "diverged", words("values")),
        ("", pair(long(), x()), 1, "diverged", words("shape")),
        ("", pair(whole, x()), 1, "diverged", words("dtype")),
        ("", Pair::of([&[(key, x())], &[(key, x()), ("k", x())]]), 1, "diverged", words("only_in")),
    ]
}

#[test]
fn every_format_tells_every_outcome_by_its_exit_status_and_its_words() {
    let folder = TempDir::new().unwrap();
    for (i, (flags, pair, code, verdict, kind)) in kinds().into_iter().enumerate() {
        for format in ["json", "markdown", "junit"] {
            let page = folder.path().join(format!("{i}.html"));
            let all = format!("--format {format} {flags} --all --html {}", page.display());
            let (found, printed, errors) = pair.compare(&all);
            assert_eq!((found, &*errors), (code, ""), "{flags} {verdict} {format}: {printed}");
            let words = verdict.replace('_', " ");
            let page = fs::read_to_string(page).unwrap();
            assert!(page.contains(&format!("<title>tanh-parity compare: {words}</title>")));
            match format {
                "markdown" => {
                    assert!(printed.starts_with(&format!("## tanh-parity compare: {words}\n")));
                }
                "junit" => fs::write(folder.path().join(format!("{i}.xml")), printed).unwrap(),
                _ => {
                    let report: Value = serde_json::from_str(&printed).unwrap();
                    assert_eq!(report["schema"], 1);
                    assert_eq!(report["verdict"], verdict, "{printed}");
                    let comparison = &report["comparisons"][0];
                    let first = &comparison["first_divergence"];
                    assert_eq!(first.get("kind").unwrap_or(&Value::Null), &kind, "{printed}");
                    let differs = usize::from(verdict != "exact");
                    assert_eq!(comparison["differences"].as_array().unwrap().len(), differs);
                    let series = &comparison["series"][0];
                    assert_eq!((&series["name"], &series["steps"]), (&"tanh".into(), &1.into()));
                    let equal = usize::from(code == 0 || kind == "only_in");
                    assert_eq!(series["steps_equal"], equal, "{printed}");
                }
            }
        }
    }
    // Python's reader of XML: failures by file.
    let script = "
import pathlib, sys, xml.etree.ElementTree as tree
for path in sorted(pathlib.Path(sys.argv[1]).glob('*.xml')):
    root = tree.parse(path).getroot()
    cases, failures = root.findall('.//testcase'), root.findall('.//testcase/failure')
    told = [root.attrib[name] for name in ('tests', 'failures')]
    assert told == [str(len(cases)), str(len(failures))], told
    print(len(failures), end=' ')
    assert all(f.text.startswith('first divergence: ') for f in failures)
";
    let mut command = python();
    command.args(["-c", script]).arg(folder.path());
    assert_eq!(stdout(command), "0 0 1 1 1 1 1 ");
}

/// For every difference the value of each side by its bits, and the largest error.
const READ_BACK: &str = "
import json, struct, sys
report = json.load(open(sys.argv[1]))
KINDS = {'F64': '>d', 'F32': '>f', 'F16': '>e', 'I64': '>q', 'I32': '>i', 'U8': '>B', 'BOOL': '>B'}
count = 0
def part(kind, bits):
    return struct.unpack(kind, bits)[0]
def check(told):
    bits = bytes.fromhex(told['bits'][2:])
    dtype, value = told['dtype'], told['value']
    if dtype == 'C64':
        real, imaginary = part('>f', bits[4:]), part('>f', bits[:4])
        pairs = list(zip(value, (real, imaginary)))
    elif dtype == 'BF16':
        pairs = [(value, part('>f', bits + bytes(2)))]
    else:
        pairs = [(value, part(KINDS[dtype], bits))]
    for found, wanted in pairs:
        if isinstance(wanted, int):
            assert found == wanted and isinstance(found, int), (told, wanted)
        elif isinstance(found, str):
            assert found == repr(wanted) and found in ('nan', 'inf', '-inf'), (told, wanted)
        else:
            assert struct.pack('>d', found) == struct.pack('>d', wanted), (told, wanted)
for told in report['comparisons'][0]['differences']:
    for value in told['values']:
        check(value)
        count += 1
    a, b = (value['value'] for value in told['values'])
    if all(isinstance(x, float) for x in (a, b)):
        assert float(told['max_abs']) == abs(a - b), told
for near in report['comparisons'][0]['first_divergence']['around']:
    for value in near['values']:
        check(value)
        count += 1
print(count)
";

#[test]
fn files_beside_the_text_are_what_each_format_prints() {
    let (_, pair, ..) = kinds().swap_remove(2);
    let (code, text, _) = pair.compare("--json r.json --markdown r.md --junit r.xml");
    assert_eq!((code, &text), (1, &pair.compare("").1));
    assert!(text.contains("\nsmallest tolerance that passes: atol 0.5 alone"), "{text}");
    assert!(!text.contains("more"), "without --all nothing is listed: {text}");
    for (format, file) in [("json", "r.json"), ("markdown", "r.md"), ("junit", "r.xml")] {
        let (_, printed, _) = pair.compare(&format!("--format {format}"));
        assert_eq!(fs::read_to_string(pair.0.path().join(file)).unwrap(), printed);
    }
    let (code, _, error) = pair.compare("--junit r.json");
    assert_eq!(code, 2, "{error}");
}

#[test]
fn numbers_in_json_read_back_as_the_same_bits() {
    let mut rng = draws();
    let dtypes = [
        (Dtype::F64, 8),
        (Dtype::F32, 4),
        (Dtype::F16, 2),
        (Dtype::BF16, 2),
        (Dtype::I64, 8),
        (Dtype::I32, 4),
        (Dtype::U8, 1),
        (Dtype::C64, 8),
    ];
    let special = [0.0, -0.0, 1e-45, f32::MAX, f32::INFINITY, -f32::INFINITY, f32::NAN];
    let mut both = [Vec::new(), Vec::new()];
    for i in 0..400 {
        let (dtype, width) = dtypes[i % dtypes.len()];
        let mut one: Vec<u8> = (0..width).map(|_| rng.u8(..)).collect();
        if dtype == Dtype::F32 && i < 8 * special.len() {
            one = special[i / 8].to_ne_bytes().to_vec();
        }
        let mut other: Vec<u8> = (0..width).map(|_| rng.u8(..)).collect();
        other[0] = one[0] ^ 1;
        for (side, bytes) in both.iter_mut().zip([one, other]) {
            side.push((format!("{i:03}"), Array::new(dtype, vec![1], bytes).unwrap()));
        }
    }
    let both = both.each_ref().map(|side| {
        side.iter().map(|(key, array)| (key.as_str(), array.clone())).collect::<Vec<_>>()
    });
    let pair = Pair::of([&both[0], &both[1]]);
    let file = pair.0.path().join("report.json");
    fs::write(&file, pair.compare("--format json --all --limit 400").1).unwrap();
    let mut command = python();
    command.args(["-c", READ_BACK]).arg(&file);
    assert_eq!(stdout(command), "802\n"); // around a tensor of one value stands that
}

#[test]
fn the_values_around_the_first_divergence_are_told_as_they_stand() {
    let a: Vec<f32> = (0..12).map(|i| i as f32).collect();
    let mut b = a.clone();
    b[5] = 5.5;
    let array = |values: &[f32]| {
        Array::new(Dtype::F32, vec![3, 4], floats(values).bytes().to_vec()).unwrap()
    };
    let key = "tanh/000002/grad/fc1.weight";
    let pair = Pair::of([&[("x", floats(&[1.0])), (key, array(&a))], &[(key, array(&b))]]);
    let report = pair.json("--ignore ^x$ --rename grad/=grads/ --rename grads/=grad/");
    let first = &report["comparisons"][0]["first_divergence"];
    assert_eq!((&first["series"], &first["step"]), (&"tanh".into(), &2.into()), "{first}");
    assert_eq!(first["index"], serde_json::json!([1, 1]));
    let around = first["around"].as_array().unwrap();
    let places: Vec<_> = around.iter().map(|near| near["index"].to_string()).collect();
    assert_eq!(places, ["[0,2]", "[0,3]", "[1,0]", "[1,1]", "[1,2]", "[1,3]", "[2,0]"]);
    for (near, i) in around.iter().zip(2..) {
        assert_eq!(near["values"][0]["value"], f64::from(a[i]));
        assert_eq!(near["values"][1]["value"], f64::from(b[i]));
        assert_eq!(near["ulps"] == 0, i != 5);
    }
    let (_, page, _) = pair.compare("--ignore ^x$ --html -");
    let row = "<th scope=\"row\">[1, 1]</th><td>5.0</td><td>0x40a00000</td><td>5.5</td>\
               <td>0x40b00000</td><td>1,048,576</td><td>no</td>";
    assert!(page.contains(row), "{page}");
    assert_eq!(page.matches("<td>yes</td></tr>").count(), 6, "{page}");
    // Under transposition they stand as they are compared.
    let report = pair.json("--ignore ^x$ --transpose fc1 --only fc1");
    assert_eq!(report["comparisons"][0]["first_divergence"]["kind"], "shape");
}

const HOSTILE: [&str; 6] = [
    "pipe | and `code` **bold** _it_ [x](http://y) <b>",
    "line\nbreak\u{1b}[2J\u{9b}2J\u{202e}",
    "</pre><script>nowhere()</script>",
    "]]>--><!-- \u{ffff}\u{fffe} &amp; &#0; \"quoted' {x}",
    "tanh|x/000001/<img src=x>/fc1\"'.weight",
    "tanh/000002/grad\u{7}`|`/重み",
];

#[test]
fn hostile_names_reach_every_format_as_text() {
    let sides = [1.0, 2.0].map(|x| HOSTILE.map(|key| (key, floats(&[x, 3.0]))));
    let pair = Pair::of([&sides[0], &sides[1]]);
    for format in ["text", "markdown", "junit", "json"] {
        let (_, text, _) = pair.compare(&format!("--all --html p.html --format {format}"));
        let hidden = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!text.contains(hidden), "{format}: {text:?}");
        fs::write(pair.0.path().join(format), &text).unwrap();
    }
    let report = pair.json("--all");
    let told = report["comparisons"][0]["differences"].as_array().unwrap();
    let keys: BTreeSet<_> = told.iter().map(|told| told["key"].as_str().unwrap()).collect();
    assert_eq!(keys, HOSTILE.into_iter().collect());

    let rows = tables(&fs::read_to_string(pair.0.path().join("markdown")).unwrap());
    for key in HOSTILE {
        let shown = parity::text::escaped(key);
        assert!(rows.iter().any(|row| row[0] == shown), "no {shown:?} in {rows:?}");
    }

    // Python's readers: XML is well-formed, and the page has no tags but its own.
    let script = "
import html.parser, sys, xml.etree.ElementTree as tree
tree.parse('junit')
class Page(html.parser.HTMLParser):
    tags, words = set(), ''
    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        assert not any(name.startswith('on') for name, _ in attributes)
    def handle_data(self, data):
        self.words += data
page = Page()
page.feed(open('p.html').read())
assert not page.tags & {'script', 'b', 'iframe', 'object'}, page.tags
assert '</pre><script>nowhere()</script>' in page.words
assert 'img' not in page.tags
";
    let mut command = python();
    command.args(["-c", script]).current_dir(&pair.0);
    stdout(command);
}

/// The cells of all tables, as a reader of Markdown sees them; each row is as wide
/// as its header.
fn tables(markdown: &str) -> Vec<Vec<String>> {
    let (mut rows, mut width) = (Vec::new(), 0);
    let mut cell: Option<String> = None;
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Table(alignments)) => width = alignments.len(),
            Event::Start(Tag::TableRow) => rows.push(Vec::new()),
            Event::Start(Tag::TableCell) => cell = Some(String::new()),
            Event::Text(text) => {
                if let Some(cell) = &mut cell {
                    *cell += &text;
                }
            }
            Event::End(TagEnd::TableCell) => {
                if let (Some(row), Some(cell)) = (rows.last_mut(), cell.take()) {
                    row.push(cell);
                }
            }
            Event::End(TagEnd::TableRow) => assert_eq!(rows.last().unwrap().len(), width),
            other if cell.is_some() => panic!("{other:?} within a cell of\n{markdown}"),
            _ => {}
        }
    }
    rows
}

#[test]
fn trouble_is_one_line_in_every_format_and_a_page_to_stdout_moves_the_report() {
    let pair = Pair::of([&[("x", floats(&[1.0]))], &[("x", floats(&[2.0]))]]);
    for format in FORMATS {
        let args = format!("compare none.safetensors none.csv --format {format}");
        let (code, printed, errors) = outcome(tanh_parity(&args));
        assert_eq!((code, &*printed, errors.lines().count()), (2, "", 1), "{errors}");
    }
    let (code, page, report) = pair.compare("--html - --format json");
    assert_eq!(code, 1);
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
    assert!(serde_json::from_str::<Value>(&report).is_ok(), "{report}");
    for (flags, said) in [
        ("--html - --plot -", "two outputs go to -"),
        ("--html page.svg", "let its name end in .html"),
        ("--html /nowhere/page.html", "there is no such folder"),
        ("--format xml", "'xml'"),
    ] {
        let (code, printed, errors) = pair.compare(flags);
        assert_eq!((code, &*printed, errors.lines().count()), (2, "", 1), "{flags}: {errors}");
        assert!(errors.contains(said), "{flags}: {errors}");
    }
}

#[test]
fn runs_of_other_settings_and_tables_are_told_in_every_format() {
    let (folder, a, mut trace) = small_trace();
    trace.about.settings.insert("seed".to_owned(), "7|8".to_owned());
    fs::write(folder.path().join("b.safetensors"), trace.to_bytes().unwrap()).unwrap();
    let run = |files: &str, format: &str| {
        let args = format!("compare {files} --html p.html --format {format}");
        outcome(tanh_parity_in(&folder, &args)).1
    };
    let files = format!("{} b.safetensors", a.display());
    assert!(run(&files, "markdown").contains("| seed | 0 | 7\\|8 |"));
    assert!(run(&files, "junit").contains("seed: 0 for A, 7|8 for B"));
    let report: Value = serde_json::from_str(&run(&files, "json")).unwrap();
    let other = &report["comparisons"][0]["other_settings"];
    assert_eq!(*other, serde_json::json!([["seed", ["0", "7|8"]]]));
    let page = fs::read_to_string(folder.path().join("p.html")).unwrap();
    let row = "<th scope=\"row\">seed</th><td>0</td><td>7|8</td>";
    assert!(page.contains("<h3>Other settings</h3>") && page.contains(row), "{page}");

    fs::write(folder.path().join("a.csv"), "name,loss\ntanh,0.5\n").unwrap();
    fs::write(folder.path().join("b.csv"), "name,loss\ntanh,0.25\n").unwrap();
    let report: Value = serde_json::from_str(&run("a.csv b.csv", "json")).unwrap();
    let comparison = &report["comparisons"][0];
    assert_eq!(
        (&comparison["noun"], &comparison["phases"][1]["name"]),
        (&"cell".into(), &"loss".into())
    );
    assert_eq!(comparison["first_divergence"]["place"], "line 2, loss");
    assert_eq!(comparison["smallest_tolerance"]["atol"], 0.25);
    assert_eq!(comparison["growth"][0]["step"], 1);
    assert!(run("a.csv b.csv", "junit").contains("name=\"loss\">\n      <failure"));
    let page = fs::read_to_string(folder.path().join("p.html")).unwrap();
    for part in [
        "<h2 id=\"c0\">a.csv against b.csv</h2>\n<h3>First divergence</h3>\n",
        "<h3>By column</h3>\n",
        "<h3>Where it grows</h3>\n",
        "\nWhere A and B differ, by row and column\n",
    ] {
        assert!(page.contains(part), "no {part} in\n{page}");
    }
    // Rows are counted: there is none between two.
    for part in ["The values around it", "before training", "\n1.05\n", "Notes", "Other settings"] {
        assert!(!page.contains(part), "{part} in\n{page}");
    }
}

#[test]
fn a_check_tells_what_ran_and_how_each_series_ends() {
    let folder = TempDir::new().unwrap();
    let flags = "check --samples 8 --hidden 4 --epochs 2 --html p.html --format json";
    let report: Value = serde_json::from_str(&stdout(tanh_parity_in(&folder, flags))).unwrap();
    assert_named(&report);
    assert_eq!((&report["command"], &report["verdict"]), (&"check".into(), &"exact".into()));
    let check = &report["comparisons"][0];
    assert_eq!(check["sides"], serde_json::json!(["Rust", "Python"]));
    assert_eq!((&check["name"], &check["settings"]["hidden"]), (&"train".into(), &"4".into()));
    assert!(check["environment"][1]["cpu_capability"].is_string(), "{check}");
    let page = fs::read_to_string(folder.path().join("p.html")).unwrap();
    let kernels = check["environment"][1]["cpu_capability"].as_str().unwrap();
    for row in [
        format!("<th scope=\"row\">cpu_capability</th><td>{kernels}</td><td>{kernels}</td>"),
        "<th scope=\"row\">hidden</th><td>4</td>".to_owned(),
    ] {
        assert!(page.contains(&row), "no {row} in {page}");
    }
    let endings = check["endings"].as_array().unwrap();
    assert_eq!(endings.len(), 3);
    for ending in endings {
        assert_eq!((&ending["steps_equal"], &ending["steps"]), (&2.into(), &2.into()));
        assert_eq!(ending["losses"][0], ending["losses"][1]);
        let loss = ending["losses"][0]["value"].as_f64().unwrap();
        assert!(page.contains(&format!("<td>{}</td>", parity::text::repr(loss))));
    }
}

#[test]
fn pitfalls_and_sweeps_are_told_to_programs_as_they_are_to_people() {
    let folder = TempDir::new().unwrap();
    let run = |args: &str| {
        let (code, printed, errors) = outcome(tanh_parity_in(&folder, args));
        assert_eq!((code, &*errors), (0, ""), "{args}");
        printed
    };
    let args = "pitfalls --only powi,fused-adam --samples 32 --epochs 20 --csv p.csv --format json";
    let found: Value = serde_json::from_str(&run(args)).unwrap();
    assert_named(&found);
    let mut reader = csv::Reader::from_path(folder.path().join("p.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    for (row, mistake) in reader.records().zip(found["mistakes"].as_array().unwrap()) {
        for (name, cell) in header.iter().zip(&row.unwrap()) {
            let same = match &mistake[name] {
                Value::Null => cell.is_empty(),
                Value::String(text) => text == cell,
                Value::Number(n) => n.as_f64().unwrap() == cell.parse::<f64>().unwrap(),
                Value::Bool(yes) => cell == if *yes { "true" } else { "false" },
                other => panic!("{other} for {cell}"),
            };
            assert!(same, "{name}: {cell}, {}", mistake[name]);
        }
    }

    run("sweep --seeds 0..6 --samples 32 --epochs 12 --csv s.csv");
    let text = run("sweep --summary s.csv");
    let said: Value = serde_json::from_str(&run("sweep --summary s.csv --format json")).unwrap();
    assert_named(&said);
    let sweep = &said["sweeps"][0];
    assert_eq!((&sweep["seeds"], &sweep["settings"]["epochs"]), (&6.into(), &"12".into()));
    assert_eq!(sweep["activations"].as_array().unwrap().len(), 3);
    for of in sweep["activations"].as_array().unwrap() {
        let mean = of["final_loss"]["mean"].as_f64().unwrap();
        let line = text.lines().find(|line| line.starts_with(of["activation"].as_str().unwrap()));
        assert!(line.unwrap().contains(&format!("{mean:.4}")), "{text}");
    }
    assert_eq!(sweep["pairs"].as_array().unwrap().len(), 3);
    assert_eq!(sweep["claim"]["parts"].as_array().unwrap().len(), 3);
    assert_eq!(sweep["leaders"][0]["epoch"], 10);
}

fn page() -> String {
    fs::read_to_string(root().join("docs/report-formats.md")).unwrap()
}

/// The text of the block behind `start`.
fn block(text: &str, start: &str) -> String {
    let (_, after) = text.split_once(start).unwrap_or_else(|| panic!("the page has no {start}"));
    let (_, after) = after.split_once("\n```").unwrap();
    let (_, after) = after.split_once('\n').unwrap();
    after.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_examples_of_the_page_on_formats_are_what_the_command_prints() {
    let text = page();
    let folder = TempDir::new().unwrap();
    for name in ["ours.csv", "theirs.csv"] {
        let file = block(&text, &format!("`{name}`:"));
        fs::write(folder.path().join(name), file).unwrap();
    }
    for format in ["json", "markdown", "junit"] {
        let line = format!("tanh-parity compare ours.csv theirs.csv --format {format}\n");
        let shown = block(&text, &format!("```\n{line}```"));
        assert_eq!(
            shown,
            outcome(tanh_parity_in(&folder, line.strip_prefix("tanh-parity ").unwrap())).1,
            "{format}"
        );
    }
}

#[test]
fn the_page_on_formats_names_every_field_of_a_comparison() {
    let (folder, a, mut trace) = small_trace();
    let array = trace.tensors.get_mut("tanh/000001/grad/fc1.weight").unwrap();
    let bytes = [vec![1], array.bytes()[1..].to_vec()].concat();
    *array = Array::new(array.dtype(), array.shape().to_vec(), bytes).unwrap();
    spoil(&mut trace, folder.path());
    let flags = "b.safetensors --all --rtol 1e-9 --format json";
    let report = serde_json::from_str(
        &outcome(tanh_parity_in(&folder, &format!("compare {} {flags}", a.display()))).1,
    )
    .unwrap();
    assert!(assert_named(&report) > 50, "{report}");
}

/// The page says of every field what it is; returns how many there are.
fn assert_named(document: &Value) -> usize {
    let mut named = BTreeSet::new();
    names(document, &mut named);
    let text = page();
    let missing: Vec<_> =
        named.iter().filter(|name| !text.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "the page does not say what these are: {missing:?}");
    named.len()
}

/// Differences of more kinds.
fn spoil(trace: &mut Trace, folder: &Path) {
    let y = trace.tensors.remove("data/000000/data/y").unwrap();
    trace.tensors.insert("data/000000/data/z".into(), y.clone());
    trace.tensors.insert("relu/000001/grad/fc1.bias".into(), y.clone());
    let x = trace.tensors.get_mut("data/000000/data/x").unwrap();
    *x = Array::new(x.dtype(), vec![24], x.bytes().to_vec()).unwrap();
    fs::write(folder.join("b.safetensors"), trace.to_bytes().unwrap()).unwrap();
}

/// The names of all fields, but those of settings and environments, which are the
/// run's own.
fn names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| names(item, found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                found.insert(name.clone());
                if !["settings", "environment"].contains(&name.as_str()) {
                    names(value, found);
                }
            }
        }
        _ => {}
    }
}
