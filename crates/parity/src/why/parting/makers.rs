//! Which operation made a tensor, as far as the other program lacks it.

use std::collections::HashMap;

use crate::why::list::Tensor;

/// Which operation made a tensor.
#[derive(Default)]
pub struct Makers {
    /// By values that the other program never has.
    by_value: HashMap<u32, u32>,
    /// By memory, the last operation that wrote there and whether its result is open.
    by_storage: HashMap<u64, (u32, u32, bool)>,
}

impl Makers {
    /// `at` gave it, or wrote to it.
    pub fn made(&mut self, output: &Tensor, at: u32, open: bool) {
        if open {
            self.by_value.insert(output.value, at);
        }
        self.by_storage.insert(output.storage, (at, output.value, open));
    }

    /// Memory that was given back, and is used for something else.
    pub fn forget(&mut self, fresh: &[Tensor]) {
        for tensor in fresh {
            self.by_storage.remove(&tensor.storage);
        }
    }

    /// The operation that last wrote `input` to its memory.
    pub fn last(&self, input: &Tensor) -> Option<u32> {
        let stored = self.by_storage.get(&input.storage);
        stored.filter(|it| it.1 == input.value).map(|it| it.0)
    }

    /// The operation with an open result that made `input`. Values that are known, of
    /// which `knows` tells, may
    /// come from anywhere: there it must have been written to the same memory.
    /// What a view is of may be memory that no operation has written to yet.
    pub fn of(&self, input: &Tensor, knows: impl Fn(u32) -> bool, by_view: bool) -> Option<u32> {
        let stored = self.by_storage.get(&input.storage);
        if knows(input.value) {
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
