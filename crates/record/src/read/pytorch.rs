//! `.pt`: what `torch.save` writes, where it is dicts and lists of tensors and
//! numbers.

use ::safetensors::Dtype;
use bytes::Bytes;

use super::archive::Archive;
use super::numpy::strided;
use super::pickle::{self, Item, Items};
use crate::Array;
use crate::error::{Context, Result, bail, ensure};

/// The tensors by the keys that lead to them, joined by dots; a number becomes a
/// tensor of one value, a text one of its bytes, None one of no value.
pub fn tensors(archive: &mut Archive) -> Result<Vec<(String, Array)>> {
    let names = archive.names()?;
    let pickle = names.iter().find(|name| name.ends_with("data.pkl")).context("no data.pkl")?;
    let folder = pickle.trim_end_matches("data.pkl").to_owned();
    let order = format!("{folder}byteorder");
    if names.contains(&order) {
        ensure!(&archive.part(&order)?[..] == b"little", "it is of a big-endian machine");
    }
    let (items, top) = pickle::read(&archive.part(pickle)?)?;
    let mut reader = Reader { archive, folder, items: &items, found: Vec::new(), visits: 0 };
    reader.flatten("", top, 0)?;
    Ok(reader.found)
}

struct Reader<'a> {
    archive: &'a mut Archive,
    folder: String,
    items: &'a Items,
    found: Vec<(String, Array)>,
    visits: usize,
}

impl<'a> Reader<'a> {
    fn flatten(&mut self, key: &str, at: usize, depth: usize) -> Result<()> {
        // Parts may be shared, and so stand for many more than were written.
        self.visits += 1;
        ensure!(depth < 32 && self.visits < 10_000_000, "it is nested too deeply");
        let under = |name: &str| {
            if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") }
        };
        let array = match &self.items[at] {
            Item::Dict(pairs) => {
                for &[name, value] in pairs {
                    let name = match &self.items[name] {
                        Item::Text(text) => under(text),
                        Item::Int(number) => under(&number.to_string()),
                        _ => bail!("it has a key that is neither text nor a number"),
                    };
                    self.flatten(&name, value, depth + 1)?;
                }
                return Ok(());
            }
            Item::List(parts) => {
                for (i, &part) in parts.iter().enumerate() {
                    self.flatten(&under(&i.to_string()), part, depth + 1)?;
                }
                return Ok(());
            }
            Item::Text(text) => Array::new(Dtype::U8, vec![text.len()], text.clone().into_bytes())?,
            Item::None => Array::new(Dtype::U8, vec![0], vec![])?,
            Item::Bool(flag) => Array::new(Dtype::BOOL, vec![], vec![u8::from(*flag)])?,
            Item::Int(number) => Array::new(Dtype::I64, vec![], number.to_ne_bytes().to_vec())?,
            Item::Float(number) => Array::new(Dtype::F64, vec![], number.to_ne_bytes().to_vec())?,
            &Item::Call(function, arguments) => match self.call(function, arguments)? {
                Made::Tensor(array) => array,
                Made::Other(part) => return self.flatten(key, part, depth + 1),
            },
            Item::Global(_) | Item::Persistent(_) | Item::Mark => {
                bail!("it holds more than tensors")
            }
        };
        self.found.push((if key.is_empty() { "tensor".to_owned() } else { key.to_owned() }, array));
        Ok(())
    }

    /// What the few calls that make tensors and their containers return.
    fn call(&mut self, function: usize, arguments: usize) -> Result<Made> {
        let Item::Global(name) = &self.items[function] else { bail!("it calls what is no name") };
        let arguments = self.list(arguments)?;
        Ok(match (name.as_str(), arguments) {
            ("torch._utils _rebuild_tensor_v2", &[storage, offset, shape, stride, ..]) => {
                let (kind, bytes) = self.storage(storage)?;
                Made::Tensor(self.tensor(
                    dtype(&STORAGES, kind)?,
                    &bytes,
                    [offset, shape, stride],
                )?)
            }
            // Of dtypes that have no storage of their own.
            (
                "torch._utils _rebuild_tensor_v3",
                &[storage, offset, shape, stride, _, _, kind, ..],
            ) => {
                let Item::Global(kind) = &self.items[kind] else { bail!("a tensor has no dtype") };
                let (_, bytes) = self.storage(storage)?;
                Made::Tensor(self.tensor(dtype(&DTYPES, kind)?, &bytes, [offset, shape, stride])?)
            }
            ("collections OrderedDict", &[]) => Made::Other(self.list_of_none()?),
            (
                "collections OrderedDict" | "torch Size" | "torch._utils _rebuild_parameter",
                &[first, ..],
            ) => Made::Other(first),
            _ => bail!("it holds a {name}"),
        })
    }

    /// An empty container: `OrderedDict()` that nothing was put into.
    fn list_of_none(&self) -> Result<usize> {
        let empty = |item: &Item| matches!(item, Item::List(parts) if parts.is_empty());
        self.items.iter().position(empty).context("it lacks an empty tuple")
    }

    /// The kind of a storage, and its bytes.
    fn storage(&mut self, storage: usize) -> Result<(&'a str, Bytes)> {
        let &Item::Persistent(id) = &self.items[storage] else { bail!("a tensor has no storage") };
        let &[_, kind, file, ..] = self.list(id)? else { bail!("a tensor has no storage") };
        let (Item::Global(kind), Item::Text(file)) = (&self.items[kind], &self.items[file]) else {
            bail!("a tensor has no storage")
        };
        Ok((kind, self.archive.part(&format!("{}data/{file}", self.folder))?))
    }

    /// `_rebuild_tensor_v2(storage, offset, shape, stride, ...)`.
    fn tensor(
        &self,
        dtype: Dtype,
        bytes: &Bytes,
        [offset, shape, stride]: [usize; 3],
    ) -> Result<Array> {
        let start = self.whole(offset)?.checked_mul(dtype.bitsize() / 8);
        let start = start.filter(|&start| start <= bytes.len()).context("it is cut short")?;
        let sizes = |of: usize| -> Result<Vec<_>> {
            self.list(of)?.iter().map(|&n| self.whole(n)).collect()
        };
        let (shape, stride) = (sizes(shape)?, sizes(stride)?);
        strided(dtype, shape, &stride, &bytes.slice(start..))
    }

    fn list(&self, at: usize) -> Result<&'a [usize]> {
        let plain = |at: usize| match &self.items[at] {
            Item::List(parts) => Ok(&parts[..]),
            _ => bail!("it lacks a tuple"),
        };
        let &Item::Call(_, arguments) = &self.items[at] else { return plain(at) };
        // torch.Size((3, 4))
        match *plain(arguments)? {
            [shape] => plain(shape),
            _ => bail!("it lacks a tuple"),
        }
    }

    fn whole(&self, at: usize) -> Result<usize> {
        match self.items[at] {
            Item::Int(number) => usize::try_from(number).context("a size is negative"),
            _ => bail!("a size is no whole number"),
        }
    }
}

/// What a call returns.
enum Made {
    Tensor(Array),
    /// The part at this place.
    Other(usize),
}

/// The dtype of this name.
fn dtype(known: &[(&str, Dtype)], name: &str) -> Result<Dtype> {
    let found = known.iter().find(|(known, _)| *known == name);
    found.map(|&(_, dtype)| dtype).with_context(|| format!("it holds a {name}"))
}

/// The dtypes of storages.
const STORAGES: [(&str, Dtype); 11] = [
    ("torch FloatStorage", Dtype::F32),
    ("torch DoubleStorage", Dtype::F64),
    ("torch HalfStorage", Dtype::F16),
    ("torch BFloat16Storage", Dtype::BF16),
    ("torch LongStorage", Dtype::I64),
    ("torch IntStorage", Dtype::I32),
    ("torch ShortStorage", Dtype::I16),
    ("torch CharStorage", Dtype::I8),
    ("torch ByteStorage", Dtype::U8),
    ("torch BoolStorage", Dtype::BOOL),
    ("torch ComplexFloatStorage", Dtype::C64),
];

/// Those whose storages have none.
const DTYPES: [(&str, Dtype); 5] = [
    ("torch float8_e4m3fn", Dtype::F8_E4M3),
    ("torch float8_e5m2", Dtype::F8_E5M2),
    ("torch uint16", Dtype::U16),
    ("torch uint32", Dtype::U32),
    ("torch uint64", Dtype::U64),
];
