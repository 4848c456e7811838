//! What a program ever had: values, and results of operations on the same inputs.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::list::{List, Operation, Tensor};

/// All values of a program.
pub struct Known {
    /// For each value, where the program has it.
    has: Vec<Has>,
    /// For each key, the results that came of it.
    results: HashMap<u64, HashSet<u64>>,
    /// Operations with the tensors that they took, whatever their scalars were.
    on_tensors: HashSet<u64>,
    /// Operations with their results.
    makes: HashSet<u64>,
}

/// Where a program has a value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Has {
    Nowhere,
    /// As a step within an operation alone, such as the sum of which it makes the mean.
    Inside,
    Itself,
}

/// What the other program has that an operation stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counterpart {
    /// Nothing, as far as inputs tell.
    None,
    /// The same operation on the same tensors, with other scalars.
    OfSameTensors,
    /// The same operation on the same inputs.
    OfSameInputs,
}

/// How an operation's results stand to what the other program has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// All are known.
    Known,
    /// All are known, but round numbers, which come up by chance, or the inputs again.
    Chance,
    /// One or more the other never has.
    Unknown,
    /// The same operation on the same inputs gives others there, even if these are
    /// known, by chance.
    Other,
}

impl Known {
    /// What `list` has, of `values` in all.
    pub fn of(list: &List, values: usize) -> Self {
        let mut has = vec![Has::Nowhere; values];
        for operation in &list.operations {
            let here = if operation.is_step { Has::Inside } else { Has::Itself };
            for tensor in list.inputs(operation).iter().chain(list.outputs(operation)) {
                let had = &mut has[tensor.value as usize];
                *had = here.max(*had);
            }
        }
        let mut results: HashMap<u64, HashSet<u64>> = HashMap::new();
        let (mut on_tensors, mut makes) = (HashSet::new(), HashSet::new());
        for operation in &list.operations {
            if let Some(key) = operation.key {
                results.entry(key).or_default().insert(result(list, operation));
                on_tensors.extend(tensors(list, operation));
                makes.insert(named(list, operation, result(list, operation)));
            }
        }
        Self { has, results, on_tensors, makes }
    }

    /// Whether the program ever had it.
    pub fn has(&self, value: u32) -> bool {
        self.has[value as usize] != Has::Nowhere
    }

    /// Whether it has what an operation took or gave. What it has inside of an operation
    /// alone, it has for such steps, but not for what a program calls itself.
    pub fn has_for(&self, is_step: bool, value: u32) -> bool {
        self.has[value as usize] >= if is_step { Has::Inside } else { Has::Itself }
    }

    /// What the program has that an operation of `list`, which is the other program's,
    /// stands for.
    pub fn counterpart(&self, list: &List, operation: &Operation) -> Counterpart {
        let Some(key) = operation.key else { return Counterpart::None };
        if self.results.contains_key(&key) {
            return Counterpart::OfSameInputs;
        }
        let same = tensors(list, operation).is_some_and(|it| self.on_tensors.contains(&it));
        if same { Counterpart::OfSameTensors } else { Counterpart::None }
    }

    /// Whether the same operation gives the same results in the program.
    pub fn makes(&self, list: &List, operation: &Operation) -> bool {
        self.makes.contains(&named(list, operation, result(list, operation)))
    }

    /// How the results of an operation of `list`, which is the other program's, stand.
    pub fn judge(&self, list: &List, operation: &Operation) -> Judged {
        let results = operation.key.and_then(|key| self.results.get(&key));
        if results.is_some_and(|it| !it.contains(&result(list, operation))) {
            return Judged::Other;
        }
        let (inputs, outputs) = (list.inputs(operation), list.outputs(operation));
        let is_same = results.is_some();
        if !outputs.iter().all(|it| self.has_for(operation.is_step || is_same, it.value)) {
            return Judged::Unknown;
        }
        let by_chance =
            |it: &Tensor| it.round || inputs.iter().any(|input| input.value == it.value);
        match results {
            None if outputs.iter().all(by_chance) => Judged::Chance,
            _ => Judged::Known,
        }
    }
}

/// The values of all results in one number.
fn result(list: &List, operation: &Operation) -> u64 {
    together(list.outputs(operation))
}

/// An operation and the values of the tensors that it took in one number, without
/// scalars and those that come up by chance; none if it took no others.
fn tensors(list: &List, operation: &Operation) -> Option<u64> {
    let strong = list.inputs(operation).iter().filter(|it| !it.weak);
    let has_some = strong.clone().next().is_some();
    has_some.then(|| named(list, operation, together(strong)))
}

fn together<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> u64 {
    tensors.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, it| {
        (hash ^ u64::from(it.value) ^ (hash >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    })
}

/// Of an operation of this name.
fn named(list: &List, operation: &Operation, of: u64) -> u64 {
    let mut hash = DefaultHasher::new();
    (&list.kind(operation).name, of).hash(&mut hash);
    hash.finish()
}
