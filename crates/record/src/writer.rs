//! Writes a record while it arises, so that memory does not grow with the run.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::digests::Digests;
use super::ending::Ending;
use super::index::Entries;
use super::part::Part;
use super::{About, Array, Group, Input, Kept, Key, Place, View, digest, whole};
use crate::error::{Context, Error, Result, bail, ensure};

/// The environment variable that names the file to record to.
pub const TRACE_VARIABLE: &str = "TORCH_PARITY_TRACE";

/// The most tensors of one file: a header of .safetensors ends at 100 MB.
const MOST_TENSORS: usize = 300_000;

/// A record on its way into a file. Tensors go to temporary files in the target's
/// folder; [`finish`](Self::finish) joins them to .safetensors, written beside
/// the target and then renamed. Dropped before, it leaves nothing, unless it is to
/// keep what there is.
///
/// A record of more than 300,000 tensors becomes several files with an index,
/// `NAME.safetensors.index.json`, as model checkpoints do; one of digests is
/// always one file.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    folder: PathBuf,
    about: About,
    kept: Kept,
    ending: Option<Ending>,
    latest: HashMap<String, Latest>,
    /// Of the generator, as last noted.
    state: Vec<u8>,
    /// A phase and a name, to look them up.
    rest: String,
    len: usize,
    full: Vec<(NamedTempFile, Option<Entries>)>,
    /// None once it is finished.
    open: Option<Open>,
    most_tensors: usize,
}

/// What there is of a series.
#[derive(Debug)]
struct Latest {
    /// The step that it is in.
    step: usize,
    /// By phase and name, the step of the last such tensor.
    last: HashMap<String, usize>,
}

/// What is being filled.
#[derive(Debug)]
enum Open {
    Values(Part),
    Digests(Digests),
}

impl Writer {
    /// A record of this run that is to become `path`. What is written before goes
    /// to temporary files in the same folder.
    pub fn new(path: &Path, about: About) -> Self {
        Self {
            path: path.to_owned(),
            folder: whole::folder(path).to_owned(),
            about,
            kept: Kept::default(),
            ending: None,
            latest: HashMap::new(),
            state: Vec::new(),
            rest: String::new(),
            len: 0,
            full: Vec::new(),
            open: Some(Open::Values(Part::new())),
            most_tensors: MOST_TENSORS,
        }
    }

    /// The same, of as much of the run as `kept` says.
    ///
    /// To keep what there is of a run that does not reach its end, it notes INT,
    /// TERM and HUP; the next tensor is then refused, so that the run ends. What
    /// there is, is written when the writer is dropped.
    pub fn keeping(path: &Path, about: About, kept: Kept) -> Result<Self> {
        let mut writer = Self::new(path, about);
        if kept.digest {
            writer.open = Some(Open::Digests(Digests::new()));
            writer.about.digest = Some(digest::NAME.to_owned());
        }
        if kept.partial {
            writer.ending = Some(Ending::new().context("cannot watch for signals")?);
        }
        writer.kept = kept;
        Ok(writer)
    }

    /// How many tensors there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether this step is recorded.
    pub fn wants(&self, step: usize) -> bool {
        self.kept.steps.contains(&step)
    }

    /// Whether digests are kept instead of values.
    pub fn is_of_digests(&self) -> bool {
        matches!(self.open, Some(Open::Digests(_)))
    }

    /// Adds a tensor; refuses a key that is there already, and a step before the
    /// one that its series is in.
    #[expect(clippy::needless_pass_by_value, reason = "as Trace::insert takes it")]
    pub fn insert(&mut self, key: Key, array: &Array) -> Result<()> {
        let foreign = || Place { series: "", step: 0, phase: "", name: key.as_str() };
        self.admit(&key, key.place().unwrap_or_else(foreign))?;
        let pushed = match self.open.as_mut().ok_or_else(finished)? {
            Open::Values(part) => part.push(&key, array.view()?, &self.folder),
            Open::Digests(digests) => digests.push(&key, array, &self.folder),
        };
        pushed.with_context(|| self.cannot())
    }

    /// Notes the state of the default generator of random numbers by the end of a step,
    /// where this step is recorded.
    pub fn note_generator(&mut self, series: &str, step: usize, state: &[u8]) {
        if self.wants(step) && self.state != state {
            state.clone_into(&mut self.state);
            let digest = digest::short(state);
            self.about.generator.push((series.to_owned(), step, digest));
        }
    }

    /// Notes what the optimizer's groups of parameters are set to when a series takes
    /// this step, where it is recorded.
    pub fn note_groups(&mut self, series: &str, step: usize, groups: Vec<Group>) {
        if self.wants(step) {
            self.about.groups.note(series, step, groups);
        }
    }

    fn cannot(&self) -> String {
        format!("cannot write {}", self.path.display())
    }

    /// Makes room for the tensor of this key, which stands there, and notes it.
    fn admit(&mut self, key: &Key, Place { series, step, phase, name }: Place) -> Result<()> {
        if !self.latest.contains_key(series) {
            self.latest.insert(series.to_owned(), Latest { step, last: HashMap::new() });
            self.about.note_step(series, step);
        }
        let latest = self.latest.get_mut(series).expect("it was put there");
        ensure!(
            step >= latest.step,
            Record,
            "{key} comes after step {}: record steps in their order",
            latest.step
        );
        if latest.step < step {
            latest.step = step;
            self.about.note_step(series, step);
        }
        self.rest.clear();
        self.rest.extend([phase, "/", name]);
        if let Some(last) = latest.last.get_mut(&self.rest) {
            ensure!(*last < step, Record, "{key} is recorded twice: count steps on");
            *last = step;
        } else {
            latest.last.insert(self.rest.clone(), step);
            self.about.note(key);
        }
        self.len += 1;
        if matches!(&self.open, Some(Open::Values(part)) if part.len() == self.most_tensors) {
            self.close_part()?;
        }
        Ok(())
    }

    /// Writes the open part, which is full, to a file of its own.
    fn close_part(&mut self) -> Result<()> {
        let Some(Open::Values(part)) = self.open.replace(Open::Values(Part::new())) else {
            return Ok(());
        };
        let mut file = self.beside()?;
        let entries = part.write_to(&json!({}), &self.folder, file.as_file_mut());
        self.full.push((file, entries.with_context(|| self.cannot())?));
        Ok(())
    }

    /// A new file in the target's folder.
    fn beside(&self) -> Result<NamedTempFile> {
        whole::beside(&self.path).with_context(|| self.cannot())
    }

    fn metadata(&self) -> Result<Value> {
        Ok(json!({ "trace": serde_json::to_string(&self.about)? }))
    }

    /// Writes the whole record as one stream. Refuses a record that needs several
    /// files.
    pub fn write_to(mut self, out: &mut dyn Write) -> Result<()> {
        ensure!(
            self.full.is_empty(),
            Record,
            "{} tensors do not fit one .safetensors file: name a file to write several beside it",
            self.len()
        );
        self.write_open(out)
    }

    fn write_open(&mut self, out: &mut (impl Write + ?Sized)) -> Result<()> {
        let metadata = self.metadata()?;
        let written = match self.open.take().ok_or_else(finished)? {
            Open::Values(part) => part.write_to(&metadata, &self.folder, out).map(drop),
            Open::Digests(digests) => digests.write_to(&metadata, &self.folder, out),
        };
        written.context("cannot write the record")
    }

    /// Writes the whole record to its path, or to several files beside it and an
    /// index; returns the file to read. What was at the path stays until then.
    pub fn finish(mut self) -> Result<PathBuf> {
        self.save()
    }

    fn save(&mut self) -> Result<PathBuf> {
        let path = self.path.clone();
        let cannot = || format!("cannot write {}", path.display());
        if self.full.is_empty() {
            let mut file = self.beside()?;
            self.write_open(file.as_file_mut())?;
            whole::replace(&path, file).with_context(cannot)?;
            return Ok(path);
        }
        self.close_part()?;
        self.open = None;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let count = self.full.len();
        let mut places = Vec::new();
        for (i, (file, entries)) in self.full.drain(..).enumerate() {
            let name = format!("{stem}-{:05}-of-{count:05}.safetensors", i + 1);
            whole::replace(&path.with_file_name(&name), file).with_context(cannot)?;
            places.extend(entries.map(|entries| (name, entries)));
        }
        let target = index_of(&path);
        let (metadata, mut file) = (self.metadata()?, self.beside()?);
        write_index(&metadata, places, file.as_file_mut()).with_context(cannot)?;
        whole::replace(&target, file).with_context(cannot)?;
        Ok(target)
    }

    /// Adds tensors of one phase of a step, where this step is recorded.
    pub fn record(
        &mut self,
        series: &str,
        step: usize,
        phase: &str,
        named: &[(&str, View)],
    ) -> Result<()> {
        self.refuse_after_signal()?;
        if !self.wants(step) {
            return Ok(());
        }
        if self.is_of_digests() {
            let views: Vec<_> = named.iter().map(|(_, view)| *view).collect();
            for ((name, _), array) in named.iter().zip(digest::of_views(&views)) {
                self.insert(Key::new(series, step, phase, name), &array)?;
            }
            return Ok(());
        }
        for (name, view) in named {
            let key = Key::new(series, step, phase, name);
            self.admit(&key, Place { series, step, phase, name })?;
            let Some(Open::Values(part)) = &mut self.open else { return Err(finished()) };
            let pushed = part.push(&key, *view, &self.folder);
            pushed.with_context(|| self.cannot())?;
        }
        Ok(())
    }

    /// Refuses to go on once a signal came that is to end the run.
    pub fn refuse_after_signal(&mut self) -> Result<()> {
        let Some(signal) = self.ending.as_ref().and_then(Ending::signal) else { return Ok(()) };
        self.spare_a_whole_one();
        self.about.partial = Some(format!("until {signal}"));
        bail!(Ended, "ended by {signal}: {} has what there was until then", self.path.display())
    }
}

impl Writer {
    /// What is partial goes beside a record that is whole, or anything else that lies
    /// there, as `NAME.partial.safetensors`.
    fn spare_a_whole_one(&mut self) {
        let is_partial = |path: &Path| {
            let input = Input::read(path).ok();
            input.is_some_and(|it| it.about().is_some_and(|about| about.partial.is_some()))
        };
        let there = [self.path.clone(), index_of(&self.path)];
        if there.iter().any(|path| path.exists() && !is_partial(path)) {
            self.path.set_extension("partial.safetensors");
        }
    }
}

fn finished() -> Error {
    Error::Record("the record is finished".to_owned())
}

/// Which of the files has which key.
fn write_index(
    metadata: &Value,
    places: Vec<(String, Entries)>,
    file: &mut File,
) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    write!(out, "{{\"metadata\":{metadata},\"weight_map\":")?;
    let mut before = '{';
    for (name, mut entries) in places {
        let name = Value::from(name);
        entries.each(|entry| {
            write!(out, "{before}{}:{name}", entry.key)?;
            before = ',';
            Ok(())
        })?;
    }
    out.write_all(b"}}")?;
    out.flush()
}

/// The index of a record that is several files.
fn index_of(path: &Path) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}.safetensors.index.json"))
}

impl Drop for Writer {
    /// Writes what there is of a run that did not reach its end, if that is wanted.
    fn drop(&mut self) {
        if self.kept.partial && self.open.is_some() && !self.is_empty() {
            let why = || "until the run failed".to_owned();
            self.about.partial.get_or_insert_with(why);
            self.spare_a_whole_one();
            let _ = self.save(); // the run's own error is told
        }
    }
}

#[cfg(test)]
mod tests {
    use safetensors::Dtype;

    use super::*;
    use crate::Trace;

    /// Tensors of all widths, twenty steps.
    fn record(writer: &mut Writer) {
        for step in 1..=20_u8 {
            let x = [f32::from(step), -0.0, f32::NAN].map(f32::to_le_bytes).concat();
            let wide = [f64::from(step), -0.0, f64::NAN].map(f64::to_le_bytes).concat();
            let view = |dtype, bytes| View::new(dtype, &[3], bytes).unwrap();
            let step = usize::from(step);
            let named = [
                ("flag", view(Dtype::BOOL, &[1, 0, 1])),
                ("half", view(Dtype::F16, &[0, 0x3c, 0, 0x80, 0, 0x7e])),
                ("x", view(Dtype::F32, &x)),
            ];
            writer.record("net", step, "forward", &named).unwrap();
            writer.record("net", step, "loss", &[("loss", view(Dtype::F64, &wide))]).unwrap();
        }
    }

    #[test]
    fn a_record_written_as_it_arises_reads_back_as_one_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.safetensors");
        let mut writer = Writer::new(&folder.path().join("a.safetensors"), About::default());
        record(&mut writer);
        let refused = |writer: &mut Writer, step| {
            let one = View::new(Dtype::U8, &[], &[1]).unwrap();
            writer.record("net", step, "loss", &[("loss", one)]).unwrap_err().to_string()
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
    fn a_record_is_one_stream_unless_it_needs_several_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.safetensors");
        for digest in [false, true] {
            let writer = |most_tensors| {
                let kept = Kept { digest, ..Kept::default() };
                let mut writer = Writer::keeping(&path, About::default(), kept).unwrap();
                assert!(writer.is_empty());
                writer.most_tensors = most_tensors;
                record(&mut writer);
                writer
            };
            let mut stream = Vec::new();
            writer(80).write_to(&mut stream).unwrap();
            writer(80).finish().unwrap();
            assert_eq!(stream, std::fs::read(&path).unwrap());
        }
        let mut writer = Writer::new(&path, About::default());
        writer.most_tensors = 30;
        record(&mut writer);
        let error = writer.write_to(&mut Vec::new()).unwrap_err().to_string();
        assert!(error.starts_with("80 tensors do not fit one .safetensors file: name"), "{error}");
    }

    #[test]
    fn a_folder_that_goes_away_is_named_with_the_record() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gone/a.safetensors");
        let mut writer = Writer::new(&path, About::default());
        writer.most_tensors = 30;
        let error = writer.finish().unwrap_err().to_string();
        assert_eq!(error, format!("cannot write {}", path.display()));
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
