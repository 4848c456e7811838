//! A PyTorch lesson on activation functions, in Rust over libtorch, written with
//! `torch_parity` and compared with the Python run bit for bit by `parity`.
//!
//! | module | what is in it |
//! | --- | --- |
//! | [`lesson`] | the experiments, a room for each, twin of the file in `python_ref/` |
//! | [`fast`] | the lesson's training loop without autograd: the same bits, sooner |
//! | [`python`] | the twins: run alone, several in one process, or asked line by line |
//! | [`check`] | our run and the twin's, or a copy's of the script, compared |
//! | [`resync`] | lets both runs go on from the same values after each step |
//! | [`pitfalls`] | classic porting mistakes, each switched on alone, found and named |
//! | [`sweep`] | many seeds -> rows, statistics, the answer |
//! | [`bench`] | both sides' time and memory |
//! | [`report`] | the page of all experiments |
//! | [`export`], [`text`] | rows -> CSV; rounded numbers and paragraphs as text |
//! | [`progress`] | what one sees while a run of ours goes on |
//! | [`threads`] | what there is to do before libtorch runs on several threads |
//!
//! The commands, with their flags, stand in `src/command/`. Imports run one way:
//! command -> report -> check, pitfalls, sweep, bench -> lesson -> fast -> `torch_parity`.
//!
//! Shapes: N samples, D features, H hidden units, C = 2 classes, T inputs of a
//! sequence. A comment such as `// (N, H)` stands where a tensor is born.
//! Everything is float32 on the CPU, but the P points of `curve` are float64;
//! labels are int64.

pub mod bench;
pub mod check;
pub mod export;
pub mod fast;
pub mod lesson;
pub mod pitfalls;
pub mod progress;
pub mod python;
pub mod report;
pub mod resync;
pub mod sweep;
pub mod text;
pub mod threads;
