//! What a step was taken with, kept while somebody records.

use std::cell::Cell;

use tch::Tensor;

use super::Setting;

/// What one group of parameters is set to, under PyTorch's names.
pub type Group = Vec<(&'static str, Setting)>;

/// What a step was taken with. A recorder is told of the step later, and by then the
/// gradients may be clipped or zeroed, the rates those of the next step.
#[derive(Debug)]
pub struct Taken {
    /// The gradients: copies, since they may be changed in place.
    pub grads: Vec<Option<Tensor>>,
    /// What each group was set to.
    pub groups: Vec<Group>,
}

thread_local! {
    /// How many recorders are on in this thread.
    static RECORDERS: Cell<usize> = const { Cell::new(0) };
}

/// Whether somebody records in this thread.
pub(super) fn is_recorded() -> bool {
    RECORDERS.get() > 0
}

/// While there is one, steps keep what they are taken with.
#[derive(Debug)]
pub(crate) struct Recorded(());

impl Recorded {
    pub fn begin() -> Self {
        RECORDERS.set(RECORDERS.get() + 1);
        Self(())
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        RECORDERS.set(RECORDERS.get() - 1);
    }
}
