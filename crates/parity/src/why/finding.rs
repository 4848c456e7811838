//! Where two programs part: the two operations, what differs between them, what explains
//! it, what is missing besides.

use super::blind;
use super::call::Call;
use super::causes::{self, Cause, left_out, made_by_none};
use super::counterpart::{callers, counterpart, drawn_from};
use super::differs::differs;
use super::forward::{forward, set_otherwise};
use super::known::Known;
use super::list::List;
use super::outcome::{Causing, Died, Finding, Spot};
use super::parting::Parting;
use super::pitfalls::recognised;
use super::source::Finder;

/// The finding, if the port leaves the script or leaves something out.
pub fn finding(
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
    let (theirs, at) = place([script, port], at, first);
    let mut differs = between(script, theirs, port, at);
    let is_one = differs.len() == 1;
    let unmade = made_by_none(port, at, known).filter(|_| theirs.is_some());
    let cause = theirs.and_then(|it| {
        let cause = || causes::cause([script, port], [it, at], unmade.is_some());
        left_out(script, it, first).or_else(|| if is_one { cause() } else { None })
    });
    let decided = leaves.decided.contains(&at).then(|| {
        "what comes of it is the script's again, but as whole numbers or truths alone".to_owned()
    });
    differs.extend(decided);
    differs.extend(unmade.map(|name| blind::made_by_none(&name)));
    let missing = missing(script, [theirs, cause.as_ref().and_then(|it| it.at[0])], lacks, &finder);
    let cause = cause.map(|Cause { what, at: [theirs, ours] }| Causing {
        what,
        script: theirs.map(|it| spot(script, it, &finder)),
        port: ours.map(|it| spot(port, it, &finder)),
    });
    Some(Finding {
        port: Some(spot(port, at, &finder)),
        script: theirs.map(|it| spot(script, it, &finder)),
        differs,
        cause,
        missing,
        pitfalls: recognised([script, port], at, theirs, first),
    })
}

/// The two operations to be named where the port leaves at `at`: these, or those of the
/// forward pass that make the difference of the backward pass.
fn place([script, port]: [&List; 2], at: usize, first: Option<usize>) -> (Option<usize>, usize) {
    let theirs = counterpart(port, at, script, first);
    let both = [theirs, Some(at)];
    let makers = theirs.and_then(|it| causes::cause([script, port], [it, at], false));
    let pairs = [Some(both), makers.map(|it| it.at)].into_iter().flatten();
    let set = pairs.into_iter().find_map(|it| set_otherwise([script, port], it));
    set.map_or((theirs, at), |[theirs, ours]| (Some(theirs), ours))
}

/// What else the script does first that the port never does, beside what is `told`. What
/// the backward pass makes of that is no other thing.
fn missing(script: &List, told: [Option<usize>; 2], lacks: &Parting, finder: &Finder) -> Vec<Spot> {
    let is_backward = |at: usize| script.operations[at].node.is_some();
    let mut told: Vec<Spot> =
        told.into_iter().flatten().map(|it| spot(script, it, finder)).collect();
    let (before, follows) = (told.len(), !told.iter().all(|it| it.node.is_some()));
    for &at in lacks.origins.iter().take(50).filter(|&&at| !(follows && is_backward(at))) {
        let spot = spot(script, at, finder);
        if told.len() < before + 3 && !told.iter().any(|it| it.source == spot.source) {
            told.push(spot);
        }
    }
    told.split_off(before)
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
pub fn died_out(
    script: &List,
    port: &List,
    leaves: &Parting,
    finding: Option<&Finding>,
) -> Option<Died> {
    let end = finding.and_then(|it| it.port.as_ref()).map_or(usize::MAX, |it| it.number - 1);
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
