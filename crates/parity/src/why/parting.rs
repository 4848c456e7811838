//! Where one program leaves another: the first operation whose inputs the other knows,
//! whose result the other never has, and whose result matters.

use std::collections::HashMap;

use super::known::{Judged, Known};
use super::list::{List, Operation, Tensor};

/// What came of going through all operations of a program.
#[derive(Debug, Default)]
pub struct Parting {
    /// The operations where it leaves the other, each from known inputs, in order.
    pub origins: Vec<usize>,
    /// Operations whose results the other has.
    pub known: usize,
    /// Operations whose results it has not, from which only known ones are computed:
    /// another way to the same bits.
    pub another_way: usize,
    /// Operations whose results it has not, and that matter.
    pub different: usize,
}

impl Parting {
    /// One more, and in place of those that it called itself.
    fn add(&mut self, list: &List, at: usize) {
        let depth = list.operations[at].depth;
        while self.origins.last().is_some_and(|&it| is_called_by(list, it, at, depth)) {
            self.origins.pop();
        }
        self.origins.push(at);
    }
}

/// Whether the operation `inner` ran inside `outer`, which ends later.
fn is_called_by(list: &List, inner: usize, outer: usize, depth: u16) -> bool {
    let thread = list.operations[outer].thread;
    list.operations[inner..outer].iter().all(|it| it.thread != thread || it.depth > depth)
}

/// What is wrong with an operation, as far as it is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Its results are known, or it has none.
    Fine,
    /// They are not, or not from these inputs; whether that matters is told by what is
    /// computed from them.
    Open,
    /// It matters.
    Matters,
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
    for (at, operation) in list.operations.iter().enumerate() {
        let kind = list.kind(operation);
        if kind.composite || kind.fresh || list.outputs(operation).is_empty() {
            continue;
        }
        match flow.states[at] {
            State::Fine => parting.known += 1,
            State::Open => parting.another_way += usize::from(!kind.view),
            State::Matters => {
                parting.different += 1;
                if !kind.view && !flow.follows[at] {
                    parting.add(list, at);
                }
            }
        }
    }
    parting
}

/// Which results go where.
struct Flow {
    states: Vec<State>,
    /// For each operation, whether it takes a result that matters.
    follows: Vec<bool>,
}

/// For each operation, those before it whose open results it takes.
#[derive(Default)]
struct Taken {
    /// As its inputs.
    inputs: Vec<Vec<u32>>,
    /// From the operations that it called.
    inside: Vec<Vec<u32>>,
}

impl Flow {
    fn of(list: &List, other: &Known, side: Whose) -> Self {
        let count = list.operations.len();
        let mut states = vec![State::Fine; count];
        let mut makers = Makers::default();
        let mut taken = Taken { inputs: vec![Vec::new(); count], inside: vec![Vec::new(); count] };
        for (at, operation) in list.operations.iter().enumerate() {
            let kind = list.kind(operation);
            if kind.fresh {
                makers.forget(list.outputs(operation));
            }
            if kind.composite || kind.fresh {
                continue;
            }
            let from = &mut taken.inputs[at];
            from.extend(
                list.inputs(operation).iter().filter_map(|it| makers.of(it, other, kind.view)),
            );
            from.sort_unstable();
            from.dedup();
            taken.inside[at] = open_inside(list, at, &states);
            let judged = other.judge(list, operation);
            let is_open = match judged {
                // Another look at what is open is open, too.
                Judged::Known => kind.view && !from.is_empty(),
                Judged::Chance => !from.is_empty(),
                Judged::Other => true,
                Judged::Unknown => !from.is_empty() || !is_argument(list, operation, side),
            };
            if is_open {
                states[at] = State::Open;
            }
            let is_new = is_open && !(kind.view && from.is_empty());
            if is_new || !kind.view {
                for output in list.outputs(operation) {
                    makers.made(output, at as u32, is_new);
                }
            }
        }
        let follows = settle(list, &mut states, &taken, side);
        Self { states, follows }
    }
}

/// The operations that this one called whose results are open.
fn open_inside(list: &List, at: usize, states: &[State]) -> Vec<u32> {
    let outer = &list.operations[at];
    let before = list.operations[..at].iter().enumerate().rev();
    let inside = before.take_while(|(_, it)| it.thread != outer.thread || it.depth > outer.depth);
    let open = inside.filter(|(it, _)| states[*it] == State::Open).map(|(it, _)| it as u32);
    open.collect()
}

/// Whether a result is made of nothing but constants, such as zeros, or a number that
/// came from the host: an argument of what takes it, not something computed. So is, on
/// the script's side, what is made of no tensor at all, and may be made otherwise.
fn is_argument(list: &List, operation: &Operation, side: Whose) -> bool {
    let bare = list.kind(operation).bare();
    let of_a_shape = bare.ends_with("_like") || bare.starts_with("new_");
    let inputs = if of_a_shape { &[] } else { list.inputs(operation) };
    let constant = inputs.iter().chain(list.outputs(operation)).all(|it| it.weak);
    constant || (side == Whose::Script && inputs.is_empty())
}

/// From the end to the beginning: an open result matters if the program reads it
/// itself, if nothing takes it (then it is read unseen, or kept), or if something that
/// matters takes it. What the script alone computes and nothing takes was for nothing,
/// such as a gradient that is thrown away, unless it was written in place by other than
/// the backward pass, as parameters are.
/// Tells which operations take results that matter.
fn settle(list: &List, states: &mut [State], taken: &Taken, side: Whose) -> Vec<bool> {
    let mut is_taken = vec![false; states.len()];
    let mut matters = vec![false; states.len()];
    for at in (0..states.len()).rev() {
        let kind = list.kind(&list.operations[at]);
        let is_state = kind.in_place && list.operations[at].node.is_none();
        let is_kept = !is_taken[at] && !kind.view && (side == Whose::Port || is_state);
        if states[at] == State::Open && (matters[at] || is_kept) {
            states[at] = State::Matters;
        }
        for &from in taken.inputs[at].iter().chain(&taken.inside[at]) {
            // Looking alone takes nothing.
            is_taken[from as usize] |= !kind.view || is_taken[at];
            matters[from as usize] |= kind.host || states[at] == State::Matters;
        }
    }
    let follows = |from: &Vec<u32>| from.iter().any(|&it| states[it as usize] == State::Matters);
    taken.inputs.iter().map(follows).collect()
}

/// Which operation made a tensor.
#[derive(Default)]
struct Makers {
    /// By values that the other program never has.
    by_value: HashMap<u32, u32>,
    /// By memory, the last operation that wrote there and whether its result is open.
    by_storage: HashMap<u64, (u32, u32, bool)>,
}

impl Makers {
    fn made(&mut self, output: &Tensor, at: u32, open: bool) {
        if open {
            self.by_value.insert(output.value, at);
        }
        self.by_storage.insert(output.storage, (at, output.value, open));
    }

    /// Memory that was given back, and is used for something else.
    fn forget(&mut self, fresh: &[Tensor]) {
        for tensor in fresh {
            self.by_storage.remove(&tensor.storage);
        }
    }

    /// The operation with an open result that made `input`. Values that are known may
    /// come from anywhere: there it must have been written to the same memory.
    /// What a view is of may be memory that no operation has written to yet.
    fn of(&self, input: &Tensor, other: &Known, by_view: bool) -> Option<u32> {
        let stored = self.by_storage.get(&input.storage);
        if other.has(input.value) {
            let &(at, value, open) = stored?;
            return (open && value == input.value).then_some(at);
        }
        match self.by_value.get(&input.value) {
            Some(&at) => Some(at),
            // A number that came from the host may lie where an open result was.
            None if by_view || input.weak => None,
            // Written through a view of it, such as a slice.
            None => stored.and_then(|&(at, _, open)| open.then_some(at)),
        }
    }
}
