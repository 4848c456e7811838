//! Two lists in, one outcome out: where they part, what stands there on both sides,
//! what differs, what is missing.

use serde::Serialize;

use super::call::Call;
use super::counterpart::{callers, counterpart, drawn_from};
use super::differs::{differs, environment};
use super::known::Known;
use super::list::{Digests, List, Program};
use super::parting::{Parting, Whose, parting};
use super::pitfalls::{Recognised, recognised};
use super::source::{Finder, Source};

/// What came of comparing two lists of operations.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// What the programs ran on.
    pub script: Side,
    /// As `script`.
    pub port: Side,
    /// What differs in what they ran on.
    pub environment: Vec<String>,
    /// What else is to be known before it is believed: an end that came too early.
    pub notes: Vec<String>,
    /// Where they part; none if they do not.
    pub finding: Option<Finding>,
}

/// One of the programs.
#[derive(Debug, Serialize)]
pub struct Side {
    /// What it ran on.
    pub program: Program,
    /// How many operations it called, with those that these called.
    pub operations: usize,
    /// How many of its results the other has.
    pub known: usize,
    /// How many it computed on another way to what the other has.
    pub another_way: usize,
    /// How many the other never has.
    pub different: usize,
}

/// Where two programs part.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// The port's first operation that gives what the script never has; none if the
    /// port only leaves things out.
    pub port: Option<Spot>,
    /// What stands there in the script.
    pub script: Option<Spot>,
    /// What differs between the two, in words.
    pub differs: Vec<String>,
    /// What the script computes from the same values, that the port never does.
    pub missing: Vec<Spot>,
    /// The mistakes of the catalogue that it looks like.
    pub pitfalls: Vec<Recognised>,
}

/// One operation of one program.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spot {
    /// Its number among the program's, from 1.
    pub number: usize,
    /// The operation with its arguments.
    pub call: String,
    /// The first values of its results.
    pub gives: Vec<String>,
    /// The operations that called it, from the inside out.
    pub within: Vec<String>,
    /// The line that called it.
    #[serde(rename = "place")]
    pub source: Source,
    /// The node of the backward pass that called it, such as `AddmmBackward0`.
    pub node: Option<String>,
    /// The line of the forward operation that the node belongs to.
    pub forward: Option<Source>,
}

/// Compares two lists, read with the same `digests`.
pub fn compare(script: &List, port: &List, digests: &Digests) -> Outcome {
    let known = [Known::of(script, digests.count()), Known::of(port, digests.count())];
    let leaves = parting(port, &known[0], Whose::Port);
    let lacks = parting(script, &known[1], Whose::Script);
    let programs = [&script.program, &port.program];
    Outcome {
        finding: finding(script, port, &lacks, &leaves),
        script: side(script, &lacks),
        port: side(port, &leaves),
        environment: environment(programs),
        notes: [("script", script), ("port", port)].into_iter().filter_map(cut_off).collect(),
    }
}

fn cut_off((name, list): (&str, &List)) -> Option<String> {
    let note =
        format!("the {name}'s list ends before the program did: what came later was not compared");
    (!list.program.whole).then_some(note)
}

fn side(list: &List, parting: &Parting) -> Side {
    Side {
        program: list.program.clone(),
        operations: list.operations.len(),
        known: parting.known,
        another_way: parting.another_way,
        different: parting.different,
    }
}

fn finding(script: &List, port: &List, lacks: &Parting, leaves: &Parting) -> Option<Finding> {
    let finder = Finder::default();
    let first = lacks.origins.first().copied();
    let Some(&at) = leaves.origins.first() else {
        let at = first?;
        return Some(Finding {
            port: None,
            script: Some(spot(script, at, &finder)),
            differs: vec!["the script does this, and the port does not".to_owned()],
            missing: Vec::new(),
            pitfalls: Vec::new(),
        });
    };
    let theirs = counterpart(port, at, script, first);
    let calls = |it: usize| Call::of(script, &script.operations[it]);
    let ours = Call::of(port, &port.operations[at]);
    let drawn = [theirs.and_then(|it| drawn_from(script, it)), drawn_from(port, at)];
    let differs = match theirs {
        Some(_) if matches!(drawn, [Some(a), Some(b)] if a != b) => vec![
            "the generator is in a state in which the script never draws: another seed, \
             or other draws before"
                .to_owned(),
        ],
        Some(it) => differs(&calls(it), &ours, [&script.program, &port.program]),
        None => vec!["the script does nothing of the kind".to_owned()],
    };
    let missing = lacks.origins.iter().take(50).filter(|&&it| Some(it) != theirs);
    let mut spots: Vec<Spot> = Vec::new();
    let there = theirs.map(|it| spot(script, it, &finder));
    for spot in missing.map(|&it| spot(script, it, &finder)) {
        let known = there.iter().chain(&spots).any(|it| it.source == spot.source);
        if spots.len() < 3 && !known {
            spots.push(spot);
        }
    }
    Some(Finding {
        port: Some(spot(port, at, &finder)),
        script: there,
        differs,
        missing: spots,
        pitfalls: recognised([script, port], at, theirs, first),
    })
}

fn spot(list: &List, at: usize, finder: &Finder) -> Spot {
    let operation = &list.operations[at];
    let call = Call::of(list, operation);
    let within = callers(list, at).map(|it| list.kind(&list.operations[it]).bare().to_owned());
    let gives = call.results.iter().filter_map(|it| it.tensor()?.first.clone()).take(2);
    Spot {
        number: at + 1,
        gives: gives.collect(),
        within: within.collect(),
        source: finder.source(list, operation),
        node: operation.node.map(|it| list.nodes[it.name as usize].clone()),
        forward: forward(list, at).map(|it| finder.source(list, &list.operations[it])),
        call: call.text(),
    }
}

/// The operation of the forward pass whose node called this one: the last that could
/// have made a node of that number.
fn forward(list: &List, at: usize) -> Option<usize> {
    let node = list.operations[at].node.filter(|it| it.sequence >= 0)?;
    list.operations[..at].iter().rposition(|it| {
        it.sequence == node.sequence && it.thread == node.thread && it.node.is_none()
    })
}
