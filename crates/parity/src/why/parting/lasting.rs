//! Memory that outlives backward passes and is written in place in between, as parameters
//! and what optimizers remember: it is what a training is for, and is kept at its end, even
//! if the program itself reads no more of it than how many answers were right.

use std::collections::HashMap;

use crate::why::list::{List, Operation};

/// Which memory lasts, for who goes from the beginning to the end.
#[derive(Default)]
pub struct Lasting {
    /// For each memory that was written in place, by which operation last, and whether a
    /// backward pass has come in between.
    written: HashMap<u64, (usize, bool)>,
    /// The last operation of a backward pass.
    backward: usize,
}

impl Lasting {
    /// Goes past the operation at `at`.
    pub fn pass(&mut self, list: &List, operation: &Operation, at: usize) {
        let kind = list.kind(operation);
        if kind.composite || kind.view {
            return;
        }
        if operation.node.is_some() {
            self.backward = at;
        }
        for output in list.outputs(operation) {
            // What a backward pass writes is a gradient; what is made anew was freed before.
            if !kind.in_place || operation.node.is_some() {
                self.written.remove(&output.storage);
                continue;
            }
            let before = self.written.get(&output.storage);
            let lasts = before.is_some_and(|&(it, lasts)| lasts || it < self.backward);
            self.written.insert(output.storage, (at, lasts));
        }
    }

    /// Marks the operations that wrote last to what lasts.
    pub fn mark(self, kept: &mut [bool]) {
        for (at, lasts) in self.written.into_values() {
            kept[at] = lasts;
        }
    }
}
