//! In words, what differs between two operations that stand in the same place.

use super::call::{Call, TensorWord, Word};
use super::list::Program;

/// What differs between the script's operation and the port's, most telling first.
pub fn differs(script: &Call, port: &Call, programs: [&Program; 2]) -> Vec<String> {
    let mut found = Vec::new();
    if script.name != port.name {
        found.push(format!("another operation: {} in place of {}", port.name, script.name));
        return found;
    }
    if let Some([a, b]) = exchanged(script, port) {
        found.push(format!("{a} and {b} are exchanged"));
        return found;
    }
    for (name, theirs) in &script.arguments {
        let ours = port.arguments.iter().find(|(other, _)| other == name);
        let Some((_, ours)) = ours else { continue };
        argument(script, name, [theirs, ours], &mut found);
    }
    if script.arguments.len() != port.arguments.len() {
        found.push(format!("another form of {}, with other arguments", port.name));
    }
    if found.is_empty() {
        found.push("the same operation on the same inputs gives another result".to_owned());
        found.extend(environment(programs));
    }
    found
}

/// The names of two tensors each of which stands where the other does in the script.
fn exchanged<'a>(script: &'a Call, port: &Call) -> Option<[&'a str; 2]> {
    let digest = |word: &Word| word.tensor().and_then(|it| it.digest.clone());
    let both = script.arguments.iter().zip(&port.arguments);
    let digests =
        both.filter_map(|((name, theirs), (_, ours))| Some((name, digest(theirs)?, digest(ours)?)));
    let other: Vec<_> = digests.filter(|(_, theirs, ours)| theirs != ours).collect();
    match other.as_slice() {
        [first, second] if first.1 == second.2 && first.2 == second.1 => Some([first.0, second.0]),
        _ => None,
    }
}

/// What differs in what the programs ran on.
pub fn environment([script, port]: [&Program; 2]) -> Vec<String> {
    let pairs = [
        ("libtorch", &script.libtorch, &port.libtorch),
        ("threads", &script.threads, &port.threads),
        ("CPU instructions", &script.cpu, &port.cpu),
    ];
    let different = pairs.into_iter().filter(|(_, a, b)| a != b);
    different.map(|(what, a, b)| format!("{what}: {b} in place of {a}")).collect()
}

fn argument(of: &Call, name: &str, [theirs, ours]: [&Word; 2], found: &mut Vec<String>) {
    match (theirs, ours) {
        (Word::Tensor(theirs), Word::Tensor(ours)) => tensor(name, theirs, ours, found),
        (Word::List(a), Word::List(b)) if a.len() == b.len() => {
            if a.iter().chain(b).all(|it| matches!(it, Word::Plain(_))) {
                if a != b {
                    found.push(format!("{name}: {} in place of {}", ours.text(), theirs.text()));
                }
            } else {
                for (at, (a, b)) in a.iter().zip(b).enumerate() {
                    argument(of, &format!("{name}[{at}]"), [a, b], found);
                }
            }
        }
        _ if theirs != ours => {
            let [theirs, ours] = [theirs, ours].map(|it| of.shown(name, it));
            found.push(format!("{name}: {ours} in place of {theirs}"));
        }
        _ => {}
    }
}

fn tensor(name: &str, theirs: &TensorWord, ours: &TensorWord, found: &mut Vec<String>) {
    if theirs.kind != ours.kind {
        let shown = |it: &TensorWord| Word::Tensor(it.clone()).text();
        found.push(format!("{name}: {} in place of {}", shown(ours), shown(theirs)));
    } else if theirs.digest != ours.digest {
        match (&theirs.first, &ours.first) {
            (Some(a), Some(b)) => found.push(format!("{name}: {b} in place of {a}")),
            _ => found.push(format!("{name}: other values")),
        }
    } else if theirs.strides != ours.strides {
        let strides =
            |it: &TensorWord| it.strides.clone().unwrap_or_else(|| "contiguous".to_owned());
        let (a, b) = (strides(theirs), strides(ours));
        found.push(format!("{name}: the same values, in memory with strides {b} in place of {a}"));
    }
}
