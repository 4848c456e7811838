//! What comes of comparing two lists: where they part, what stands there on both sides,
//! what differs, what is missing.

use serde::Serialize;

use super::list::Program;
use super::pitfalls::Recognised;
use super::source::Source;

/// What came of comparing two lists of operations.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// What the programs ran on.
    pub script: Side,
    /// As `script`.
    pub port: Side,
    /// What differs in what they ran on.
    pub environment: Vec<String>,
    /// What else is to be known before it is believed: an end that came too early.
    pub notes: Vec<String>,
    /// Where they part; none if they do not.
    pub finding: Option<Finding>,
    /// Differences of the port that died out, or those that came before they part.
    pub died_out: Option<Died>,
}

/// Differences that died out: what is computed from them is the script's again.
#[derive(Debug, Serialize)]
pub struct Died {
    /// The port's first operation that gives another result than the script's.
    pub port: Spot,
    /// The script's.
    pub script: Option<Spot>,
    /// What differs between the two, in words.
    pub differs: Vec<String>,
    /// How many results differ, this one among them.
    pub results: usize,
    /// How many operations later the last of these is.
    pub after: usize,
    /// How many such differences there are besides.
    pub more: usize,
}

/// One of the programs.
#[derive(Debug, Serialize)]
pub struct Side {
    /// What it ran on.
    pub program: Program,
    /// How many operations it called, with those that these called.
    pub operations: usize,
    /// How many of its results the other has.
    pub known: usize,
    /// How many it computed on another way to what the other has.
    pub another_way: usize,
    /// How many differ from the other's, and died out.
    pub died_out: usize,
    /// How many the other never has.
    pub different: usize,
}

/// Where two programs part.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// The port's first operation that gives what the script never has; none if the
    /// port only leaves things out.
    pub port: Option<Spot>,
    /// What stands there in the script.
    pub script: Option<Spot>,
    /// What differs between the two, in words.
    pub differs: Vec<String>,
    /// Two operations before these that explain it, with what they are, in words.
    pub cause: Option<Causing>,
    /// What the script computes from the same values, that the port never does.
    pub missing: Vec<Spot>,
    /// The mistakes of the catalogue that it looks like.
    pub pitfalls: Vec<Recognised>,
}

/// Two operations that explain why two later ones differ.
#[derive(Debug, Serialize)]
pub struct Causing {
    /// What they are, such as `where self comes from`.
    pub what: String,
    /// The script's.
    pub script: Option<Spot>,
    /// The port's.
    pub port: Option<Spot>,
}

/// One operation of one program.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spot {
    /// Its number among the program's, from 1.
    pub number: usize,
    /// The operation with its arguments.
    pub call: String,
    /// The first values of its results.
    pub gives: Vec<String>,
    /// The operations that called it, from the inside out.
    pub within: Vec<String>,
    /// The line that called it.
    #[serde(rename = "place")]
    pub source: Source,
    /// The node of the backward pass that called it, such as `AddmmBackward0`.
    pub node: Option<String>,
    /// The line of the forward operation that the node belongs to.
    pub forward: Option<Source>,
}

impl Outcome {
    /// The programs that did not come to their end, or failed there: what they would have
    /// done then, nobody knows.
    pub fn unfinished(&self) -> Vec<&'static str> {
        let sides = [("script", &self.script), ("port", &self.port)];
        let sides = sides.into_iter().filter(|(_, it)| !it.program.is_finished());
        sides.map(|(name, _)| name).collect()
    }
}
