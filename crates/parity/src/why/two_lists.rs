//! Two lists of operations in, one outcome out.

use super::blind;
use super::differs::environment;
use super::digests::Digests;
use super::finding::{died_out, finding};
use super::known::Known;
use super::list::List;
use super::outcome::{Finding, Outcome, Side};
use super::parting::{Parting, Whose, parting};

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
        died_out: died_out(script, port, &leaves, finding.as_ref()),
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
