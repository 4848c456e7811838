//! Python's pickle read as data: no opcode runs code, and no name is looked up.

use std::collections::HashMap;

use crate::error::{Context, Result, bail, ensure};

/// What a pickle builds, its parts by their place among all [`Items`].
#[derive(Debug)]
pub enum Item {
    Mark,
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// Tuples and lists.
    List(Vec<usize>),
    Dict(Vec<[usize; 2]>),
    /// `module name` of a class or function, which stays a name.
    Global(String),
    /// What a call would return: a global and a tuple.
    Call(usize, usize),
    /// What the archive holds elsewhere, by a tuple.
    Persistent(usize),
}

/// All that a pickle builds.
pub type Items = Vec<Item>;

/// Reads a pickle; returns all items and the place of the outermost.
pub fn read(pickle: &[u8]) -> Result<(Items, usize)> {
    let mut reader =
        Reader { rest: pickle, items: Vec::new(), stack: Vec::new(), memo: HashMap::new() };
    loop {
        let [opcode] = reader.fixed()?;
        if opcode == b'.' {
            let top = reader.pop()?;
            return Ok((reader.items, top));
        }
        reader.step(opcode)?;
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    items: Items,
    stack: Vec<usize>,
    memo: HashMap<u32, usize>,
}

impl Reader<'_> {
    fn step(&mut self, opcode: u8) -> Result<()> {
        match opcode {
            0x80 => drop(self.fixed::<1>()?), // the version
            0x95 => drop(self.fixed::<8>()?), // the length of a frame
            b'(' => self.push(Item::Mark),
            b'N' => self.push(Item::None),
            0x88 | 0x89 => self.push(Item::Bool(opcode == 0x88)),
            b'K' | b'M' | b'J' | 0x8a | b'G' => self.number(opcode)?,
            b'X' | 0x8c | b'c' | 0x93 => self.text(opcode)?,
            b']' | b')' => self.push(Item::List(Vec::new())),
            b'}' => self.push(Item::Dict(Vec::new())),
            b't' => {
                let parts = self.pop_to_mark()?;
                self.push(Item::List(parts));
            }
            0x85..=0x87 => {
                let start = self.stack.len().checked_sub(usize::from(opcode - 0x84));
                let parts = self.stack.split_off(start.context("it takes more than there is")?);
                self.push(Item::List(parts));
            }
            b'a' | b'e' | b's' | b'u' => self.fill(opcode)?,
            b'q' | b'r' | 0x94 | b'h' | b'j' => self.remember(opcode)?,
            b'Q' => {
                let id = self.pop()?;
                self.push(Item::Persistent(id));
            }
            b'R' => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                self.push(Item::Call(function, arguments));
            }
            b'b' => drop(self.pop()?), // an object's attributes, such as a dict's _metadata
            _ => bail!("it holds more than tensors (pickle opcode 0x{opcode:02x})"),
        }
        Ok(())
    }

    fn number(&mut self, opcode: u8) -> Result<()> {
        let item = match opcode {
            b'K' => Item::Int(self.fixed::<1>()?[0].into()),
            b'M' => Item::Int(u16::from_le_bytes(self.fixed()?).into()),
            b'J' => Item::Int(i32::from_le_bytes(self.fixed()?).into()),
            b'G' => Item::Float(f64::from_be_bytes(self.fixed()?)),
            _ => {
                let [length] = self.fixed()?;
                let digits = self.slice(length.into())?;
                ensure!(digits.len() <= 8, "it holds a whole number beyond 64 bits");
                let negative = digits.last().is_some_and(|byte| byte & 0x80 != 0);
                let mut word = if negative { [0xff; 8] } else { [0; 8] };
                word[..digits.len()].copy_from_slice(digits);
                Item::Int(i64::from_le_bytes(word))
            }
        };
        self.push(item);
        Ok(())
    }

    fn text(&mut self, opcode: u8) -> Result<()> {
        let item = match opcode {
            b'c' => Item::Global(format!("{} {}", self.line()?, self.line()?)),
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                match (&self.items[module], &self.items[name]) {
                    (Item::Text(module), Item::Text(name)) => {
                        Item::Global(format!("{module} {name}"))
                    }
                    _ => bail!("it names a class by no text"),
                }
            }
            _ => {
                let length = match opcode {
                    b'X' => u32::from_le_bytes(self.fixed()?) as usize,
                    _ => self.fixed::<1>()?[0].into(),
                };
                Item::Text(String::from_utf8_lossy(self.slice(length)?).into_owned())
            }
        };
        self.push(item);
        Ok(())
    }

    /// Appends to a list, or sets items of a dict: one, or all down to the mark.
    fn fill(&mut self, opcode: u8) -> Result<()> {
        let parts = match opcode {
            b'a' => vec![self.pop()?],
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                vec![key, value]
            }
            _ => self.pop_to_mark()?,
        };
        let &container = self.stack.last().context("it fills nothing")?;
        match &mut self.items[container] {
            Item::List(list) => list.extend(parts),
            Item::Dict(dict) => {
                let (pairs, rest) = parts.as_chunks();
                ensure!(rest.is_empty(), "it sets a key to nothing");
                dict.extend(pairs);
            }
            // An OrderedDict is filled after the call that makes it.
            Item::Call(..) => {
                let (pairs, rest) = parts.as_chunks();
                ensure!(rest.is_empty(), "it sets a key to nothing");
                self.items[container] = Item::Dict(pairs.to_vec());
            }
            _ => bail!("it fills what is no container"),
        }
        Ok(())
    }

    fn remember(&mut self, opcode: u8) -> Result<()> {
        let place = match opcode {
            b'q' | b'h' => self.fixed::<1>()?[0].into(),
            b'r' | b'j' => u32::from_le_bytes(self.fixed()?),
            _ => self.memo.len() as u32,
        };
        if matches!(opcode, b'h' | b'j') {
            self.stack.push(*self.memo.get(&place).context("it recalls what it never kept")?);
        } else {
            self.memo.insert(place, *self.stack.last().context("it keeps nothing")?);
        }
        Ok(())
    }

    fn push(&mut self, item: Item) {
        self.stack.push(self.items.len());
        self.items.push(item);
    }

    fn pop(&mut self) -> Result<usize> {
        self.stack.pop().context("it takes more than there is")
    }

    fn pop_to_mark(&mut self) -> Result<Vec<usize>> {
        let mark = self.stack.iter().rposition(|&at| matches!(self.items[at], Item::Mark));
        let parts = self.stack.split_off(mark.context("it lacks a mark")?);
        Ok(parts[1..].to_vec())
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N]> {
        Ok(self.slice(N)?.try_into()?)
    }

    fn slice(&mut self, length: usize) -> Result<&[u8]> {
        let (taken, rest) = self.rest.split_at_checked(length).context("it is cut short")?;
        self.rest = rest;
        Ok(taken)
    }

    fn line(&mut self) -> Result<String> {
        let end = self.rest.iter().position(|&byte| byte == b'\n').context("it is cut short")?;
        let line = String::from_utf8_lossy(self.slice(end)?).into_owned();
        self.slice(1)?;
        Ok(line)
    }
}
