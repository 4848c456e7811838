//! Where one program leaves another: the first operation whose inputs the other knows,
//! whose result the other never has, and whose result matters.

mod died_out;
mod flow;
mod lasting;
mod makers;

pub use died_out::DiedOut;

use self::died_out::Dying;
use self::flow::{Flow, State};
use super::known::Known;
use super::list::List;

/// What came of going through all operations of a program.
#[derive(Debug, Default)]
pub struct Parting {
    /// The operations where it leaves the other, each from known inputs, in order.
    pub origins: Vec<usize>,
    /// Of these, those that come to the other's results again, but as whole numbers or
    /// truths alone, as by `argmax`.
    pub decided: Vec<usize>,
    /// Those that give another result than the other's counterpart, from which only
    /// known results are computed, in order.
    pub died_out: Vec<DiedOut>,
    /// Operations whose results the other has.
    pub known: usize,
    /// Operations whose results it has not, from which only known ones are computed:
    /// another way to the same bits.
    pub another_way: usize,
    /// Operations whose results it has not, and that matter.
    pub different: usize,
}

/// Whose list is gone through.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// What is to be done.
    Script,
    /// What is held to it.
    Port,
}

/// Goes through `list` with what the other program knows.
pub fn parting(list: &List, other: &Known, side: Whose) -> Parting {
    let flow = Flow::of(list, other, side);
    let mut parting = Parting::default();
    let mut dying = Dying::new(list, other);
    for (at, operation) in list.operations.iter().enumerate() {
        let kind = list.kind(operation);
        if kind.composite || kind.fresh || list.outputs(operation).is_empty() {
            continue;
        }
        dying.pass(at, &flow);
        // A view computes nothing, and what it looks at may be memory that nobody has
        // written to yet, which is another in each run.
        if kind.view {
            continue;
        }
        match flow.states[at] {
            State::Fine => parting.known += 1,
            State::Open => parting.another_way += 1,
            State::Matters => {
                parting.different += 1;
                // What ran inside it is a part of it, or took what its kernel made of this.
                let is_inside = |&it: &u32| is_called_by(list, it as usize, at);
                if !flow.follows[at] || !flow.taken.inputs(at).iter().all(is_inside) {
                    leave_inner(&mut parting.origins, list, at);
                }
                if !flow.follows[at] {
                    parting.origins.push(at);
                }
            }
        }
    }
    let (decided, died_out): (Vec<_>, _) =
        dying.died_out().into_iter().partition(|it| it.only_decided);
    let results = |of: &[DiedOut]| of.iter().map(|it| it.results).sum::<usize>();
    parting.another_way -= results(&decided) + results(&died_out);
    parting.different += results(&decided);
    parting.decided = decided.iter().map(|it| it.at).collect();
    parting.origins.extend(&parting.decided);
    parting.origins.sort_unstable();
    parting.died_out = died_out;
    parting
}

/// Leaves out those that the operation at `at` called itself.
fn leave_inner(origins: &mut Vec<usize>, list: &List, at: usize) {
    while origins.last().is_some_and(|&it| is_called_by(list, it, at)) {
        origins.pop();
    }
}

/// Whether the operation `inner` ran inside `outer`, which ends later.
fn is_called_by(list: &List, inner: usize, outer: usize) -> bool {
    let of = &list.operations[outer];
    list.operations[inner].thread == of.thread
        && list.operations[inner..outer]
            .iter()
            .all(|it| it.thread != of.thread || it.depth > of.depth)
}
