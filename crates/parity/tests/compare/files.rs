//! Files that people bring: read by what they are, or named in a line.

use std::path::Path;
use std::process::Command;

use ::safetensors::SafeTensors;
use parity::compare::{Verdict, compare_inputs};
use parity_record::{Input, Writer};
use tempfile::TempDir;

use super::live::python;
use super::*;

fn parse(name: &str, bytes: impl AsRef<[u8]>) -> parity_record::Result<Input> {
    Input::parse(bytes.as_ref().to_vec(), Path::new(name))
}

#[track_caller]
fn error(name: &str, bytes: impl AsRef<[u8]>) -> String {
    let text = parse(name, bytes).unwrap_err().to_string();
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

fn record(input: parity_record::Result<Input>) -> Trace {
    match input.unwrap() {
        Input::Record(trace) => trace,
        Input::Stored(stored) => stored.into_trace().unwrap(),
        Input::Table(_) => panic!("no record"),
    }
}

/// The file of this header and as many bytes of values.
fn safetensors(header: &str, bytes: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &vec![0; bytes]].concat()
}

fn entry(name: &str, shape: &str, [from, to]: [usize; 2]) -> String {
    format!(r#""{name}":{{"dtype":"F32","shape":{shape},"data_offsets":[{from},{to}]}}"#)
}

#[test]
fn a_record_comes_back_from_its_file_as_it_was() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a");
    let trace = small_trace();
    std::fs::write(&path, trace.to_bytes().unwrap()).unwrap();
    let back = Trace::read(&path).unwrap();
    assert_eq!(back.tensors, trace.tensors);
    assert_eq!(back.keys(), trace.keys());
    assert_eq!(held(&trace, &back, &Options::default()).verdict(), Verdict::Exact);
    let both = Input::read_both([&path, &path]).unwrap();
    let report = compare_inputs(["A", "B"], &both, &within(1e-3, 0.0)).unwrap();
    assert_eq!(report.verdict(), Verdict::Exact);
    let piped = Path::new("-");
    let error = Input::read_both([piped, piped]).unwrap_err().to_string();
    assert_eq!(error, "standard input is there once: name one file");
    let error = Input::read(folder.path()).unwrap_err().to_string();
    assert!(error.ends_with(" is a folder: name a file in it"), "{error}");
    let error = Input::read(Path::new("a\u{1b}")).unwrap_err().to_string();
    assert_eq!(error, "cannot read a\\u{1b}: No such file or directory (os error 2)");
}

#[test]
fn a_damaged_safetensors_says_what_is_wrong_and_the_first_of_two_faults() {
    let x = entry("x", "[1]", [0, 4]);
    let [gap, overlap] = [entry("y", "[1]", [8, 12]), entry("y", "[1]", [0, 4])];
    let late = entry("y", "[1]", [4, 8]);
    let unknown = x.replace("F32", "C128");
    for (header, bytes, said) in [
        (format!("{{{x},{gap}}}"), 12, "y begins at byte 8, not where the one before ends, 4"),
        (format!("{{{x},{overlap}}}"), 4, "y begins at byte 0, not where the one before ends, 4"),
        (format!("{{{x},{late}}}"), 4, "y ends at byte 8, but the file has 4: it is cut short"),
        (format!("{{{late},{x}}}"), 3, "x ends at byte 4, but the file has 3: it is cut short"),
        (format!("{{{x}}}"), 9, "it has 5 bytes more than its tensors"),
        (format!("{{{x},{x}}}"), 4, "it has x twice"),
        (format!("{{{x},7}}"), 4, "its header: key must be a string, at byte 55"),
        (format!("{{{x},}}"), 4, "its header: key must be a string, at byte 55"),
        (format!("{{{x}"), 4, "its header: EOF while parsing an object, at byte 53"),
        (format!("{{{}}}", x.replace(':', " 1")), 4, "its header: expected `:`, at byte 5"),
        (format!("{{{unknown}}}"), 4, "unknown variant `C128` in its header, at byte 20"),
        (
            format!("{{{}}}", entry("x", "[2]", [0, 4])),
            4,
            "x: 4 bytes do not make a tensor of dtype F32 and shape [2]",
        ),
        (
            format!("{{{}}}", entry("x", "[4611686018427387904,8]", [0, 4])),
            4,
            "x: 4 bytes do not make a tensor of dtype F32 and shape [4611686018427387904, 8]",
        ),
    ] {
        let said = format!("b is not a readable .safetensors file: {said}");
        assert_eq!(error("b", safetensors(&header, bytes)), said);
    }
    let blanks = format!("{{ {} , {late} }}", x.replace("\":", "\"  :  "));
    assert_eq!(record(parse("b", safetensors(&blanks, 8))).tensors.len(), 2);
    assert_eq!(error("b", safetensors("{}", 0)), "b holds no tensors");
    assert!(error("b", &safetensors("{}", 0)[..9]).starts_with("b is of no kind that is known"));
    assert!(matches!(parse("b", "abcdefgh{,x\n1,2\n"), Ok(Input::Table(_))));
    let named = "b.safetensors is not a readable .safetensors file: ";
    assert_eq!(error("b.safetensors", ""), format!("{named}it is shorter than 8 bytes"));
    let cut = small_trace().to_bytes().unwrap();
    assert!(error("b.safetensors", &cut[..100]).starts_with(&format!("{named}its header of ")));
    assert!(error("b.safetensors", &cut[..cut.len() - 1]).contains("it is cut short"));
    assert!(error("b.safetensors", "activation,final_loss\ntanh,0.5\n").starts_with(named));
    assert!(error("b.safetensors", u64::MAX.to_le_bytes()).contains("is cut short"));
    assert!(
        !error("b", safetensors(&format!("{{{}}}", entry("\\u001b", "[2]", [0, 4])), 4))
            .contains('\u{1b}')
    );
}

/// Of several megabytes, so that it is not read at once, with an entry that is
/// longer than what is read at once.
#[test]
fn a_long_header_is_read_as_the_crate_of_safetensors_reads_it() {
    let long = "long".repeat(600_000);
    let name = |i: usize| if i == 9_999 { long.clone() } else { format!("\\u00e9\\\"{}", i * 7) };
    let entries: Vec<_> = (0..30_000).map(|i| entry(&name(i), "[1]", [4 * i, 4 * i + 4])).collect();
    let file = safetensors(&format!("{{{}}}   ", entries.join(",")), 120_000);
    let expected = SafeTensors::deserialize(&file).unwrap();
    let mut names = expected.names();
    names.sort_unstable();
    let trace = record(parse("x", &file));
    assert!(trace.tensors.keys().map(Key::as_str).eq(names));
    let cut = safetensors(&format!("{{{},", entries.join(",")), 120_000);
    let said =
        format!("its header: EOF while parsing a value, at byte {}", cut.len() - 8 - 120_000);
    assert!(error("x", cut).ends_with(&said));
    // A number is read to its end, wherever what is read at once ends.
    for blanks in (1 << 20) - 30..=1 << 20 {
        let x = entry("x", "[1]", [0, 4]);
        let header = format!("{{{}\"__metadata__\":12345,{x}}}", " ".repeat(blanks));
        assert_eq!(record(parse("x", safetensors(&header, 4))).tensors.len(), 1, "{blanks}");
    }
    // The byte of the header, also behind line breaks.
    let broken = "{\n \"a\":\n {\"dtype\":\"F32\",\n\n  \"shape\":[?],\"data_offsets\":[0,4]}}";
    let at = broken.find('?').unwrap();
    let said = error("x", safetensors(broken, 4));
    let told: usize = said.rsplit_once("at byte ").unwrap().1.parse().unwrap();
    assert!((at..=at + 1).contains(&told), "{said}, not at {at}");
    let twice = [&entries[..], &entries[20_000..20_001]].concat().join(",");
    assert!(error("x", safetensors(&format!("{{{twice}}}"), 120_000)).contains(" twice"));
}

#[test]
fn metadata_that_is_not_ours_makes_no_file_unreadable() {
    let x = entry("x", "[1]", [0, 4]);
    for metadata in [r#"{"trace":"hello"}"#, r#"{"trace":7}"#, r#"{"n":[1,{}]}"#, "[]", "null"] {
        let header = format!(r#"{{"__metadata__":{metadata},{x}}}"#);
        let trace = record(parse("x", safetensors(&header, 4)));
        assert_eq!((trace.tensors.len(), trace.about.settings.len()), (1, 0));
    }
}

#[test]
fn metadata_of_ours_are_read_or_an_error() {
    let x = entry("x", "[1]", [0, 4]);
    let file = |about: &str| {
        let metadata = serde_json::json!({ "trace": about });
        parse("x", safetensors(&format!(r#"{{"__metadata__":{metadata},{x}}}"#), 4))
    };
    // Tensors of no module have no class.
    let bare = r#"{"series":["params-1"],"partial":"until SIGTERM",
        "models":[{"series":"params-1","class":null,"steps":3}]}"#;
    let trace = record(file(bare));
    assert_eq!(trace.about.partial.as_deref(), Some("until SIGTERM"));
    assert_eq!((trace.about.models[0].class.as_str(), trace.about.models[0].steps), ("", 3));
    for damaged in [r#"{"series":7}"#, r#"{"environment":{},"models":[{"steps":"three"}]}"#] {
        let said = error(
            "x",
            safetensors(
                &format!(r#"{{"__metadata__":{},{x}}}"#, serde_json::json!({ "trace": damaged })),
                4,
            ),
        );
        assert!(said.contains("its metadata are none that this version can read"), "{said}");
    }
}

#[test]
fn what_is_no_record_and_no_table_is_named() {
    for (name, bytes, said) in [
        (
            "a.safetensors",
            &b"version https://git-lfs.github.com/spec/v1\n"[..],
            "a Git LFS pointer: git lfs pull",
        ),
        (
            "a.csv",
            b"version https://git-lfs.github.com/spec/v1\noid 1\n",
            "a Git LFS pointer: git lfs pull",
        ),
        ("a.csv.gz", b"\x1f\x8b\x08", "packed with gzip: gunzip it first"),
        ("a.csv", b"\n <!DOCTYPE HTML>", "a web page: download the file itself"),
        ("a.csv", b"", "empty: was it written to the end?"),
        (
            "a.pt",
            b"\x80\x02\x8a\x0a",
            "an old PyTorch file or another pickle: save its tensors with safetensors.torch.save_file",
        ),
        ("a.csv", b"\xff\xfea\0", "text in UTF-16: save it as UTF-8"),
        (
            "a.csv",
            b"a\0b",
            "of no kind that is known here: name a .safetensors, .npy, .npz, .pt, .csv or .tsv file",
        ),
    ] {
        assert_eq!(error(name, bytes), format!("{name} is {said}"));
    }
    assert_eq!(
        error("a.csv", b"a,b\n1,\xe9\n"),
        "a.csv is not a readable CSV: line 2 is not UTF-8: save it as UTF-8"
    );
    assert!(error("a.json", "{\"a\": 1}").starts_with(
        "a.json is no index of .safetensors shards (weight_map): missing field `weight_map`"
    ));
    assert!(error("a.zip", b"PK\x03\x04junk").starts_with("a.zip is not a readable zip archive: "));
    let both = [parse("a", "x\n1\n").unwrap(), Input::Record(small_trace())];
    let error = compare_inputs(["A", "B"], &both, &Options::default()).unwrap_err().to_string();
    assert_eq!(error, "one of A and B holds tensors, the other is a table: name two of a kind");
}

#[test]
fn shards_are_one_record_and_their_index_is_held_to_them() {
    let folder = TempDir::new().unwrap();
    let index = folder.path().join("model.safetensors.index.json");
    let whole = small_trace();
    let mut shards = [Trace::default(), Trace::default()];
    for (i, (key, array)) in whole.tensors.iter().enumerate() {
        shards[i % 2].tensors.insert(key.clone(), array.clone());
    }
    let mut map = serde_json::Map::new();
    for (shard, name) in shards.iter_mut().zip(["1.safetensors", "2.safetensors"]) {
        shard.about = whole.about.clone();
        std::fs::write(folder.path().join(name), shard.to_bytes().unwrap()).unwrap();
        map.extend(shard.tensors.keys().map(|key| (key.to_string(), name.into())));
    }
    let read = |map: &serde_json::Map<String, serde_json::Value>| {
        let json = serde_json::json!({ "metadata": { "total_size": 1 }, "weight_map": map });
        std::fs::write(&index, json.to_string()).unwrap();
        Input::read(&index)
    };
    let trace = record(read(&map));
    assert_eq!(held(&trace, &whole, &Options::default()).verdict(), Verdict::Exact);
    assert_eq!(trace.keys(), whole.keys());
    let file = folder.path().join("whole.safetensors");
    std::fs::write(&file, whole.to_bytes().unwrap()).unwrap();
    let both = Input::read_both([&index, &file]).unwrap();
    let report = compare_inputs(["A", "B"], &both, &Options::default()).unwrap();
    assert_eq!(report.verdict(), Verdict::Exact, "{report}");
    let key = "data/000000/data/x";
    let mut lacking = map.clone();
    lacking.remove(key);
    assert!(
        read(&lacking)
            .unwrap_err()
            .to_string()
            .contains("1.safetensors holds data/000000/data/x, which")
    );
    let mut elsewhere = map.clone();
    elsewhere.insert(key.into(), "2.safetensors".into());
    let said = format!("1.safetensors holds {key}, which");
    assert!(read(&elsewhere).unwrap_err().to_string().contains(&said));
    map.insert("more".into(), "1.safetensors".into());
    assert!(read(&map).unwrap_err().to_string().contains("1.safetensors lacks more, which"));
    map.insert("more".into(), "../1.safetensors".into());
    assert!(read(&map).unwrap_err().to_string().ends_with("shards stand beside their index"));
}

/// Files that NumPy and PyTorch write, and the same tensors as .safetensors.
#[test]
fn what_numpy_and_pytorch_write_is_read() {
    let folder = TempDir::new().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign.py");
    let output = Command::new(python()).arg(script).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read = |name: &str| Input::read(&folder.path().join(name));
    for (file, same) in [
        ("f.npy", "f.safetensors"),
        ("a.npz", "a.safetensors"),
        ("big.npz", "big.safetensors"),
        ("packed.npz", "a.safetensors"),
        ("state.pt", "state.safetensors"),
        ("checkpoint.pt", "checkpoint.safetensors"),
        ("protocol4.pt", "checkpoint.safetensors"),
        ("sized.pt", "sized.safetensors"),
        ("legacy_names", "state.safetensors"),
        ("many.pt", "many.safetensors"),
        ("lone.pt", "lone.safetensors"),
        ("new.pt", "new.safetensors"),
    ] {
        let [actual, expected] = [file, same].map(|name| record(read(name)));
        let report = held(&actual, &expected, &Options::default());
        assert_eq!(report.verdict(), Verdict::Exact, "{file}\n{report}");
        assert!(report.total().tensors > 0);
    }
    for (file, said) in [
        ("model.pt", "is a PyTorch archive: save it with safetensors.torch.save_file: it holds "),
        ("evil.pt", "is a PyTorch archive: save it with safetensors.torch.save_file: it holds a "),
        ("laughs.pt", "save it with safetensors.torch.save_file: it is nested too deeply"),
        ("lists.pt", "save it with safetensors.torch.save_file: it is nested too deeply"),
        ("dicts.pt", "save it with safetensors.torch.save_file: it is nested too deeply"),
        ("calls.pt", "save it with safetensors.torch.save_file: it is nested too deeply"),
        ("endless.pt", "save it with safetensors.torch.save_file: it is nested too deeply"),
        ("shapeless.pt", "save it with safetensors.torch.save_file: it lacks a tuple"),
        ("old.pt", "is an old PyTorch file or another pickle: save its tensors with safetensors"),
        ("twice.npz", "is not a readable zip archive: it has two parts of one name"),
        ("objects.npy", "is not a readable .npy file: it holds values of dtype |O: convert them"),
        ("text.npz", "text.npy is not a readable .npy file: it holds values of dtype <U1: conv"),
    ] {
        let error = read(file).unwrap_err().to_string();
        assert!(error.contains(said) && error.lines().count() == 1, "{error}");
    }
    assert!(!folder.path().join("ran").exists(), "a pickle ran code");
}

/// A file that tells no length is read to its end, as those in /proc.
#[cfg(target_os = "linux")]
#[test]
fn a_file_is_read_to_its_end_whatever_length_it_tells() {
    let path = Path::new("/proc/sys/kernel/pid_max");
    assert_eq!(std::fs::metadata(path).unwrap().len(), 0);
    let both = [path; 2].map(|path| Input::read(path).unwrap());
    let report = compare_inputs(["A", "B"], &both, &Options::default()).unwrap();
    assert_eq!((report.verdict(), report.total().tensors), (Verdict::Exact, 1), "{report}");
}

/// A process of its own compares two files, and tells where its memory was largest;
/// mapped files show that this counts their pages.
#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_values() {
    const FOLDER: &str = "TORCH_PARITY_TEST_FOLDER";
    if let Some(folder) = std::env::var_os(FOLDER) {
        let [a, b] = ["a", "b"].map(|name| Path::new(&folder).join(name));
        let report = if folder.to_string_lossy().ends_with("mapped") {
            held(&Trace::read(&a).unwrap(), &Trace::read(&b).unwrap(), &Options::default())
        } else {
            let both = Input::read_both([&a, &b]).unwrap();
            compare_inputs(["A", "B"], &both, &Options::default()).unwrap()
        };
        assert_eq!(report.verdict(), Verdict::Exact);
        return println!("\n{}", std::fs::read_to_string("/proc/self/status").unwrap());
    }
    let peak = |values: usize, kind: &str| {
        let folder = tempfile::Builder::new().suffix(kind).tempdir().unwrap();
        let header = format!("{{{}}}", entry("x", &format!("[{values}]"), [0, 4 * values]));
        for name in ["a", "b"] {
            let path = folder.path().join(name);
            std::fs::write(&path, safetensors(&header, 0)).unwrap();
            let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
            file.set_len((8 + header.len() + 4 * values) as u64).unwrap(); // zeros
        }
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "files::memory_does_not_grow_with_the_values", "--nocapture"]);
        let output = command.env(FOLDER, folder.path()).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        let line = told.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let line = line.unwrap_or_else(|| panic!("{told}"));
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() / 1024
    };
    let large = 32 << 20; // 128 MiB
    let [small, stored, mapped] =
        [(1 << 10, "stored"), (large, "stored"), (large, "mapped")].map(|(n, kind)| peak(n, kind));
    let told = format!("{small} MiB, then {stored} MiB; mapped {mapped} MiB");
    assert!(stored < small + 32 && mapped > small + 200, "{told}");
}

/// Whatever the widths, and however long the header is.
#[test]
fn the_values_that_a_writer_leaves_are_aligned() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("t.safetensors");
    let dtypes = [Dtype::U8, Dtype::F64, Dtype::BF16, Dtype::F32, Dtype::C64];
    for longer in 0..8 {
        let mut writer = Writer::new(&path, About::default());
        for dtype in dtypes {
            let array = Array::new(dtype, vec![3], vec![0; 3 * dtype.bitsize() / 8]).unwrap();
            let name = format!("{dtype}{}", "x".repeat(longer));
            writer.insert(Key::new("net", 1, "data", &name), &array).unwrap();
        }
        let bytes = std::fs::read(writer.finish().unwrap()).unwrap();
        let (header, read) = SafeTensors::read_metadata(&bytes).unwrap();
        assert_eq!(header % 8, 0, "{longer}");
        for (key, info) in read.tensors() {
            assert_eq!(info.data_offsets.0 % (info.dtype.bitsize() / 8), 0, "{key}: {info:?}");
        }
    }
}
