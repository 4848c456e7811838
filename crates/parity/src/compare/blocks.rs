//! The values of both sides in the order of the expected side's files, block by
//! block, on all cores.

use std::ops::Range;

use anyhow::{Error, Result};
use parity_record::Dtype;

use super::selection::Selection;
use super::side::Reader;
use parity_record::parallel;

/// Bytes of a block on either side: what a thread holds of each.
const BLOCK: usize = 1 << 20;

/// Part of a tensor that both sides have in the same dtype and shape.
pub(super) struct Piece<'b> {
    /// Which of the pairs.
    pub at: usize,
    pub dtype: Dtype,
    /// Where in the tensor it begins, in bytes.
    pub from: usize,
    pub actual: &'b [u8],
    pub expected: &'b [u8],
}

/// What is compared in one go.
#[derive(Debug)]
enum Block {
    /// These of the order.
    Tensors(Range<usize>),
    /// These bytes of a pair's tensors.
    Part(usize, Range<usize>),
    /// A pair whose actual side is transposed first, for which it is read whole.
    Transposed(usize),
}

/// All that has to be read.
#[derive(Debug)]
pub(super) struct Blocks<'s, 'a> {
    selection: &'s Selection<'a>,
    /// Pairs, those of a file in its order.
    order: Vec<u32>,
    all: Vec<Block>,
    threads: usize,
}

impl<'s, 'a> Blocks<'s, 'a> {
    /// Of these pairs, each of two tensors of one form.
    pub fn new(selection: &'s Selection<'a>, mut order: Vec<u32>, threads: usize) -> Self {
        let expected = |at: u32| selection.both(at as usize)[1];
        order.sort_by_key(|&at| selection.sides[1].span(expected(at)));
        let (mut blocks, mut start, mut bytes) = (Vec::new(), 0, 0);
        let mut end = |blocks: &mut Vec<_>, next: Range<usize>, bytes: &mut usize| {
            if start < next.start {
                blocks.push(Block::Tensors(start..next.start));
            }
            (start, *bytes) = (next.end, 0);
        };
        for (i, &at) in order.iter().enumerate() {
            let size = selection.sides[1].size(expected(at));
            if selection.pairs[at as usize].transposed {
                end(&mut blocks, i..i + 1, &mut bytes);
                blocks.push(Block::Transposed(at as usize));
            } else if size > BLOCK {
                end(&mut blocks, i..i + 1, &mut bytes);
                let parts = (0..size).step_by(BLOCK);
                let part = |from| Block::Part(at as usize, from..size.min(from + BLOCK));
                blocks.extend(parts.map(part));
            } else {
                if bytes + size > BLOCK {
                    end(&mut blocks, i..i, &mut bytes);
                }
                bytes += size;
            }
        }
        end(&mut blocks, order.len()..order.len(), &mut bytes);
        Self { selection, order, all: blocks, threads }
    }

    /// Hands each block's pieces to `work` with a state of its own; returns the
    /// states in the order of blocks, whatever thread did which.
    pub fn map<S: Default + Send>(
        &self,
        work: impl Fn(&mut S, Piece<'_>) + Sync,
    ) -> Result<Vec<S>> {
        let readers = || self.selection.sides.each_ref().map(Reader::new);
        parallel::map(self.all.len(), self.threads, readers, |readers, i| {
            let mut state = S::default();
            self.visit(&self.all[i], readers, |piece| work(&mut state, piece))?;
            Ok(state)
        })
    }

    fn visit(
        &self,
        block: &Block,
        [actual, expected]: &mut [Reader<'_, 'a>; 2],
        mut work: impl FnMut(Piece<'_>),
    ) -> Result<()> {
        let sides = &self.selection.sides;
        let mut whole = |at: usize, part: Range<usize>, [actual, expected]: [&mut Reader; 2]| {
            let [a, e] = self.selection.both(at);
            let dtype = sides[1].form(e).0;
            let (actual, expected) =
                (actual.bytes(a, part.clone())?, expected.bytes(e, part.clone())?);
            work(Piece { at, dtype, from: part.start, actual, expected });
            Ok::<_, Error>(())
        };
        match block {
            Block::Tensors(range) => {
                let pairs = || self.order[range.clone()].iter().map(|&at| at as usize);
                actual.hold(pairs().map(|at| self.selection.both(at)[0]))?;
                expected.hold(pairs().map(|at| self.selection.both(at)[1]))?;
                for at in pairs() {
                    let size = sides[1].size(self.selection.both(at)[1]);
                    whole(at, 0..size, [actual, expected])?;
                }
                Ok(())
            }
            Block::Part(at, part) => whole(*at, part.clone(), [actual, expected]),
            &Block::Transposed(at) => {
                let [a, e] = self.selection.both(at);
                let (a, e) = (sides[0].array(a)?.transposed()?, sides[1].array(e)?);
                let (dtype, actual, expected) = (e.dtype(), a.bytes(), e.bytes());
                work(Piece { at, dtype, from: 0, actual, expected });
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use parity_record::Dtype;

    use super::super::records::compare_sides;
    use super::super::side::Side;
    use crate::compare::{Options, Tolerance, What};
    use parity_record::{About, Array, Input, Key, Stored, Trace, digest};

    /// Tensors of less than a block, of several, and of no values; the later files
    /// lie in the order of keys, the earlier ones do not.
    fn record() -> Trace {
        let mut trace = Trace::default();
        for (i, numel) in [3, 700_000, 0, 262_144, 262_145, 1, 90_000].into_iter().enumerate() {
            let values: Vec<u8> = (0..numel * 4).map(|at| (at % 251 + i) as u8 & 0x3f).collect();
            let key = Key::new("net", 10 - i, "grad", "weight");
            trace.tensors.insert(key, Array::new(Dtype::F32, vec![1, numel], values).unwrap());
        }
        trace
    }

    fn damage(trace: &mut Trace, key: &Key, at: usize, bit: u8) {
        let array = &trace.tensors[key];
        let mut bytes = array.bytes().to_vec();
        bytes[at] ^= bit;
        let array = Array::new(array.dtype(), array.shape().to_vec(), bytes).unwrap();
        trace.tensors.insert(key.clone(), array);
    }

    fn stored(folder: &Path, name: &str, trace: &Trace) -> Stored {
        let path = folder.join(name);
        std::fs::write(&path, trace.to_bytes().unwrap()).unwrap();
        let Input::Stored(stored) = Input::read(&path).unwrap() else { panic!("it is a file") };
        stored
    }

    /// The whole report by so many threads.
    fn told(sides: [Side<'_>; 2], options: &Options, threads: usize) -> String {
        let report = compare_sides(["A", "B"], sides, options, threads).unwrap();
        format!("{report}{}{:?}", report.outcome(99).listing(), report.growth())
    }

    #[test]
    fn the_report_is_the_same_by_any_number_of_threads_in_memory_and_from_disk() {
        let folder = tempfile::tempdir().unwrap();
        let a = record();
        let mut b = a.clone();
        for (step, at, bit) in [(9, 0, 2), (9, 1_048_576, 1), (9, 2_799_999, 4), (6, 1_048_576, 1)]
        {
            damage(&mut b, &Key::new("net", step, "grad", "weight"), at, bit);
        }
        let disk = [stored(folder.path(), "a", &a), stored(folder.path(), "b", &b)];
        let tolerant = Options::within(Some(Tolerance { rtol: 1e-7, atol: 0.0 }));
        for options in [Options::default(), tolerant] {
            let one = told([Side::from(&a), Side::from(&b)], &options, 1);
            assert!(one.contains("3 of 700,000") && one.contains("1 of 262,145"), "{one}");
            for threads in [1, 2, 5] {
                assert_eq!(told([Side::from(&a), Side::from(&b)], &options, threads), one);
                let disk = disk.each_ref().map(Side::Stored);
                assert_eq!(told(disk, &options, threads), one);
            }
        }
    }

    #[test]
    fn the_first_value_that_fails_is_named_in_whatever_block_else_the_first_that_differs() {
        let with = |changed: &[(usize, f32)]| {
            let mut values = vec![1.0_f32; 800_000];
            for &(i, x) in changed {
                values[i] = x;
            }
            let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_ne_bytes()).collect();
            let array = Array::new(Dtype::F32, vec![800_000], bytes).unwrap();
            Trace { tensors: [(Key::from("x"), array)].into(), ..Trace::default() }
        };
        let tolerant = Options::within(Some(Tolerance { rtol: 1e-3, atol: 0.0 }));
        let small = 1.0001;
        for (changed, named, failing) in [
            (&[(10, small), (300_000, small), (300_007, 2.0), (700_000, 3.0)][..], 300_007, 2),
            (&[(10, 2.0), (300_000, 2.0), (700_000, small)], 10, 2),
            (&[(10, small), (300_000, small), (700_000, small)], 10, 0),
        ] {
            let (a, b) = (with(changed), with(&[]));
            let sides = [Side::from(&a), Side::from(&b)];
            let report = compare_sides(["A", "B"], sides, &tolerant, 2).unwrap();
            let What::Values(found) = &report.differences()[0].what else { panic!("{report}") };
            assert_eq!((&found.index[..], found.failing), (&[named][..], failing));
            assert_eq!(found.differing, changed.len());
        }
        let (a, b) = (with(&[(10, f32::NAN), (700_000, f32::NAN), (700_001, 2.0)]), with(&[]));
        let report = compare_sides(["A", "B"], [&a, &b].map(Side::from), &tolerant, 2).unwrap();
        let What::Values(found) = &report.differences()[0].what else { panic!("{report}") };
        assert_eq!((found.nans, found.failing), (2, 3));
    }

    #[test]
    fn a_bit_of_the_first_and_of_the_last_byte_of_any_tensor_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let a = record();
        let expected = stored(folder.path(), "a", &a);
        for (key, array) in a.tensors.iter().filter(|(_, array)| !array.bytes().is_empty()) {
            let last = array.bytes().len() - 1;
            for (at, value) in [(0, 0), (last, last / 4)] {
                let mut b = a.clone();
                damage(&mut b, key, at, 1);
                let actual = stored(folder.path(), "b", &b);
                let sides = [&actual, &expected].map(Side::Stored);
                let report = compare_sides(["A", "B"], sides, &Options::default(), 2).unwrap();
                let text = report.to_string();
                assert_eq!(report.differences().len(), 1, "{text}");
                assert_eq!(&report.differences()[0].key, key);
                assert!(text.contains(&format!("at [0, {value}]\n")), "{text}");
            }
        }
    }

    #[test]
    fn values_on_disk_are_digested_block_by_block_for_a_record_of_digests() {
        let folder = tempfile::tempdir().unwrap();
        let a = record();
        let values = stored(folder.path(), "a", &a);
        let about = About { digest: Some(digest::NAME.to_owned()), ..About::default() };
        let mut digests = Trace::new(about);
        for (key, array) in &a.tensors {
            digests.tensors.insert(key.clone(), array.digest());
        }
        let exact = Options::default();
        for threads in [1, 3] {
            let text = told([Side::Stored(&values), Side::from(&digests)], &exact, threads);
            assert!(text.contains("exact: 7 tensors, the same digests"), "{text}");
        }
        for (key, array) in a.tensors.iter().filter(|(_, array)| !array.bytes().is_empty()) {
            for at in [0, array.bytes().len() / 2, array.bytes().len() - 1] {
                let mut b = a.clone();
                damage(&mut b, key, at, 1);
                let b = stored(folder.path(), "b", &b);
                let sides = [Side::from(&digests), Side::Stored(&b)];
                let report = compare_sides(["A", "B"], sides, &exact, 2).unwrap();
                let found: Vec<_> = report.differences().iter().map(|found| &found.key).collect();
                assert_eq!(found, [key], "byte {at}");
            }
        }
    }

    #[test]
    fn a_file_that_is_cut_short_meanwhile_is_an_error_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let a = record();
        let both = ["a", "b"].map(|name| stored(folder.path(), name, &a));
        let file = std::fs::OpenOptions::new().write(true).open(folder.path().join("b")).unwrap();
        file.set_len(1_000_000).unwrap();
        let sides = both.each_ref().map(Side::Stored);
        let error = compare_sides(["A", "B"], sides, &Options::default(), 2).unwrap_err();
        assert!(error.to_string().ends_with("b to its end"), "{error:#}");
    }
}
