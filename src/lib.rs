//! A PyTorch lesson on activation functions, in Rust over libtorch, held to
//! the Python run bit for bit.
//!
//! Data's way: [`settings`] -> data -> model -> train ([`lesson`]) -> [`trace`]
//! -> [`export`] (CSV), [`plot`] (SVG), [`parity`] (report). No step reaches
//! back.
//!
//! | module | what is in it |
//! | --- | --- |
//! | [`cli`] | every flag; the doc comments are the help |
//! | [`settings`] | what a run depends on, checked |
//! | [`lesson`] | one file a section, twin of the file in `python_ref/` |
//! | [`fast`] | the training loop again, without autograd: the same bits, sooner |
//! | [`pytorch`] | the part of PyTorch that is written in Python, over tch |
//! | [`trace`] | what a run did: key -> tensor |
//! | [`parity`] | two traces -> report |
//! | [`python`] | finds the interpreter, runs the twin or a user's script |
//! | [`bench`] | both sides' time and memory |
//! | [`check`] | both runs -> report: the parity check as a whole |
//! | [`pitfalls`] | classic porting mistakes, each switched on alone, found and named |
//! | [`resync`] | lets both runs go on from the same values after each step |
//! | [`sweep`] | many seeds -> rows, statistics, the answer |
//! | [`export`], [`plot`], [`table`] | rows -> CSV, SVG, text |
//! | [`contact_sheet`] | pictures -> PNG |
//! | [`tabular`] | CSV -> trace, for `compare` |
//! | [`output`], [`progress`] | where results go, and what one sees meanwhile |
//!
//! Shapes: N samples, D features, H hidden units, C = 2 classes, T inputs of a
//! sequence. A comment such as `// (N, H)` stands where a tensor is born.
//! Everything is float32 on the CPU, but the P points of `curve` are float64;
//! labels are int64.

pub mod bench;
pub mod check;
pub mod cli;
pub mod contact_sheet;
pub mod export;
pub mod fast;
pub mod lesson;
pub mod output;
pub mod parity;
pub mod pitfalls;
pub mod plot;
pub mod progress;
pub mod python;
pub mod pytorch;
pub mod resync;
pub mod settings;
pub mod sweep;
pub mod table;
pub mod tabular;
pub mod trace;
