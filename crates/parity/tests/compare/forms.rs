//! A report has five forms, and what one of them says each of the others says.

use std::collections::{BTreeMap, BTreeSet};

use parity::check::Ending;
use parity::compare::{Noun, Options, Outcome, Value, What, compare, compare_inputs};
use parity::report::{Comparison, Document, Format, html};
use parity_record::{About, Input, Key, Trace, digest};
use serde_json::{Value as Json, json};

use super::*;

/// Something that a report says: as words, one of these; as JSON, these values.
struct Fact {
    what: String,
    words: Vec<String>,
    json: Vec<(String, Json)>,
}

fn fact(what: &str, words: &[&str], json: &[(&str, Json)]) -> Fact {
    let json = json.iter().map(|(at, value)| ((*at).to_owned(), value.clone())).collect();
    let words = words.iter().map(|words| plain(words)).collect();
    Fact { what: what.to_owned(), words, json }
}

/// All that a report is to say of a comparison, in whatever form.
fn facts(comparison: &Comparison) -> Vec<Fact> {
    let Outcome { verdict, summary, sides: [a, b], notes, .. } = &comparison.outcome;
    let outcome = &comparison.outcome;
    let mut facts = vec![fact(
        "verdict",
        &[summary],
        &[("/summary", json!(summary)), ("/verdict", json!(verdict))],
    )];
    for (i, note) in notes.iter().enumerate() {
        facts.push(fact("note", &[note], &[(&format!("/notes/{i}"), json!(note))]));
    }
    let differing = [
        ("other_environment", &comparison.other_environment),
        ("other_settings", &outcome.other_settings),
    ];
    for (what, values) in differing {
        for (i, (name, [x, y])) in values.iter().enumerate() {
            let words = [format!("{name}: {x} for {a}, {y} for {b}"), format!("{name} {x} {y}")];
            let at = format!("/{what}/{i}");
            facts.push(fact(
                what,
                &words.each_ref().map(String::as_str),
                &[(&at, json!([name, [x, y]]))],
            ));
        }
    }
    if !outcome.other_settings.is_empty() {
        return facts;
    }
    facts.extend(counts(outcome));
    facts.extend(divergence(outcome));
    facts.extend(lists(comparison));
    facts
}

fn counts(outcome: &Outcome) -> Vec<Fact> {
    let mut facts = Vec::new();
    let (rows, left_out) = outcome.shown_phases();
    let values = outcome.noun == Noun::Tensor && !outcome.digests;
    for (name, tally) in rows {
        let counts = [tally.tensors, tally.tensors_equal, tally.values, tally.values_equal];
        let counts = if values { &counts[..] } else { &counts[..2] };
        let counts: Vec<_> = counts.iter().map(ToString::to_string).collect();
        let at = match outcome.phases.iter().position(|phase| phase.name == name) {
            Some(i) => format!("/phases/{i}"),
            None => "/total".to_owned(),
        };
        let json = [
            (format!("{at}/tensors"), json!(tally.tensors)),
            (format!("{at}/tensors_equal"), json!(tally.tensors_equal)),
            (format!("{at}/values_equal"), json!(tally.values_equal)),
        ];
        let json = json.each_ref().map(|(at, value)| (at.as_str(), value.clone()));
        // Where nothing tells phases apart, the text has their sum alone.
        let words = [name, "all"].map(|name| format!("{name} {}", counts.join(" ")));
        let words = words.each_ref().map(String::as_str);
        let alone = outcome.phases.len() == 1;
        facts.push(fact("counts", &words[..if alone { 2 } else { 1 }], &json));
    }
    if left_out > 0 {
        let last = outcome.phases.len() - 1;
        let at = format!("/phases/{last}/name");
        let words = format!("and {left_out} more {}s", outcome.group_word());
        facts.push(fact("phases left out", &[&words], &[(&at, json!(outcome.phases[last].name))]));
    }
    facts
}

fn divergence(outcome: &Outcome) -> Vec<Fact> {
    let mut facts = Vec::new();
    let total = &outcome.total;
    if let Some(first) = &outcome.first_divergence {
        let at = "/first_divergence/words";
        let said =
            ["", ":", " (local):"].map(|end| format!("first divergence{end} {}", first.words));
        facts.push(fact(
            "first divergence",
            &said.each_ref().map(String::as_str),
            &[(at, json!(first.words))],
        ));
    }
    if let Some(line) = &outcome.beside {
        facts.push(fact("beside it", &[line], &[("/beside", json!(line))]));
    }
    if let Some(words) = outcome.smallest_words() {
        let smallest = &outcome.smallest_tolerance;
        let json = [
            ("/smallest_tolerance/atol", json!(smallest.atol)),
            ("/smallest_tolerance/rtol", json!(smallest.rtol)),
            ("/smallest_tolerance/differ_altogether", json!(smallest.differ_altogether)),
        ];
        facts.push(fact("smallest tolerance", &[&words], &json));
    }
    if let Some(words) = outcome.origins_words() {
        let series = &outcome.series[0];
        let json = [
            ("/series/0/steps", json!(series.steps)),
            ("/series/0/steps_equal", json!(series.steps_equal)),
            ("/total/local", json!(total.local)),
        ];
        facts.push(fact("origins", &[&words], &json));
        let inherited = total.tensors - total.tensors_equal - total.local;
        facts.push(fact("local", &[&format!("all {} {inherited}", total.local)], &json));
    }
    facts
}

fn lists(comparison: &Comparison) -> Vec<Fact> {
    let mut facts = Vec::new();
    let outcome = &comparison.outcome;
    let [a, b] = outcome.sides;
    for (i, ending) in comparison.endings.iter().enumerate() {
        let [x, y] = ending.losses.map(|loss| loss.and_then(Value::decimal).unwrap_or_default());
        let Ending { series, steps, steps_equal, .. } = ending;
        let start = format!("{series} {x} {y} {} {steps_equal}", ending.ulps_text());
        let words = [format!("{start}/{steps}"), format!("{start} {steps}")];
        let at = format!("/endings/{i}/steps_equal");
        facts.push(fact(
            "ending",
            &words.each_ref().map(String::as_str),
            &[(&at, json!(steps_equal))],
        ));
        let header = [a, b].map(|side| format!("{side} final loss")).join(" ");
        facts.push(fact("sides", &[&header], &[("/sides/0", json!(a)), ("/sides/1", json!(b))]));
    }
    for (i, detail) in outcome.differences.iter().enumerate() {
        let words = match &detail.what {
            What::Values(values) => format!("{} of {}", values.differing, values.count),
            _ => outcome.few_words(detail).unwrap(),
        };
        let series = detail.series.as_deref().unwrap_or_default();
        let said = [format!("{} {words}", detail.key), format!("{series}: {words}")];
        let at = format!("/differences/{i}");
        let json = [
            (format!("{at}/key"), json!(detail.key)),
            (format!("{at}/tensors"), json!(detail.tensors)),
        ];
        let json = json.each_ref().map(|(at, value)| (at.as_str(), value.clone()));
        facts.push(fact("difference", &said.each_ref().map(String::as_str), &json));
    }
    if outcome.differences_left_out > 0 && !outcome.differences.is_empty() {
        let n = outcome.differences_left_out;
        let words = [format!("and {n} more"), format!("{n} more left out")];
        let json = [("/differences_left_out", json!(n))];
        facts.push(fact("left out", &words.each_ref().map(String::as_str), &json));
    }
    if let Some(command) = &comparison.ask {
        facts.push(fact("what to ask", &[command], &[("/ask", json!(command))]));
    }
    for (i, line) in comparison.remarks.iter().enumerate() {
        facts.push(fact("remark", &[line], &[(&format!("/told/{i}"), json!(line))]));
    }
    facts
}

/// Small words one space apart; numbers without commas.
fn plain(text: &str) -> String {
    let all: Vec<char> = text.chars().collect();
    let digit = |i: usize| all.get(i).is_some_and(char::is_ascii_digit);
    let kept =
        (0..all.len()).filter(|&i| all[i] != ',' || !(i > 0 && digit(i - 1) && digit(i + 1)));
    let text: String = kept.map(|i| all[i]).collect();
    format!(" {} ", text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" "))
}

/// What is left of a page when its signs are taken away.
fn without_tags(text: &str) -> String {
    let text = text.split_once("</style>").map_or(text, |(_, rest)| rest);
    let mut words = String::new();
    for part in text.split('<') {
        words = words + " " + part.split_once('>').map_or(part, |(_, words)| words);
    }
    let signs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    signs.iter().fold(words, |words, (entity, sign)| words.replace(entity, sign))
}

fn without_markdown(text: &str) -> String {
    let signs = "\\|\\\\\\_\\[\\]\\=\\{\\}\\<\\>\\\"\\^\\$\\*\\#\\!\\?\\&\\;\\~\\`\\@";
    let signs = signs.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    let text = text.replace(" | ", " ").replace("| ", " ");
    without_tags(&signs.fold(text, |text, sign| text.replace(sign, &sign[1..])))
}

/// The forms in words, and the one for programs.
#[derive(Clone)]
struct Forms {
    words: [(&'static str, String); 4],
    json: Json,
}

fn forms(comparison: Comparison) -> Forms {
    let document = Document::new("check", vec![comparison], None);
    let print = |format| document.print(format).unwrap();
    let json: Json = serde_json::from_str(&print(Format::Json)).unwrap();
    let words = [
        ("text", print(Format::Text)),
        ("Markdown", without_markdown(&print(Format::Markdown))),
        ("JUnit", without_tags(&print(Format::Junit))),
        ("page", without_tags(&html(&document).unwrap())),
    ];
    Forms {
        words: words.map(|(form, text)| (form, plain(&text))),
        json: json["comparisons"][0].clone(),
    }
}

impl Forms {
    /// The forms that do not say it.
    fn silent(&self, fact: &Fact) -> Vec<&'static str> {
        let words = self.words.iter();
        let words = words.filter(|(_, text)| !fact.words.iter().any(|words| text.contains(words)));
        let json = fact.json.iter().all(|(at, value)| self.json.pointer(at) == Some(value));
        words.map(|(form, _)| *form).chain((!json).then_some("JSON")).collect()
    }
}

/// A comparison of `a` with `b` as a check has it, ten differences listed.
fn checked(a: &Trace, b: &Trace, options: &Options) -> Comparison {
    of_report(&held(a, b, options), [a, b].map(|trace| trace.about.environment.clone()))
}

fn of_report(report: &Report, environment: [BTreeMap<String, String>; 2]) -> Comparison {
    Comparison {
        name: "net".to_owned(),
        files: None,
        other_environment: parity::compare::other_environment(&environment),
        environment,
        settings: BTreeMap::new(),
        remarks: vec!["Twins   built in".to_owned()],
        endings: Vec::new(),
        ask: Some("parity why --script net.py --port './net --fast'".to_owned()),
        outcome: report.outcome(10),
    }
}

/// One of each kind.
fn cases() -> Vec<(&'static str, Comparison)> {
    let a = small_trace();
    let with = |damage: &dyn Fn(&mut Trace)| {
        let mut b = a.clone();
        damage(&mut b);
        b
    };
    let loss = "tanh/000002/loss/loss";
    let other = with(&|b| set(b, loss, 0, 0.25));
    let regex = |text| vec![Options::regex(text).unwrap()];
    let mut ended = checked(&a, &other, &epochs());
    let losses = [0.5, 0.25].map(|x| Some(Value::float32(x)));
    let ulps = losses[0].and_then(|x| x.ulps(losses[1]?));
    ended.endings =
        vec![Ending { series: "tanh".to_owned(), losses, ulps, steps_equal: 1, steps: 2 }];

    let many = |phases: usize, moved: usize| {
        let mut trace = Trace::default();
        for i in 0..phases {
            let x = if i < moved { 2.0 } else { 1.0 };
            let key = Key::new("net", 1, &format!("phase{i:02}"), "x");
            trace.insert(key, f32s(&[1], &[x])).unwrap();
        }
        trace
    };
    let of_digests = |trace: &Trace| {
        let about = About { digest: Some(digest::NAME.to_owned()), ..About::default() };
        let mut digests = Trace::new(about);
        for (key, array) in &trace.tensors {
            digests.insert(key.clone(), array.digest()).unwrap();
        }
        digests
    };
    let lacks = with(&|b| {
        b.tensors.retain(|key, _| !key.as_str().starts_with("tanh/000002"));
        b.tensors.remove("relu/000001/grad/fc1.bias");
        set(b, "relu/000002/loss/loss", 0, f32::NAN);
    });
    let reshaped = with(&|b| {
        b.tensors.insert(Key::from("tanh/000001/grad/fc2.bias"), f32s(&[1, 2], &[1.0, 2.0]));
    });
    let elsewhere = with(&|b| {
        b.about.environment.insert("torch".to_owned(), "2.4.1".to_owned());
        b.about.environment.insert("threads".to_owned(), "8".to_owned());
        set(b, loss, 0, 0.25);
    });
    let drawn = |state: &str| {
        with(&|b| {
            b.about.generator = vec![("tanh".to_owned(), 1, state.to_owned())];
            set(b, loss, 0, state.len() as f32);
        })
    };
    let seeded = with(&|b| drop(b.about.settings.insert("seed".to_owned(), "7".to_owned())));
    let foreign = |x: f32| Trace {
        tensors: [(Key::from("encoder.weight"), f32s(&[2], &[x, 1.0]))].into(),
        ..Trace::default()
    };
    let tables = |a: &str, b: &str, options: &Options| {
        let both = [a, b].map(|text| {
            Input::parse(text.as_bytes().to_vec(), std::path::Path::new("x.csv")).unwrap()
        });
        let report = compare_inputs(["A", "B"], &both, options).unwrap();
        of_report(&report, Default::default())
    };
    let called = |name: &str| Trace {
        tensors: [(Key::new(name, 1, "param", "w"), f32s(&[1], &[1.0]))].into(),
        ..Trace::default()
    };
    let buffered = with(&|b| {
        b.insert(Key::new("tanh", 1, "state", "bn.running_mean"), f32s(&[1], &[0.0])).unwrap();
    });
    let resynced = compare(["A", "B"], &a, &lacks, &epochs()).unwrap().resynced();
    vec![
        ("exact", checked(&a, &a, &epochs())),
        ("within tolerance", checked(&a, &other, &within(1e9, 1e9))),
        ("diverged", ended),
        ("some keys' own tolerance", {
            let rtol = vec![Options::per_key("loss=1e-3").unwrap()];
            checked(&a, &other, &Options { rtol, ..within(0.0, 0.0) })
        }),
        ("missing keys", checked(&a, &lacks, &epochs())),
        ("another shape", checked(&a, &reshaped, &epochs())),
        ("resynced", of_report(&resynced, Default::default())),
        ("no tolerance is of use", checked(&a, &with(&|b| set(b, loss, 0, -0.5)), &epochs())),
        ("other environments", checked(&a, &elsewhere, &epochs())),
        ("other settings", checked(&a, &seeded, &epochs())),
        ("ignored", checked(&a, &lacks, &Options { ignore: regex("^tanh/000002"), ..epochs() })),
        ("common", checked(&a, &lacks, &Options { common: true, ..epochs() })),
        ("more than 24 phases", checked(&many(30, 3), &many(30, 0), &Options::default())),
        ("more than 24 that differ", checked(&many(30, 27), &many(30, 0), &Options::default())),
        ("more than 24 that agree", checked(&many(30, 0), &many(30, 0), &Options::default())),
        ("a series called otherwise", checked(&called("net"), &called("MLP-1"), &epochs())),
        ("forgotten buffers", checked(&a, &buffered, &epochs())),
        ("digests", checked(&of_digests(&other), &of_digests(&a), &epochs())),
        ("the same digests", checked(&of_digests(&a), &a, &epochs())),
        ("generator", checked(&drawn("a"), &drawn("bc"), &epochs())),
        ("keys of other origin", checked(&foreign(0.5), &foreign(0.25), &Options::default())),
        ("tables", tables("x,y\n1,2\na,5\n", "x,y\n1,3\nb,5\n1,1\n", &Options::default())),
        ("headers", tables("x,y\n1,2\n", "x,z\n1,2\n", &Options::default())),
        ("the same table", tables("x,y\n1,2\n", "x,y\n1,2.0\n", &Options::default())),
    ]
}

#[test]
fn what_one_form_of_a_report_says_each_of_the_others_says() {
    let mut seen = BTreeSet::new();
    for (case, comparison) in cases() {
        let facts = facts(&comparison);
        let forms = forms(comparison);
        for fact in facts {
            let silent = forms.silent(&fact);
            let Fact { what, words, .. } = &fact;
            assert!(silent.is_empty(), "{case}: {what} {words:?} is not in {silent:?}: {forms}");
            seen.insert(what.clone());
        }
    }
    assert_eq!(seen.len(), 17, "{seen:?}");
}

/// The check above can fail: whatever one form leaves out, it notices.
#[test]
fn a_form_that_leaves_something_out_is_noticed() {
    for (case, comparison) in cases() {
        let facts = facts(&comparison);
        let whole = forms(comparison);
        for fact in facts {
            let mut forms = whole.clone();
            for (form, text) in &mut forms.words {
                let before = text.clone();
                for words in &fact.words {
                    *text = text.replace(words.as_str(), " ");
                }
                assert_ne!(*text, before, "{case}: {form} never had {:?}", fact.words);
            }
            for (at, _) in &fact.json {
                *forms.json.pointer_mut(at).unwrap() = json!("left out");
            }
            assert_eq!(forms.silent(&fact).len(), 5, "{case}: {}", fact.what);
        }
    }
}

impl std::fmt::Display for Forms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (form, text) in &self.words {
            writeln!(f, "\n{form}:{text}")?;
        }
        write!(f, "{}", self.json)
    }
}
