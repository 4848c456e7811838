//! Records a PyTorch script and its port, names the first place where they part,
//! and why. It loads no libtorch.
//!
//! | module | what is in it |
//! | --- | --- |
//! | [`compare`] | two records, or two tables -> what differs |
//! | [`report`], [`json`] | what was found -> JSON, Markdown, `JUnit`'s XML, a page of HTML |
//! | [`python`] | finds the interpreter, runs the recorder of scripts |
//! | [`check`] | a script and its port, both run, recorded and compared |
//! | [`ops`], [`why`] | every operation of any program on libtorch, and where two part |
//! | [`new`] | a port that starts out red, for a script of one's own |
//! | [`command`], [`program`] | the command line, and what is around it |
//! | [`output`], [`terminal`], [`progress`] | where results go, and what one sees meanwhile |
//! | [`plot`], [`text`] | panels of lines as SVG; numbers and tables as text |
//! | [`ending`], [`failure`] | endings that are not of our making, in one line |
//!
//! Imports run one way: command -> report -> check -> compare -> `parity_record`.

pub mod check;
pub mod command;
pub mod compare;
pub mod ending;
pub mod failure;
pub mod json;
pub mod new;
pub mod ops;
pub mod output;
pub mod plot;
pub mod program;
pub mod progress;
pub mod python;
pub mod report;
pub mod terminal;
pub mod text;
pub mod why;
