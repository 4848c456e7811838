//! Which seeds a sweep trains, and which of them one machine takes.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// The most seeds of one sweep: their rows are held in memory.
const MOST: usize = 1_000_000;

/// Seeds in ascending order, each once.
#[derive(Clone, Debug, PartialEq)]
pub struct Seeds(Vec<i64>);

impl Seeds {
    /// The seeds themselves.
    pub fn as_slice(&self) -> &[i64] {
        &self.0
    }
}

impl FromStr for Seeds {
    type Err = String;

    /// Reads `0..1000` (without its end, as Python's range), `3,7,11`, or both.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut seeds = Vec::new();
        for part in text.split(',') {
            let Range { start, end } = range(part)
                .ok_or_else(|| format!("`{part}` is neither a seed nor a range such as 0..1000"))?;
            if start >= end {
                return Err(format!("{part} is empty: the end of a range is not part of it"));
            }
            if end.abs_diff(start) > (MOST - seeds.len()) as u64 {
                return Err(format!("these are more than {MOST} seeds"));
            }
            seeds.extend(start..end);
        }
        seeds.sort_unstable();
        match seeds.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("seed {} is named twice", pair[0])),
            None => Ok(Self(seeds)),
        }
    }
}

fn range(part: &str) -> Option<Range<i64>> {
    if let Some((start, end)) = part.split_once("..") {
        return Some(start.parse().ok()?..end.parse().ok()?);
    }
    let seed: i64 = part.parse().ok()?;
    Some(seed..seed.checked_add(1)?)
}

impl fmt::Display for Seeds {
    /// The one text of these seeds, however they were typed.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (i, run) in self.0.chunk_by(|a, b| a + 1 == *b).enumerate() {
            let comma = if i > 0 { "," } else { "" };
            match run {
                [seed] => write!(f, "{comma}{seed}")?,
                _ => write!(f, "{comma}{}..{}", run[0], run[run.len() - 1] + 1)?,
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

    /// The seeds that belong to it.
    pub fn of(self, seeds: &Seeds) -> Vec<i64> {
        seeds.0.iter().skip(self.k - 1).step_by(self.n).copied().collect()
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').map(|(k, n)| (k.parse(), n.parse()));
        match parts {
            Some((Ok(k), Ok(n))) if (1..=n).contains(&k) => Ok(Self { k, n }),
            _ => Err("it is K/N with K from 1 to N, such as 2/4".to_owned()),
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
        ] {
            assert_eq!(typed.parse::<Seeds>().unwrap().to_string(), text, "{typed}");
        }
    }

    #[test]
    fn seeds_that_make_no_sense_are_refused() {
        for text in ["", "1,1", "0..3,2", "3..3", "a..b", "1..", "0..99999999999", "-1.5"] {
            assert!(text.parse::<Seeds>().is_err(), "{text}");
        }
        for text in ["0/4", "5/4", "1", "1/0", "a/b", "-1/2"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_shards_hold_every_seed_once() {
        let seeds: Seeds = "0..10,20".parse().unwrap();
        let mut all: Vec<_> = (1..=4).flat_map(|k| Shard { k, n: 4 }.of(&seeds)).collect();
        assert_eq!(all[..3], [0, 4, 8]);
        all.sort_unstable();
        assert_eq!(all, seeds.as_slice());
    }
}
