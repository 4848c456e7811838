//! A PyTorch lesson on activation functions, in Rust over libtorch, held to the
//! Python run bit for bit by the library `torch_parity`.
//!
//! | module | what is in it |
//! | --- | --- |
//! | [`lesson`] | the experiments, a room for each, twin of the file in `python_ref/` |
//! | [`fast`] | the lesson's training loop without autograd: the same bits, sooner |
//! | [`python`] | finds the interpreter, runs the twin or a user's script |
//! | [`check`] | both runs -> report: the parity check as a whole |
//! | [`resync`] | lets both runs go on from the same values after each step |
//! | [`new`] | a port that starts out red, for a script of one's own |
//! | [`pitfalls`] | classic porting mistakes, each switched on alone, found and named |
//! | [`sweep`] | many seeds -> rows, statistics, the answer |
//! | [`bench`] | both sides' time and memory |
//! | [`report`] | what was found -> JSON, Markdown, `JUnit`'s XML, a page of HTML |
//! | [`export`], [`plot`] | rows -> CSV, SVG |
//! | [`output`], [`terminal`], [`progress`] | where results go, and what one sees meanwhile |
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
pub mod threads;
