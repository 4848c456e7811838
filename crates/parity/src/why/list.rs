//! A list of operations as the comparison needs it: small, with the lines themselves
//! left in the file's text for whatever is reported.

use std::collections::HashMap;
use std::ops::Range;

/// All that one program did.
#[derive(Default)]
pub struct List {
    /// The file.
    pub text: Vec<u8>,
    /// What its first lines say.
    pub program: Program,
    /// The kinds of operations, by their number in this list.
    pub kinds: Vec<Kind>,
    /// Every operation, in the order in which they ended.
    pub operations: Vec<Operation>,
    /// The tensors of all operations, one after the other.
    pub tensors: Vec<Tensor>,
    /// The lines that called, as the file has them.
    pub sources: Sources,
    /// The nodes of the backward pass.
    pub nodes: Vec<String>,
}

/// Under which circumstances it ran.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Program {
    /// The release of libtorch.
    pub libtorch: String,
    /// How many threads an operation uses.
    pub threads: String,
    /// The instructions that its kernels use.
    pub cpu: String,
    /// Whether the list goes to the program's end.
    pub whole: bool,
    /// How the program ended, if not well, such as `exit status: 1`.
    pub ended: Option<String>,
}

impl Program {
    /// Whether it came to its end, and did not fail there.
    pub fn is_finished(&self) -> bool {
        self.whole && self.ended.is_none()
    }
}

/// What is known of an operation from its schema.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools)] // the flags of the format, each alone
pub struct Kind {
    /// `aten::lerp_.Scalar`.
    pub name: String,
    /// The names of its arguments.
    pub arguments: Vec<String>,
    /// It is made of other operations, which have the values.
    pub composite: bool,
    /// Its result is another look at its input.
    pub view: bool,
    /// Its result holds whatever was in memory before.
    pub fresh: bool,
    /// It takes the shape alone of its tensors, as `zeros_like` does.
    pub of_a_shape: bool,
    /// It draws from a generator.
    pub random: bool,
    /// The program reads the value itself.
    pub host: bool,
    /// It writes in place.
    pub in_place: bool,
}

/// One call of an operation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Operation {
    /// Where its line starts in the text.
    pub line: usize,
    /// The number of its kind.
    pub kind: u32,
    /// How many operations are under way that called it.
    pub depth: u16,
    /// It is a step of one that has values of its own.
    pub is_step: bool,
    /// The number of the line that called it, or the outermost of those.
    pub source: u32,
    /// The thread that it ran in, numbered by libtorch.
    pub thread: u32,
    /// The number of the node that autograd makes of it, or would.
    pub sequence: i64,
    /// The node of the backward pass that called it.
    pub node: Option<Node>,
    /// Name, scalars, shapes, inputs and the generator's state, all together; none if
    /// they do not determine the result.
    pub key: Option<u64>,
    /// The generator's state before a draw.
    pub generator: Option<u64>,
    first: u32,
    inputs: u32,
    outputs: u32,
}

/// A node of the backward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name's number.
    pub name: u32,
    /// The number of the forward operation that made it.
    pub sequence: i64,
    /// The thread of that operation.
    pub thread: u32,
}

/// A tensor as an operation took it or gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tensor {
    /// The number of its values, the same in all lists that share [`Digests`](super::Digests).
    pub value: u32,
    /// The memory that they were in.
    pub storage: u64,
    /// One value, or the same all over: it may come up by chance.
    pub weak: bool,
    /// That value is a round number, such as 0, 1 or a half.
    pub round: bool,
}

/// The lines that called.
#[derive(Default)]
pub struct Sources {
    /// Frames of Python: file, line, function.
    pub frames: HashMap<u32, (String, u32, String)>,
    /// Objects with machine code.
    pub objects: HashMap<u32, String>,
    /// Stacks of frames, innermost first.
    pub stacks: HashMap<u32, Vec<u32>>,
    /// Stacks of machine code: object and address in it, innermost first.
    pub calls: HashMap<u32, Vec<(u32, u64)>>,
}

impl List {
    /// What is known of it from its schema.
    pub fn kind(&self, operation: &Operation) -> &Kind {
        &self.kinds[operation.kind as usize]
    }

    /// The tensors with values that it took.
    pub fn inputs(&self, operation: &Operation) -> &[Tensor] {
        let first = operation.first as usize;
        &self.tensors[first..first + operation.inputs as usize]
    }

    /// The tensors that it gave, or wrote to.
    pub fn outputs(&self, operation: &Operation) -> &[Tensor] {
        let first = (operation.first + operation.inputs) as usize;
        &self.tensors[first..first + operation.outputs as usize]
    }

    /// For each operation, whether one of those that it ran inside of is such.
    pub fn inside(&self, is_such: impl Fn(usize) -> bool) -> Vec<bool> {
        let mut inside = vec![false; self.operations.len()];
        // For each thread, the operations around, from the outside in.
        let mut around: HashMap<u32, Vec<(u16, bool)>> = HashMap::new();
        for (at, operation) in self.operations.iter().enumerate().rev() {
            let around = around.entry(operation.thread).or_default();
            while around.last().is_some_and(|(depth, _)| *depth >= operation.depth) {
                around.pop();
            }
            inside[at] = around.last().is_some_and(|(_, such)| *such);
            around.push((operation.depth, inside[at] || is_such(at)));
        }
        inside
    }

    /// Finds out which operations are steps of others, once all are there.
    pub fn find_steps(&mut self) {
        let inside = self.inside(|at| !self.kind(&self.operations[at]).composite);
        self.operations.iter_mut().zip(inside).for_each(|(it, inside)| it.is_step = inside);
    }

    /// The line of an operation, without its end.
    pub fn line(&self, operation: &Operation) -> &str {
        let rest = &self.text[operation.line..];
        let end = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
        std::str::from_utf8(&rest[..end]).unwrap_or_default()
    }
}

impl Kind {
    /// `lerp_`: without namespace and overload.
    pub fn bare(&self) -> &str {
        bare(&self.name)
    }
}

/// `lerp_` of `aten::lerp_.Scalar`.
pub fn bare(name: &str) -> &str {
    let name = name.rsplit("::").next().unwrap_or_default();
    name.split('.').next().unwrap_or_default()
}

impl Operation {
    /// One without tensors so far.
    pub fn new(line: usize, kind: u32) -> Self {
        Self { line, kind, ..Self::default() }
    }

    /// One whose tensors are `inputs`, and `outputs` right behind.
    pub fn set_tensors(&mut self, inputs: Range<usize>, outputs: usize) {
        (self.first, self.inputs) = (inputs.start as u32, inputs.len() as u32);
        self.outputs = outputs as u32;
    }
}
