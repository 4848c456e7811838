//! One side's tensors by number, in the order of keys: in memory, or in its files.

use std::ops::Range;

use anyhow::Result;
use parity_record::Dtype;

use parity_record::{About, Array, Key, Stored, Trace, digest};

/// What is compared, without its values.
#[derive(Debug)]
pub(super) enum Side<'a> {
    Memory(&'a About, Vec<(&'a Key, &'a Array)>),
    Stored(&'a Stored),
}

impl<'a> From<&'a Trace> for Side<'a> {
    fn from(trace: &'a Trace) -> Self {
        Self::Memory(&trace.about, trace.tensors.iter().collect())
    }
}

impl<'a> Side<'a> {
    pub fn about(&self) -> &'a About {
        match self {
            Self::Memory(about, _) => about,
            Self::Stored(stored) => stored.about(),
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Memory(_, tensors) => tensors.len(),
            Self::Stored(stored) => stored.len(),
        }
    }

    pub fn key(&self, i: u32) -> &'a str {
        match self {
            Self::Memory(_, tensors) => tensors[i as usize].0.as_str(),
            Self::Stored(stored) => stored.key(i as usize),
        }
    }

    pub fn form(&self, i: u32) -> (Dtype, &'a [usize]) {
        match self {
            Self::Memory(_, tensors) => {
                let array = tensors[i as usize].1;
                (array.dtype(), array.shape())
            }
            Self::Stored(stored) => stored.form(i as usize),
        }
    }

    /// The file of a tensor, and the bytes of it where the values are.
    pub fn span(&self, i: u32) -> (u32, [u64; 2]) {
        match self {
            Self::Memory(_, tensors) => (i, [0, tensors[i as usize].1.bytes().len() as u64]),
            Self::Stored(stored) => stored.span(i as usize),
        }
    }

    pub fn size(&self, i: u32) -> usize {
        let (_, [from, to]) = self.span(i);
        (to - from) as usize
    }

    /// How many values a tensor has, or stands for; of dtypes smaller than a byte,
    /// how many bytes.
    pub fn values(&self, i: u32) -> usize {
        let (dtype, shape) = self.form(i);
        let all: usize = shape.iter().product();
        all * dtype.bitsize().min(8) / 8
    }

    /// Whether there is a digest in place of the values.
    pub fn is_digest(&self, i: u32) -> bool {
        matches!(self, Self::Memory(_, tensors) if tensors[i as usize].1.is_digest())
    }

    /// The digest of a tensor, whose values are read block by block.
    pub fn digest(&self, i: u32) -> Result<Array> {
        match self {
            Self::Memory(_, tensors) => Ok(tensors[i as usize].1.digest()),
            Self::Stored(stored) => {
                let ((dtype, shape), (source, [start, end])) = (self.form(i), self.span(i));
                let read = |from, bytes: &mut _| stored.read(source, start + from as u64, bytes);
                Ok(digest::of_blocks(dtype, shape, (end - start) as usize, read)?)
            }
        }
    }

    /// The whole tensor in memory.
    pub fn array(&self, i: u32) -> Result<Array> {
        match self {
            Self::Memory(_, tensors) => Ok(tensors[i as usize].1.clone()),
            Self::Stored(stored) => {
                let mut bytes = vec![0; self.size(i)];
                let (source, [from, _]) = stored.span(i as usize);
                stored.read(source, from, &mut bytes)?;
                let (dtype, shape) = self.form(i);
                Ok(Array::new(dtype, shape.to_vec(), bytes)?)
            }
        }
    }
}

/// Reads a side's values into memory of its own, which does not grow with them.
pub(super) struct Reader<'s, 'a> {
    side: &'s Side<'a>,
    buffer: Vec<u8>,
    /// The file that the buffer is of, and the place in it.
    held: (u32, Range<u64>),
}

impl<'s, 'a> Reader<'s, 'a> {
    pub fn new(side: &'s Side<'a>) -> Self {
        Self { side, buffer: Vec::new(), held: (0, 0..0) }
    }

    /// Reads these tensors at once where they lie together.
    pub fn hold(&mut self, tensors: impl Iterator<Item = u32>) -> Result<()> {
        let Side::Stored(stored) = self.side else { return Ok(()) };
        let (mut sum, mut all) = (0, None);
        for (source, [from, to]) in tensors.map(|i| stored.span(i as usize)) {
            sum += to - from;
            let (first, start, end) = *all.get_or_insert((source, from, to));
            if source != first {
                return Ok(()); // each by itself
            }
            all = Some((source, start.min(from), end.max(to)));
        }
        match all {
            Some((source, start, end)) if end - start <= 2 * sum => self.fill(source, start..end),
            _ => Ok(()),
        }
    }

    /// A part of a tensor's bytes.
    pub fn bytes(&mut self, i: u32, part: Range<usize>) -> Result<&[u8]> {
        if let Side::Memory(_, tensors) = self.side {
            return Ok(&tensors[i as usize].1.bytes()[part]);
        }
        let (source, [from, _]) = self.side.span(i);
        let wanted = from + part.start as u64..from + part.end as u64;
        let (held, range) = &self.held;
        if *held != source || wanted.start < range.start || wanted.end > range.end {
            self.fill(source, wanted.clone())?;
        }
        let start = (wanted.start - self.held.1.start) as usize;
        Ok(&self.buffer[start..start + part.len()])
    }

    fn fill(&mut self, source: u32, range: Range<u64>) -> Result<()> {
        let Side::Stored(stored) = self.side else { return Ok(()) };
        self.held = (source, 0..0);
        self.buffer.resize((range.end - range.start) as usize, 0);
        stored.read(source, range.start, &mut self.buffer)?;
        self.held = (source, range);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parity_record::Input;

    /// Tensors of 8, 16, 32 and 8 bytes behind each other.
    fn stored() -> Input {
        let tensors = [("a", 0, 8), ("b", 8, 24), ("c", 24, 56), ("d", 56, 64)];
        let entry = |(name, from, to)| {
            let shape = to - from;
            format!(r#""{name}":{{"dtype":"U8","shape":[{shape}],"data_offsets":[{from},{to}]}}"#)
        };
        let header = format!("{{{}}}", tensors.map(entry).join(","));
        let length = (header.len() as u64).to_le_bytes();
        let file = [&length, header.as_bytes(), &(0..64).collect::<Vec<u8>>()].concat();
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&path, file).unwrap();
        Input::read(path.path()).unwrap()
    }

    /// What is read at once is what is asked for next, and nothing is read twice.
    #[test]
    fn tensors_that_lie_together_are_read_at_once() {
        let Input::Stored(stored) = &stored() else { panic!("it is held in memory") };
        let (side, [a, b, c, d]) = (Side::Stored(stored), [0, 1, 2, 3]);
        let begin = side.span(a).1[0];
        let held = |tensors: &[u32], then: &[(u32, Range<usize>)]| {
            let mut reader = Reader::new(&side);
            reader.hold(tensors.iter().copied()).unwrap();
            for (i, part) in then {
                let bytes = reader.bytes(*i, part.clone()).unwrap().to_vec();
                let from = (side.span(*i).1[0] - begin) as usize + part.start;
                assert!(bytes.iter().map(|&byte| usize::from(byte)).eq(from..from + part.len()));
            }
            let held = reader.held.1;
            (!held.is_empty()).then(|| held.start - begin..held.end - begin)
        };
        assert_eq!(held(&[a, b], &[]), Some(0..24));
        assert_eq!(held(&[b, a], &[(a, 0..8), (b, 0..16), (b, 8..16)]), Some(0..24));
        // With as much between them as they have, at most.
        assert_eq!(held(&[a, b, d], &[(d, 0..8), (a, 0..8)]), Some(0..64));
        // What lies farther apart is read when it is asked for: as much of it.
        assert_eq!(held(&[a, d], &[]), None);
        assert_eq!(held(&[a, d], &[(d, 0..4)]), Some(56..60));
        assert_eq!(held(&[a, b], &[(c, 10..20)]), Some(34..44));
        assert_eq!(held(&[a, b], &[(c, 10..20), (c, 12..20), (c, 9..19)]), Some(33..43));
        assert_eq!(held(&[], &[]), None);
    }
}
