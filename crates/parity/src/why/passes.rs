//! The pass of a training step that an operation belongs to, as far as autograd tells.

use std::collections::HashMap;

use super::list::List;

/// A pass of a training step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// What the backward pass went back through.
    Forward,
    /// What autograd calls.
    Backward,
    /// What is written over, and autograd does not follow, as an optimizer does it.
    Update,
    /// Any but the backward pass: what is not in place, such as a step of an optimizer,
    /// of an evaluation, or on the data.
    Open,
}

impl Pass {
    /// Whether an operation of this pass may stand where one of the other does.
    pub fn may_be(self, other: Self) -> bool {
        match [self, other] {
            [Self::Backward, other] | [other, Self::Backward] => other == Self::Backward,
            [Self::Forward, Self::Update] | [Self::Update, Self::Forward] => false,
            _ => true,
        }
    }
}

/// The pass of each operation; those within another belong to that one's.
pub fn passes(list: &List) -> Vec<Pass> {
    let mut passes = Vec::with_capacity(list.operations.len());
    // By thread and number of the node, the last operation that could have made it: one
    // that made none has the number of the next.
    let mut makers: HashMap<(u32, i64), usize> = HashMap::new();
    for (at, operation) in list.operations.iter().enumerate() {
        let is_update = list.kind(operation).in_place;
        passes.push(if is_update { Pass::Update } else { Pass::Open });
        match operation.node {
            Some(node) => {
                passes[at] = Pass::Backward;
                if let Some(maker) = makers.remove(&(node.thread, node.sequence)) {
                    passes[maker] = Pass::Forward;
                }
            }
            None if operation.sequence >= 0 => {
                makers.insert((operation.thread, operation.sequence), at);
            }
            None => {}
        }
    }
    passes
}

#[cfg(test)]
mod tests {
    use super::super::{Digests, read::parse};
    use super::*;

    #[test]
    fn what_autograd_went_back_through_is_of_the_forward_pass() {
        let text = "parity operations 1\n\
                    n\t0\taten::tanh\t\tself\n\
                    n\t1\taten::relu_\tw\tself\n\
                    n\t2\taten::tanh_backward\t\tgrad\n\
                    o\t0\t0\t0\t1\t4\t-\t-\t>\n\
                    o\t0\t1\t0\t1\t4\t-\t-\t>\n\
                    o\t0\t2\t0\t1\t-1\tTanhBackward0,4,1\t-\t>\n\
                    o\t0\t1\t0\t1\t5\t-\t-\t>\n";
        let list = parse(text.as_bytes().to_vec(), &mut Digests::default()).unwrap();
        let all = [Pass::Open, Pass::Forward, Pass::Backward, Pass::Update];
        assert_eq!(passes(&list), all);
        let foreign = |it: Pass| all.into_iter().filter(|&other| !it.may_be(other)).count();
        assert_eq!(all.map(foreign), [1, 2, 3, 2]);
    }
}
