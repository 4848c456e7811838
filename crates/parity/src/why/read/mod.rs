//! Reads a list of operations: one pass over its bytes.

mod word;

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hasher};
use std::path::Path;

use anyhow::{Context, Result, ensure};

use self::word::{address, has_values, memory, number, unquoted};
use super::digests::Digests;
use super::list::{Kind, List, Node, Operation, Tensor, bare};

const FIRST: &[u8] = b"parity operations 1\n";

/// Reads a list; digests get the same numbers in all lists that share `digests`.
pub fn read(path: &Path, digests: &mut Digests) -> Result<List> {
    let text =
        std::fs::read(path).with_context(|| format!("{}: cannot read it", path.display()))?;
    parse(text, digests).with_context(|| path.display().to_string())
}

/// As [`read`], of text.
pub fn parse(mut text: Vec<u8>, digests: &mut Digests) -> Result<List> {
    ensure!(
        text.starts_with(FIRST),
        "not a list of operations of this release: make it with `parity why --save`"
    );
    // A program that was killed leaves zeros behind its last line, or half a line.
    let end = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
    let end = text[..end].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    text.truncate(end);
    let mut reader = Reader {
        digests,
        list: List::default(),
        node_numbers: HashMap::new(),
        drew: HashMap::new(),
        compiles: HashSet::new(),
    };
    let mut at = FIRST.len();
    while at < text.len() {
        let rest = &text[at..];
        let length = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
        reader.line(&rest[..length], at).with_context(|| format!("damaged at byte {at}"))?;
        at += length + 1;
    }
    let mut list = List { text, ..reader.list };
    list.find_steps();
    Ok(list)
}

struct Reader<'a> {
    digests: &'a mut Digests,
    /// What was read so far.
    list: List,
    node_numbers: HashMap<String, u32>,
    /// For each thread, the states from which operations of this depth drew numbers that
    /// the one that called them has not claimed yet.
    drew: HashMap<u32, Vec<u64>>,
    /// The stacks from which a compiler tried operations out, which the program did not
    /// call.
    compiles: HashSet<u32>,
}

impl Reader<'_> {
    fn line(&mut self, line: &[u8], at: usize) -> Result<()> {
        let line = std::str::from_utf8(line).context("not UTF-8")?;
        let mut words = line.split('\t');
        let List { sources, program, .. } = &mut self.list;
        match words.next().unwrap_or_default() {
            "o" => self.operation(words, at)?,
            "n" => self.kind(words)?,
            "f" => {
                let id = number(words.next())?;
                let (file, line) = (unquoted(words.next()), number(words.next())?);
                sources.frames.insert(id, (file, line, unquoted(words.next())));
            }
            "m" => {
                sources.objects.insert(number(words.next())?, unquoted(words.next()));
            }
            "s" => {
                let id = number(words.next())?;
                let frames: Vec<_> = words.map(|it| number(Some(it))).collect::<Result<_>>()?;
                if frames.iter().any(|it| sources.frames.get(it).is_some_and(is_compiler)) {
                    self.compiles.insert(id);
                }
                sources.stacks.insert(id, frames);
            }
            "a" => {
                let id = number(words.next())?;
                sources.calls.insert(id, words.map(address).collect::<Result<_>>()?);
            }
            "libtorch" => words.next().unwrap_or_default().clone_into(&mut program.libtorch),
            "threads" => words.next().unwrap_or_default().clone_into(&mut program.threads),
            "cpu" => words.next().unwrap_or_default().clone_into(&mut program.cpu),
            "end" => program.whole = true,
            "ended" => program.ended = words.next().map(str::to_owned),
            _ => {}
        }
        Ok(())
    }

    fn kind<'w>(&mut self, mut words: impl Iterator<Item = &'w str>) -> Result<()> {
        let id: u32 = number(words.next())?;
        ensure!(id as usize == self.list.kinds.len(), "an operation's kind is missing");
        let name = words.next().context("a kind without a name")?.to_owned();
        let flags = words.next().unwrap_or_default();
        let has = |flag| flags.contains(flag);
        let bare = bare(&name);
        let of_a_shape = bare.ends_with("_like") || bare.starts_with("new_");
        self.list.kinds.push(Kind {
            name,
            arguments: words.map(str::to_owned).collect(),
            composite: has('c'),
            view: has('v'),
            fresh: has('e'),
            of_a_shape,
            random: has('r'),
            host: has('h'),
            in_place: has('w') || has('o'),
        });
        Ok(())
    }

    fn operation<'w>(&mut self, mut words: impl Iterator<Item = &'w str>, at: usize) -> Result<()> {
        let depth = number(words.next())?;
        let id = number(words.next())?;
        let kind = self.list.kinds.get(id as usize).context("an operation of no kind")?;
        let (fresh, mut determined) = (kind.fresh, !kind.composite && !kind.fresh);
        let mut it = Operation::new(at, id);
        it.depth = depth;
        it.source = number(words.next())?;
        if self.compiles.contains(&it.source) {
            return Ok(());
        }
        it.thread = number(words.next())?;
        it.sequence = number(words.next())?;
        it.node = self.node(words.next().context("an operation without a node")?)?;
        let state = words.next().context("an operation without a generator")?;
        it.generator = u64::from_str_radix(state, 16).ok();

        let mut key = DefaultHasher::new();
        key.write(self.list.kinds[id as usize].name.as_bytes());
        key.write(state.as_bytes());
        let first = self.list.tensors.len();
        for word in words.by_ref().take_while(|&word| word != ">") {
            // What is only written to, or was in fresh memory, determines nothing.
            determined &= word.starts_with('!') || has_values(word);
            self.word(word, Some(&mut key));
        }
        let middle = self.list.tensors.len();
        for word in words {
            if fresh {
                self.fresh(word);
            }
            self.word(word, None);
            determined &= fresh || has_values(word);
        }
        it.set_tensors(first..middle, self.list.tensors.len() - middle);
        key.write_u64(self.drawn_inside(it.thread, depth, it.generator));
        it.key = determined.then(|| key.finish());
        self.list.operations.push(it);
        Ok(())
    }

    /// The states from which the operations that this one called drew numbers, in one
    /// number; 0 if none did.
    fn drawn_inside(&mut self, thread: u32, depth: u16, own: Option<u64>) -> u64 {
        let drew = self.drew.entry(thread).or_default();
        let depth = depth as usize;
        drew.resize(drew.len().max(depth + 2), 0);
        let inside = drew[depth + 1];
        drew[depth + 1..].fill(0);
        let drawn = own.unwrap_or_default() ^ inside;
        drew[depth] = drew[depth].rotate_left(1) ^ drawn;
        inside
    }

    /// Takes up the tensors of a word, and all of it but addresses into the key.
    fn word(&mut self, word: &str, key: Option<&mut DefaultHasher>) {
        let bytes = word.as_bytes();
        let mut hashed = 0;
        let mut key = key;
        if let Some(key) = key.as_mut() {
            key.write_u8(b'\t');
        }
        if !bytes.starts_with(b"\"") {
            while let Some(from) = bytes[hashed..].iter().position(|&byte| byte == b'@') {
                let from = hashed + from;
                let to = bytes[from..].iter().position(|&byte| b"=;)".contains(&byte));
                let to = to.map_or(bytes.len(), |count| from + count);
                if let Some(key) = key.as_mut() {
                    key.write(&bytes[hashed..from]);
                }
                hashed = to;
                self.tensor(&word[from + 1..to], &word[to..]);
            }
        }
        if let Some(key) = key.as_mut() {
            key.write(&bytes[hashed..]);
        }
    }

    /// `storage` and then `=digest~`, or what follows a tensor without one.
    fn tensor(&mut self, storage: &str, rest: &str) {
        let Some(digest) = rest.strip_prefix('=').and_then(|it| it.get(..32)) else { return };
        let Ok(digest) = u128::from_str_radix(digest, 16) else { return };
        let value = self.digests.number(digest);
        self.list.tensors.push(Tensor {
            value,
            storage: memory(storage),
            weak: rest.as_bytes().get(33) == Some(&b'~'),
            round: rest.as_bytes().get(34) == Some(&b'~'),
        });
    }

    /// New memory, which holds no values yet: what was there is gone.
    fn fresh(&mut self, word: &str) {
        let Some((_, storage)) = word.split_once('@') else { return };
        let value = self.digests.number(0);
        self.list.tensors.push(Tensor { value, storage: memory(storage), weak: true, round: true });
    }

    fn node(&mut self, word: &str) -> Result<Option<Node>> {
        if word == "-" {
            return Ok(None);
        }
        let mut parts = word.split(',');
        let name = parts.next().unwrap_or_default();
        let next = self.node_numbers.len() as u32;
        let id = *self.node_numbers.entry(name.to_owned()).or_insert(next);
        if id == next {
            self.list.nodes.push(name.to_owned());
        }
        let sequence = number(parts.next())?;
        Ok(Some(Node { name: id, sequence, thread: number(parts.next())? }))
    }
}

/// Whether a frame is of `torch.compile` at work; what it made is run by other frames.
fn is_compiler((file, ..): &(String, u32, String)) -> bool {
    let compilers = ["/torch/_dynamo/convert_frame.py", "/torch/_inductor/compile_fx.py"];
    compilers.iter().any(|it| file.ends_with(it))
}
