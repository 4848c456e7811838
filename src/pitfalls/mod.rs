//! The classic mistakes of porting training code, each switched on alone in
//! the otherwise right run, found and named.
//!
//! A mistake is one entry in one of the lists below: its parts, and everything
//! that is said of it anywhere.

mod adam;
mod adam_rule;
mod cnn;
mod cnn_run;
mod data;
mod finding;
mod fused_adam;
mod gpt;
mod gpt_run;
mod init;
mod network;
mod optimizer;
mod port;
mod run;
mod tabled;
mod tch_adam;
mod words;

use adam_rule::Rule;
pub use cnn_run::Cnn;
pub use finding::{Finding, Noticed, examine};
pub use gpt_run::Gpt;
pub use port::Port;
use run::Net;
pub use run::Parts;
pub use tabled::{csv, json, markdown};
pub use words::{explanation, list, overview};

use crate::lesson::train::Train;

/// Every mistake, in the order in which they act on a run: those in the lesson's,
/// then those in the ports'.
pub fn all() -> impl Iterator<Item = &'static Pitfall> {
    let lesson =
        [data::MISTAKES, init::MISTAKES, network::MISTAKES, optimizer::MISTAKES, adam::MISTAKES];
    lesson.into_iter().chain([cnn::MISTAKES, gpt::MISTAKES]).flatten()
}

/// The lesson's right run, put together of the parts that mistakes replace: what
/// must not differ, or a mistake would be blamed for what its surroundings do.
pub fn controls() -> [(&'static str, Parts); 3] {
    [
        ("the run", Parts::RIGHT),
        ("the network", Parts { network: |s, a| Box::new(Net::right(s, a)), ..Parts::RIGHT }),
        ("Adam", Parts { optimizer: |params, lr| Rule::RIGHT.adam(params, lr), ..Parts::RIGHT }),
    ]
}

/// A mistake.
#[derive(Debug)]
pub struct Pitfall {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in a few words.
    pub mistake: &'static str,
    /// What makes people fall into it.
    pub origin: &'static str,
    /// What the code looks like.
    pub wrong: Code,
    /// What it should look like.
    pub right: Code,
    /// What diverges, and how it was found.
    pub found: &'static str,
    /// Where it must show.
    pub shows: Shows,
    /// The run with the mistake.
    pub parts: &'static dyn Port,
}

/// The same few lines twice.
#[derive(Debug)]
pub struct Code {
    /// In Rust, over tch or with this crate's twins of PyTorch's layers.
    pub rust: &'static str,
    /// In Python; the right ones of `cnn` and `gpt` stand in the twin.
    pub pytorch: &'static str,
}

/// At which settings a mistake shows; where it must and does not, the search
/// for it has failed.
#[derive(Clone, Copy, Debug)]
pub enum Shows {
    /// At all.
    Always,
    /// At those that hold; at others it may make no difference.
    Where {
        /// What they need, in words.
        needs: &'static str,
        /// Whether these have it.
        holds: fn(&Train) -> bool,
    },
    /// Only where chance has it.
    Rarely {
        /// Flags with which it does.
        example: &'static str,
    },
}

impl Shows {
    /// Where the parameters move, and not out of all bounds.
    const TRAINED: Self =
        Self::Where { needs: "an lr from 1e-5 to 1", holds: |s| (1e-5..=1.0).contains(&s.run.lr) };

    /// For mistakes that differ by rounding.
    const ROUNDED: Self = Self::Where {
        needs: "settings near the lesson's",
        holds: |s| {
            let sizes = s.run.samples.min(s.run.hidden) >= 16 && s.run.features >= 4;
            sizes && s.run.epochs >= 20 && (1e-3..=0.1).contains(&s.run.lr)
        },
    };

    /// Whether it must show at these settings.
    pub fn must(self, settings: &Train) -> bool {
        match self {
            Self::Always => true,
            Self::Where { holds, .. } => holds(settings),
            Self::Rarely { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::lesson::tests::Counter;

    /// What the bar goes by.
    #[test]
    fn every_port_tells_how_many_steps_it_takes() {
        let settings = Train::default();
        let ports: BTreeMap<_, _> = all().map(|it| (it.parts.name(), it.parts)).collect();
        let steps = ports.into_iter().map(|(name, port)| {
            let mut counter = Counter::default();
            port.train_right(&settings, &mut counter).unwrap();
            assert_eq!(counter.0, port.steps(&settings), "{name}");
            (name, counter.0)
        });
        assert_eq!(steps.collect::<Vec<_>>(), [("cnn", 12), ("gpt", 12), ("train", 150)]);
    }
}
