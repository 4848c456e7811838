//! Which seeds a sweep trains, and which of them one machine takes.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// The most seeds of one sweep: of each column of their rows, all values are held
/// in memory.
const MOST: usize = 1_000_000;

/// Seeds in ascending order, each once.
#[derive(Clone, Debug, PartialEq)]
pub struct Seeds {
    /// Ascending, with seeds between them that are none of these. i128, since the
    /// end of a range is beyond its last seed.
    ranges: Vec<Range<i128>>,
    len: usize,
}

impl Seeds {
    /// How many there are.
    #[expect(clippy::len_without_is_empty, reason = "there is always one")]
    pub fn len(&self) -> usize {
        self.len
    }

    /// The `i`th of them.
    pub fn get(&self, i: usize) -> Option<i64> {
        let mut before = 0;
        for range in &self.ranges {
            let len = (range.end - range.start) as usize;
            if i - before < len {
                return Some((range.start + (i - before) as i128) as i64);
            }
            before += len;
        }
        None
    }
}

impl FromStr for Seeds {
    type Err = String;

    /// Reads `0..1000` (without its end, as Python's range), `3,7,11`, or both.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut len = 0;
        for part in text.split(',') {
            let range = range(part)
                .ok_or_else(|| format!("`{part}` is neither a seed nor a range such as 0..1000"))?;
            if range.is_empty() {
                return Err(format!("{part} is empty: the end of a range is not part of it"));
            }
            if range.end - range.start > (MOST - len) as i128 {
                return Err(format!("these are more than {MOST} seeds"));
            }
            len += (range.end - range.start) as usize;
            parts.push(range);
        }
        parts.sort_by_key(|range| range.start);
        let mut ranges: Vec<Range<i128>> = Vec::new();
        for range in parts {
            match ranges.last_mut() {
                Some(last) if range.start < last.end => {
                    return Err(format!("seed {} is named twice", range.start));
                }
                Some(last) if range.start == last.end => last.end = range.end,
                _ => ranges.push(range),
            }
        }
        Ok(Self { ranges, len })
    }
}

fn range(part: &str) -> Option<Range<i128>> {
    let is_seed = |seed: &i128| i64::try_from(*seed).is_ok();
    let range = if let Some((start, end)) = part.split_once("..") {
        start.parse().ok()?..end.parse().ok()?
    } else {
        let seed = part.parse().ok()?;
        seed..seed + i128::from(is_seed(&seed))
    };
    (is_seed(&range.start) && is_seed(&(range.end.checked_sub(1)?))).then_some(range)
}

impl fmt::Display for Seeds {
    /// The one text of these seeds, however they were typed.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (i, Range { start, end }) in self.ranges.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            if end - start == 1 {
                write!(f, "{comma}{start}")?;
            } else {
                write!(f, "{comma}{start}..{end}")?;
            }
        }
        Ok(())
    }
}

/// The K-th of N parts of a sweep: every N-th seed, from the K-th on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shard {
    /// K, from 1 to N.
    pub k: usize,
    /// N, the number of parts.
    pub n: usize,
}

impl Shard {
    /// All of a sweep.
    pub const WHOLE: Self = Self { k: 1, n: 1 };

    /// The `i`th of the seeds that belong to it.
    pub fn get(self, seeds: &Seeds, i: usize) -> Option<i64> {
        seeds.get(self.k - 1 + i.checked_mul(self.n)?)
    }

    /// How many belong to it.
    pub fn count(self, seeds: &Seeds) -> usize {
        (seeds.len() + self.n - self.k) / self.n
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').map(|(k, n)| (k.parse(), n.parse()));
        match parts {
            Some((Ok(k), Ok(n))) if (1..=n).contains(&k) => Ok(Self { k, n }),
            _ => Err("must be K/N with K from 1 to N, such as 2/4".to_owned()),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}/{}", self.k, self.n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_read_as_one_text_however_they_were_typed() {
        for (typed, text) in [
            ("0..3", "0..3"),
            ("2,0,1", "0..3"),
            ("7,-5..-3,11", "-5..-3,7,11"),
            ("9223372036854775806", "9223372036854775806"),
            ("9223372036854775807", "9223372036854775807"),
            ("9223372036854775806,9223372036854775807", "9223372036854775806..9223372036854775808"),
            ("-9223372036854775808", "-9223372036854775808"),
        ] {
            assert_eq!(typed.parse::<Seeds>().unwrap().to_string(), text, "{typed}");
            assert_eq!(text.parse::<Seeds>().unwrap().to_string(), text, "read back");
        }
    }

    #[test]
    fn seeds_that_make_no_sense_are_refused() {
        for text in [
            "",
            "1,1",
            "0..3,2",
            "3..3",
            "a..b",
            "1..",
            "0..99999999999",
            "-1.5",
            "9223372036854775808",
            "9223372036854775807..9223372036854775809",
            "-9223372036854775809..0",
        ] {
            assert!(text.parse::<Seeds>().is_err(), "{text}");
        }
        let most = |seeds: String| seeds.parse::<Seeds>().map(|seeds| seeds.len());
        assert_eq!(most(format!("0..{MOST}")), Ok(MOST));
        assert_eq!(most(format!("-1,1..{MOST}")), Ok(MOST));
        assert!(most(format!("0..{}", MOST + 1)).is_err());
        assert!(most(format!("-1,0..{MOST}")).is_err());
        for text in ["0/4", "5/4", "1", "1/0", "a/b", "-1/2"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_shards_hold_every_seed_once() {
        let seeds: Seeds = "0..10,20".parse().unwrap();
        let of = |k| {
            let (shard, seeds) = (Shard { k, n: 4 }, &seeds);
            (0..shard.count(seeds)).map(move |i| shard.get(seeds, i).unwrap())
        };
        let mut all: Vec<_> = (1..=4).flat_map(of).collect();
        assert_eq!(all[..3], [0, 4, 8]);
        all.sort_unstable();
        assert_eq!(all, (0..10).chain([20]).collect::<Vec<_>>());
        let last = Shard { k: 12, n: 12 };
        assert_eq!((last.count(&seeds), last.get(&seeds, 0)), (0, None));
    }
}
