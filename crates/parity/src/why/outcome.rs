//! Two lists in, one outcome out: where they part, what stands there on both sides,
//! what differs, what is missing.

use serde::Serialize;

use super::blind;
use super::call::Call;
use super::causes::{self, Cause};
use super::counterpart::{callers, counterpart, drawn_from};
use super::differs::{differs, environment};
use super::digests::Digests;
use super::known::Known;
use super::list::{List, Program};
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
    /// Differences of the port that died out, or those that came before they part.
    pub died_out: Option<Died>,
}

/// Differences that died out: what is computed from them is the script's again.
#[derive(Debug, Serialize)]
pub struct Died {
    /// The port's first operation that gives another result than the script's.
    pub port: Spot,
    /// The script's.
    pub script: Option<Spot>,
    /// What differs between the two, in words.
    pub differs: Vec<String>,
    /// How many results differ, this one among them.
    pub results: usize,
    /// How many operations later the last of these is.
    pub after: usize,
    /// How many such differences there are besides.
    pub more: usize,
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
    /// How many differ from the other's, and died out.
    pub died_out: usize,
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
    /// Two operations before these that explain it, with what they are, in words.
    pub cause: Option<Causing>,
    /// What the script computes from the same values, that the port never does.
    pub missing: Vec<Spot>,
    /// The mistakes of the catalogue that it looks like.
    pub pitfalls: Vec<Recognised>,
}

/// Two operations that explain why two later ones differ.
#[derive(Debug, Serialize)]
pub struct Causing {
    /// What they are, such as `where self comes from`.
    pub what: String,
    /// The script's.
    pub script: Option<Spot>,
    /// The port's.
    pub port: Option<Spot>,
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

impl Outcome {
    /// The programs that did not come to their end, or failed there: what they would have
    /// done then, nobody knows.
    pub fn unfinished(&self) -> Vec<&'static str> {
        let sides = [("script", &self.script), ("port", &self.port)];
        let sides = sides.into_iter().filter(|(_, it)| !it.program.is_finished());
        sides.map(|(name, _)| name).collect()
    }
}

/// Compares two lists, read with the same `digests`.
pub fn compare(script: &List, port: &List, digests: &Digests) -> Outcome {
    let known = [Known::of(script, digests.count()), Known::of(port, digests.count())];
    let leaves = parting(port, &known[0], Whose::Port);
    let lacks = parting(script, &known[1], Whose::Script);
    let programs = [&script.program, &port.program];
    let finding = finding(script, port, &known[0], [&lacks, &leaves]);
    // What a port that was cut off lacks, it may have been about to do.
    let finding = finding.filter(|it| it.port.is_some() || port.program.is_finished());
    let sides = [("script", script), ("port", port)];
    let mut notes: Vec<_> =
        sides.iter().flat_map(|(name, list)| blind::notes(name, list)).collect();
    if let Some(Finding { script: theirs, port: ours, .. }) = &finding {
        let spots = sides.into_iter().zip([theirs, ours]);
        notes.extend(spots.filter_map(|((name, list), spot)| {
            blind::without_lines(name, list, &spot.as_ref()?.source)
        }));
    }
    Outcome {
        died_out: died_out(script, port, &leaves),
        finding,
        script: side(script, &lacks),
        port: side(port, &leaves),
        environment: environment(programs),
        notes,
    }
}

fn side(list: &List, parting: &Parting) -> Side {
    Side {
        program: list.program.clone(),
        operations: list.operations.len(),
        known: parting.known,
        another_way: parting.another_way,
        died_out: parting.died_out.iter().map(|it| it.results).sum(),
        different: parting.different,
    }
}

fn finding(
    script: &List,
    port: &List,
    known: &Known,
    [lacks, leaves]: [&Parting; 2],
) -> Option<Finding> {
    let finder = Finder::default();
    let first = lacks.origins.first().copied();
    let Some(&at) = leaves.origins.first() else {
        let at = first?;
        return Some(Finding {
            port: None,
            script: Some(spot(script, at, &finder)),
            differs: vec!["the script does this, and the port does not".to_owned()],
            cause: None,
            missing: Vec::new(),
            pitfalls: Vec::new(),
        });
    };
    let theirs = counterpart(port, at, script, first);
    let missing = lacks.origins.iter().take(50).filter(|&&it| Some(it) != theirs);
    let mut spots: Vec<Spot> = Vec::new();
    let there = theirs.map(|it| spot(script, it, &finder));
    for spot in missing.map(|&it| spot(script, it, &finder)) {
        let known = there.iter().chain(&spots).any(|it| it.source == spot.source);
        if spots.len() < 3 && !known {
            spots.push(spot);
        }
    }
    let mut differs = between(script, theirs, port, at);
    let is_one = differs.len() == 1;
    differs.extend(blind::made_by_none(port, at, known).filter(|_| theirs.is_some()));
    let cause = theirs.filter(|_| is_one);
    let cause = cause.and_then(|it| causes::cause([script, port], [it, at], known));
    let cause = cause.map(|Cause { what, at: [theirs, ours] }| Causing {
        what,
        script: theirs.map(|it| spot(script, it, &finder)),
        port: ours.map(|it| spot(port, it, &finder)),
    });
    Some(Finding {
        port: Some(spot(port, at, &finder)),
        script: there,
        differs,
        cause,
        missing: spots,
        pitfalls: recognised([script, port], at, theirs, first),
    })
}

/// What differs between the script's operation, if there is one, and the port's at `at`.
fn between(script: &List, theirs: Option<usize>, port: &List, at: usize) -> Vec<String> {
    let Some(theirs) = theirs else {
        return vec!["the script does nothing of the kind".to_owned()];
    };
    if matches!([drawn_from(script, theirs), drawn_from(port, at)], [Some(a), Some(b)] if a != b) {
        return vec![
            "the generator is in a state in which the script never draws: another seed, \
             or other draws before"
                .to_owned(),
        ];
    }
    let [theirs, ours] = [(script, theirs), (port, at)]
        .map(|(list, at): (&List, usize)| Call::of(list, &list.operations[at]));
    differs(&theirs, &ours, [&script.program, &port.program])
}

/// The first difference that died out before they part, and how many there are.
fn died_out(script: &List, port: &List, leaves: &Parting) -> Option<Died> {
    let end = leaves.origins.first().copied().unwrap_or(usize::MAX);
    let first = leaves.died_out.first().filter(|it| it.at < end)?;
    let finder = Finder::default();
    let theirs = counterpart(port, first.at, script, None);
    Some(Died {
        port: spot(port, first.at, &finder),
        script: theirs.map(|it| spot(script, it, &finder)),
        differs: between(script, theirs, port, first.at),
        results: first.results,
        after: first.last - first.at,
        more: leaves.died_out.iter().filter(|it| it.at < end).count() - 1,
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
