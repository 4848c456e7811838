//! Writes a record while it arises, so that memory does not grow with the run.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use safetensors::Dtype;
use serde_json::{Value, json};
use tch::Tensor;
use tempfile::{NamedTempFile, tempfile_in};

use super::{About, Array, Key, Observer, Place};

/// The most tensors of one file: a header of .safetensors ends at 100 MB.
const MOST_TENSORS: usize = 300_000;

/// The widths of values, in bytes. Those of one width lie together, the widest
/// first, so that all are aligned.
const WIDTHS: [usize; 4] = [8, 4, 2, 1];

/// A record on its way into a file. Tensors go to temporary files in the target's
/// folder; [`finish`](Self::finish) joins them to .safetensors, written beside
/// the target and then renamed. Dropped before, it leaves nothing.
///
/// A record of more than 300,000 tensors becomes several files with an index,
/// `NAME.safetensors.index.json`, as model checkpoints do.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    folder: PathBuf,
    about: About,
    /// Of each series the step that it is in, and what there is of it.
    latest: HashMap<String, (usize, HashSet<String>)>,
    len: usize,
    full: Vec<(NamedTempFile, Vec<Key>)>,
    open: Part,
    most_tensors: usize,
}

/// What becomes one file.
#[derive(Debug)]
struct Part {
    entries: Vec<Entry>,
    spools: [Option<BufWriter<File>>; WIDTHS.len()],
    lengths: [u64; WIDTHS.len()],
}

#[derive(Debug)]
struct Entry {
    key: Key,
    dtype: Dtype,
    shape: Vec<usize>,
    spool: usize,
    start: u64,
    end: u64,
}

impl Writer {
    /// A record of this run that is to become `path`. What is written before goes
    /// to temporary files in the same folder.
    pub fn new(path: &Path, about: About) -> Self {
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        Self {
            path: path.to_owned(),
            folder: folder.unwrap_or(Path::new(".")).to_owned(),
            about,
            latest: HashMap::new(),
            len: 0,
            full: Vec::new(),
            open: Part::new(),
            most_tensors: MOST_TENSORS,
        }
    }

    /// How many tensors there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a tensor; refuses a key that is there already, and a step before the
    /// one that its series is in.
    pub fn insert(&mut self, key: Key, array: &Array) -> Result<()> {
        self.refuse_again(&key)?;
        self.about.note(&key);
        self.len += 1;
        if self.open.entries.len() == self.most_tensors {
            self.close_part()?;
        }
        let cannot = || format!("cannot write {}", self.path.display());
        self.open.push(key, array, &self.folder).with_context(cannot)
    }

    fn refuse_again(&mut self, key: &Key) -> Result<()> {
        let (series, step, rest) = match key.place() {
            Some(Place { series, step, phase, name }) => (series, step, format!("{phase}/{name}")),
            None => ("", 0, key.to_string()),
        };
        if !self.latest.contains_key(series) {
            self.latest.insert(series.to_owned(), (step, HashSet::new()));
        }
        let (latest, there) = self.latest.get_mut(series).expect("it was put there");
        ensure!(step >= *latest, "{key} comes after step {latest}: record steps in their order");
        if step > *latest {
            *latest = step;
            there.clear();
        }
        ensure!(there.insert(rest), "{key} is recorded twice: count steps on");
        Ok(())
    }

    /// Writes the open part, which is full, to a file of its own.
    fn close_part(&mut self) -> Result<()> {
        let part = std::mem::replace(&mut self.open, Part::new());
        let cannot = || format!("cannot write {}", self.path.display());
        let mut file = temporary(&self.folder).with_context(cannot)?;
        let keys = part.entries.iter().map(|entry| entry.key.clone()).collect();
        part.write_to(&json!({}), file.as_file_mut()).with_context(cannot)?;
        self.full.push((file, keys));
        Ok(())
    }

    /// Writes the whole record as one stream. Refuses a record that needs several
    /// files.
    pub fn write_to(self, out: &mut dyn Write) -> Result<()> {
        ensure!(
            self.full.is_empty(),
            "{} tensors do not fit one .safetensors file: name a file to write several beside it",
            self.len()
        );
        let metadata = json!({ "trace": serde_json::to_string(&self.about)? });
        self.open.write_to(&metadata, out).context("cannot write the record")
    }

    /// Writes the whole record to its path, or to several files beside it and an
    /// index; returns the file to read. What was at the path stays until then.
    pub fn finish(mut self) -> Result<PathBuf> {
        let path = self.path.clone();
        let cannot = || format!("cannot write {}", path.display());
        if self.full.is_empty() {
            let mut file = temporary(&self.folder).with_context(cannot)?;
            self.write_to(file.as_file_mut())?;
            persist(file, &path).with_context(cannot)?;
            return Ok(path);
        }
        self.close_part()?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let count = self.full.len();
        let mut places = BTreeMap::new();
        for (i, (file, keys)) in self.full.into_iter().enumerate() {
            let name = format!("{stem}-{:05}-of-{count:05}.safetensors", i + 1);
            persist(file, &path.with_file_name(&name)).with_context(cannot)?;
            places.extend(keys.into_iter().map(|key| (key.to_string(), name.clone())));
        }
        let metadata = json!({ "trace": serde_json::to_string(&self.about)? });
        let index = json!({ "metadata": metadata, "weight_map": places });
        let target = path.with_file_name(format!("{stem}.safetensors.index.json"));
        let mut file = temporary(&self.folder).with_context(cannot)?;
        serde_json::to_writer(BufWriter::new(file.as_file_mut()), &index)?;
        persist(file, &target).with_context(cannot)?;
        Ok(target)
    }
}

impl Observer for Writer {
    fn tensors(
        &mut self,
        series: &str,
        step: usize,
        phase: &str,
        named: &[(&str, &Tensor)],
    ) -> Result<()> {
        for (name, tensor) in named {
            self.insert(Key::new(series, step, phase, name), &Array::of(tensor)?)?;
        }
        Ok(())
    }
}

/// A new file in `folder`, gone when dropped.
fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".torch-parity-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666)); // less the umask
    builder.tempfile_in(folder)
}

/// Renames a whole file to its place; who may read what it replaces may read it.
fn persist(mut file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.flush()?;
    if let Ok(before) = path.metadata() {
        file.as_file().set_permissions(before.permissions())?;
    }
    file.persist(path).map(drop).map_err(|error| error.error)
}

impl Part {
    fn new() -> Self {
        Self { entries: Vec::new(), spools: [const { None }; 4], lengths: [0; 4] }
    }

    fn push(&mut self, key: Key, array: &Array, folder: &Path) -> io::Result<()> {
        let width = (array.dtype().bitsize() / 8).clamp(1, 8);
        let spool = WIDTHS.iter().position(|&w| w <= width).unwrap_or(WIDTHS.len() - 1);
        let file = match &mut self.spools[spool] {
            Some(file) => file,
            none => none.insert(BufWriter::with_capacity(1 << 18, tempfile_in(folder)?)),
        };
        file.write_all(array.bytes())?;
        let start = self.lengths[spool];
        let end = start + array.bytes().len() as u64;
        self.lengths[spool] = end;
        let (dtype, shape) = (array.dtype(), array.shape().to_vec());
        self.entries.push(Entry { key, dtype, shape, spool, start, end });
        Ok(())
    }

    /// Header, then the values.
    fn write_to(self, metadata: &Value, out: &mut dyn Write) -> io::Result<()> {
        let mut header = format!("{{\"__metadata__\":{metadata}");
        let bases: [u64; 4] = std::array::from_fn(|spool| self.lengths[..spool].iter().sum());
        for Entry { key, dtype, shape, spool, start, end } in &self.entries {
            let offsets = [bases[*spool] + start, bases[*spool] + end];
            let key = Value::from(key.as_str());
            let _ = write!(
                header,
                ",{key}:{{\"dtype\":\"{dtype}\",\"shape\":{shape:?},\"data_offsets\":{offsets:?}}}"
            ); // a String takes any text
        }
        header.push('}');
        while header.len() % 8 != 0 {
            header.push(' '); // so that the values are aligned
        }
        out.write_all(&(header.len() as u64).to_le_bytes())?;
        out.write_all(header.as_bytes())?;
        for spool in self.spools.into_iter().flatten() {
            let mut file = spool.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.seek(SeekFrom::Start(0))?;
            io::copy(&mut file, out)?;
        }
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Trace;

    /// Tensors of all widths, twenty steps.
    fn record(writer: &mut Writer) {
        use tch::Kind;
        for step in 1..=20 {
            let x = Tensor::from_slice(&[step as f32, -0.0, f32::NAN]);
            let flag = x.to_kind(Kind::Bool);
            let named = [("flag", &flag), ("half", &x.to_kind(Kind::Half)), ("x", &x)];
            writer.tensors("net", step, "forward", &named).unwrap();
            writer.tensors("net", step, "loss", &[("loss", &x.to_kind(Kind::Double))]).unwrap();
        }
    }

    #[test]
    fn a_record_written_as_it_arises_reads_back_as_one_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.safetensors");
        let mut writer = Writer::new(&folder.path().join("a.safetensors"), About::default());
        record(&mut writer);
        let refused = |writer: &mut Writer, step| {
            let one = Tensor::from(1.0);
            writer.tensors("net", step, "loss", &[("loss", &one)]).unwrap_err().to_string()
        };
        assert!(refused(&mut writer, 20).contains("recorded twice"));
        assert!(refused(&mut writer, 19).contains("comes after step 20"));
        assert_eq!(writer.finish().unwrap(), path);
        let trace = Trace::read(&path).unwrap();
        assert_eq!(trace.tensors.len(), 80);
        assert_eq!(trace.keys()[0].as_str(), "net/000001/forward/flag");
        let x = trace.get("net", 7, "forward", "x").unwrap();
        assert_eq!(x.bytes()[..8], [0, 0, 0xe0, 0x40, 0, 0, 0, 0x80]);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn a_record_too_long_for_one_file_becomes_several_and_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer::new(&folder.path().join("a.safetensors"), About::default());
        writer.most_tensors = 30;
        record(&mut writer);
        let index = writer.finish().unwrap();
        assert_eq!(index.file_name().unwrap(), "a.safetensors.index.json");
        let index: Value = serde_json::from_slice(&std::fs::read(index).unwrap()).unwrap();
        let places = index["weight_map"].as_object().unwrap();
        assert_eq!(places.len(), 80);
        for (key, name) in places {
            let part = Trace::read(&folder.path().join(name.as_str().unwrap())).unwrap();
            assert!(part.tensors.contains_key(key.as_str()));
        }
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 4);
    }

    #[test]
    fn a_record_that_is_not_finished_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer::new(&folder.path().join("a.safetensors"), About::default());
        record(&mut writer);
        drop(writer);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    }
}
