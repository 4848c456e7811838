//! The page docs/python-to-rust.md is what the sources say: a line for each public item
//! whose doc names what it is in PyTorch.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const PAGE: &str = "../../docs/python-to-rust.md";
const BEGIN: &str = "<!-- made from the sources: make python-to-rust -->\n";

/// The folders of the library whose items a port calls, in the order of the page.
const ROOMS: [&str; 6] = ["nn", "nn/init", "optim", "lr_scheduler", "data", "random"];

/// A public item: where it is, what it is called, its doc, and what follows it.
#[derive(Debug)]
struct Item {
    room: &'static str,
    kind: String,
    name: String,
    doc: String,
    source: String,
}

fn sources(room: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let alone = folder.join(format!("{room}.rs"));
    if alone.exists() {
        return vec![alone];
    }
    let mut found = Vec::new();
    let mut folders = vec![folder.join(room)];
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<_> =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            let is_room = ROOMS.iter().any(|other| *other != room && path.ends_with(other));
            if path.is_dir() && !is_room {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    found
}

/// A public item of a line without a margin: its kind and its name.
fn item(line: &str) -> Option<(&str, &str)> {
    let (kind, rest) = line.strip_prefix("pub ")?.split_once(' ')?;
    let kinds = ["fn", "struct", "enum", "trait", "type"];
    let name = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
    kinds.contains(&kind).then_some((kind, name))
}

fn items(room: &'static str) -> Vec<Item> {
    let mut found = Vec::new();
    for path in sources(room) {
        let text = fs::read_to_string(&path).unwrap();
        let text = &without_defaults(text.split("#[cfg(test)]").next().unwrap());
        let lines: Vec<_> = text.lines().collect();
        for (i, line) in lines.iter().enumerate() {
            let Some((kind, name)) = item(line) else { continue };
            let above = lines[..i].iter().rev();
            let above = above.take_while(|line| line.starts_with("///") || line.starts_with("#["));
            let mut doc: Vec<_> = above.filter_map(|line| line.strip_prefix("///")).collect();
            doc.reverse();
            let doc = doc.into_iter().map(str::trim).collect::<Vec<_>>().join("\n");
            let (kind, name, source) = (kind.to_owned(), name.to_owned(), text.to_owned());
            let source =
                source.split_once(line).map(|(_, after)| format!("{line}{after}")).unwrap();
            found.push(Item { room, kind, name, doc, source });
        }
        found.extend(by_macros(room, text));
    }
    found
}

/// The structs of `defaults! { ... }` as they would stand without it.
fn without_defaults(text: &str) -> String {
    let mut within = false;
    let mut plain = String::new();
    for line in text.lines() {
        let (begins, ends) = (line == "defaults! {", within && line == "}");
        within = begins || within && !ends;
        if !begins && !ends {
            plain += if within { line.strip_prefix("    ").unwrap_or(line) } else { line };
            plain.push('\n');
        }
    }
    plain
}

/// What the two macros for many items make: activations without settings, losses as
/// functions.
fn by_macros(room: &'static str, text: &str) -> Vec<Item> {
    let lines = text.lines().map(str::trim);
    let made = lines.filter_map(|line| {
        let (kind, name, doc, source) = if let Some((name, rest)) = line.split_once(" = ")
            && let Some((loss, inputs)) = rest.strip_suffix(");").and_then(|r| r.split_once('('))
            && loss.ends_with("Loss")
        {
            let inputs: Vec<_> =
                inputs.split(", ").map(|input| format!("{input}: &Tensor")).collect();
            let source = format!("pub fn {name}({}) -> Tensor {{", inputs.join(", "));
            let doc =
                format!("`torch.nn.functional.{name}`: [`{loss}`] with its default settings.");
            ("fn", name, doc, source)
        } else if let Some((name, rest)) = line.split_once(", \"")
            && let Some((formula, _)) = rest.split_once("\", |x| ")
        {
            ("struct", name, format!("`torch.nn.{name}`: {formula}."), String::new())
        } else {
            return None;
        };
        let (kind, name) = (kind.to_owned(), name.to_owned());
        Some(Item { room, kind, name, doc, source })
    });
    made.collect()
}

/// What it is in PyTorch: the first name of it that the doc has, without arguments.
fn python(doc: &str) -> Option<String> {
    let (_, after) = doc.split_once("`torch.")?;
    let name = after.split(['`', '(']).next()?;
    (!name.is_empty()).then(|| format!("torch.{name}"))
}

/// How it is made or called: its signature, or those of what makes it, or what is to
/// be filled in; and the names of its settings.
fn calls(item: &Item, all: &[Item]) -> String {
    if item.kind == "fn" {
        return format!("`{}`", signature(&item.source));
    }
    // Of `type Conv2d = Conv<2, false>` it is Conv, of an optimizer's PerParameter.
    let alias = item.source.lines().next().and_then(|line| line.split_once(" = "));
    let (owner, of) = match alias {
        Some((_, target)) if item.kind == "type" => {
            let (owner, of) = target.split_once('<').unwrap_or((target, ""));
            (owner, of.trim_end_matches(['>', ';']))
        }
        _ => (item.name.as_str(), ""),
    };
    let made: Vec<_> = all.iter().filter(|other| other.name == owner).collect();
    let makers = made.first().map(|other| makers(other)).unwrap_or_default();
    let mut calls: Vec<_> = makers.iter().map(|maker| format!("`{maker}`")).collect();
    if calls.is_empty()
        && let Some(body) = body(item)
    {
        calls.push(format!("`{}{body}`", item.name));
    }
    let text = makers.join(" ") + " " + of;
    let is_setting = |word: &&str| word.ends_with("Options") || word.ends_with("Settings");
    let mut words = text.split(|c: char| !c.is_alphanumeric()).filter(is_setting);
    if let Some(settings) = words.next_back().and_then(|name| all.iter().find(|it| it.name == name))
        && let Some(body) = body(settings)
    {
        calls.push(format!("`{}{body}`", settings.name));
    }
    calls.join("<br>")
}

/// A function's name, arguments and, but for Self, what it gives.
fn signature(text: &str) -> String {
    let text = text.split(" {\n").next().unwrap_or(text).trim_end_matches(" {");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.trim_start_matches("pub fn ").replace("( ", "(").replace(", )", ")");
    text.split(" -> Self").next().unwrap_or_default().to_owned()
}

/// The functions that make a struct.
fn makers(item: &Item) -> Vec<String> {
    let blocks = item.source.split("\nimpl").skip(1).filter(|block| {
        let head = block.lines().next().unwrap_or_default();
        let head = head.split_once("> ").map_or(head, |(_, after)| after).trim_start();
        head.starts_with(&format!("{}<", item.name)) || head == format!("{} {{", item.name)
    });
    let functions = blocks.flat_map(|block| {
        let block = block.split("\n}\n").next().unwrap_or_default();
        block.split("\n    pub fn ").skip(1).map(str::to_owned).collect::<Vec<_>>()
    });
    let made = functions.filter(|text| {
        let head = text.split(" {\n").next().unwrap_or_default();
        head.contains("-> Self") || head.contains("-> Result<Self>")
    });
    made.map(|text| signature(&text)).collect()
}

/// The public fields of a struct, or the variants of an enum, in its own brackets.
fn body(item: &Item) -> Option<String> {
    let first = item.source.lines().next()?;
    if let Some((_, fields)) = first.split_once('(') {
        let fields = fields.trim_end_matches(");");
        let public = fields.strip_prefix("pub ")?;
        return Some(format!("({public})"));
    }
    let body = item.source.strip_prefix(first)?.split("\n}\n").next()?;
    let names = body.lines().filter_map(|line| {
        let line = line.strip_prefix("    ")?;
        let name = match item.kind.as_str() {
            "enum" => line.strip_suffix(',').filter(|name| !name.contains(' '))?,
            _ => line.strip_prefix("pub ")?.split(':').next()?,
        };
        Some(name)
    });
    let names: Vec<_> = names.collect();
    let joined = names.join(", ");
    let text =
        if item.kind == "enum" { format!("::{{{joined}}}") } else { format!(" {{ {joined} }}") };
    (!names.is_empty()).then_some(text)
}

/// What is to be known of it: the doc, without the name with which it begins.
fn words(item: &Item) -> String {
    let first = item.doc.split("\n\n").next().unwrap_or_default();
    let rest = match first.strip_prefix('`').and_then(|text| text.split_once('`')) {
        Some((_, rest)) => rest.trim_start_matches([':', '.', ',']),
        None => first,
    };
    let more: Vec<_> = item.doc.split("\n\n").skip(1).filter(|p| !p.contains("```")).collect();
    let text = [&[rest][..], &more].concat().join(" ");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    // Links of rustdoc lead nowhere here.
    let mut plain = String::new();
    let mut left = text.as_str();
    while let Some((before, after)) = left.split_once("[`") {
        let (name, after) = after.split_once("`]").unwrap();
        plain += before;
        plain.extend(["`", name, "`"]);
        left = match after.strip_prefix('(') {
            Some(link) => link.split_once(')').unwrap().1,
            None => after,
        };
    }
    plain + left
}

fn table() -> String {
    let mut text = String::new();
    let all: Vec<_> = ROOMS.into_iter().flat_map(items).collect();
    for room in ROOMS {
        let of_pytorch = |item: Item| Some((python(&item.doc)?, item));
        let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (python, item) in items(room).into_iter().filter_map(of_pytorch) {
            if python.rsplit('.').next().is_some_and(|last| last.starts_with('_')) {
                continue; // a function within PyTorch
            }
            let place = item.room.replace('/', "::");
            let row = format!(
                "| `{python}` | `{place}::{}` | {} | {} |",
                item.name,
                calls(&item, &all),
                words(&item)
            );
            rows.entry(python).or_default().push(row);
        }
        text.extend(["\n## `torch_parity::", &room.replace('/', "::"), "`\n\n"]);
        text += "| Python | Rust | made or called by | |\n| --- | --- | --- | --- |\n";
        for row in rows.into_values().flatten() {
            text += &row;
            text.push('\n');
        }
    }
    text
}

#[test]
fn the_page_is_what_the_sources_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = fs::read_to_string(&path).unwrap();
    let (head, _) = page.split_once(BEGIN).expect("the page says what is made");
    let made = format!("{head}{BEGIN}{}", table());
    if std::env::var_os("TORCH_PARITY_WRITE_PAGE").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let differs = page.lines().zip(made.lines()).find(|(page, made)| page != made);
    assert!(page == made, "run `make python-to-rust`: {differs:?}");
}

/// An item that a port calls says what it is in PyTorch, or is one of these, which
/// PyTorch does not have.
#[test]
fn every_item_says_what_it_is_in_pytorch() {
    let own = [
        // What several of PyTorch's have in common.
        "PerParameter",
        "Conv",
        "BatchNorm",
        "MaxPool",
        "AvgPool",
        // Settings and states, by whatever name.
        "Attend",
        "Factor",
        "State",
        "Base",
        "Group",
        "Taken",
        "Parameters",
        "Byproduct",
        "Batches",
        // For a port's own modules and optimizers.
        "Children",
        "named_parameters",
        "bias_corrected",
        "descent",
        "pow",
    ];
    let parts = ["Settings", "Options"];
    let mut missing = Vec::new();
    for room in ROOMS {
        for item in items(room) {
            let is_part = parts.iter().any(|part| item.name.ends_with(part));
            let makes = ["fn", "struct", "type"].contains(&item.kind.as_str());
            let known = own.contains(&item.name.as_str()) || is_part || !makes;
            if !known && !item.doc.contains("`torch.") && is_called(&item) {
                missing.push(format!("{}::{}", item.room, item.name));
            }
        }
    }
    assert!(missing.is_empty(), "no `torch. ...` in the docs of {missing:?}");
}

/// Whether it can be reached from outside: it stands in a `pub use`, or in mod.rs.
fn is_called(item: &Item) -> bool {
    sources(item.room).iter().any(|path| {
        let text = fs::read_to_string(path).unwrap();
        let mut uses = text.split("pub use ").skip(1).map(|rest| rest.split(';').next().unwrap());
        let mut words =
            uses.by_ref().flat_map(|list| list.split(|c: char| !c.is_alphanumeric() && c != '_'));
        words.any(|word| word == item.name)
    })
}
