//! Records a port: a few calls in its training loop.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::rc::Rc;

use parity_record::{About, Array, END, Kept, Key, TRACE_VARIABLE, Writer};
use tch::Tensor;

use super::batches::{Batches, again};
use super::{Named, Observer, Step, borrowed};
use crate::cpu;
use crate::error::{Error, Result};
use crate::optim::{Optimizer, Recorded};
use crate::random::generator_state;
use crate::values::OfTensor;

/// Records a port's run, under the keys that the recorder of scripts gives the
/// script's.
///
/// ```no_run
/// # use tch::Tensor;
/// # use torch_parity::{nn::{self, Layer, Module}, optim::{Adam, Optimizer}, trace::Recorder};
/// # fn main() -> torch_parity::Result<()> {
/// # let (x, y) = (Tensor::from(0.0), Tensor::from(0));
/// let recorder = Recorder::from_env("my port")?;
/// let model = nn::Linear::new(10, 2);
/// let mut optimizer = Adam::new(model.named_parameters(), 1e-3);
/// let mut series = recorder.series("Linear-1", model.named_parameters())?;
/// for _ in 0..50 {
///     let logits = model.forward(&x);
///     let loss = nn::cross_entropy(&logits, &y);
///     optimizer.zero_grad();
///     optimizer.backward(&loss);
///     optimizer.step();
///     series.data(&[("input", &x), ("target", &y)])?;
///     series.step(&[("logits", &logits)], &loss, &optimizer)?;
/// }
/// recorder.finish()?;
/// # Ok(())
/// # }
/// ```
///
/// Off, where the variable is not set, every call returns at once.
#[derive(Clone, Debug)]
pub struct Recorder(Option<Rc<RefCell<Open>>>);

#[derive(Debug)]
struct Open {
    /// None once it is finished.
    writer: Option<Writer>,
    batches: Batches,
    /// While it is there, optimizers keep what they step with.
    recorded: Option<Recorded>,
}

impl Open {
    fn writer(&mut self) -> Result<&mut Writer> {
        self.writer
            .as_mut()
            .ok_or_else(|| Error::Record("the record is finished: record before finish()".into()))
    }
}

impl Recorder {
    /// Records to the file that [`TORCH_PARITY_TRACE`](TRACE_VARIABLE) names; off
    /// where it is not set. `what` runs is for the reader of the record. What is
    /// kept of the run is as [`Kept::from_env`] says.
    pub fn from_env(what: &str) -> Result<Self> {
        match std::env::var_os(TRACE_VARIABLE).filter(|path| !path.is_empty()) {
            Some(path) => Self::keeping(what, Path::new(&path), Kept::from_env()?),
            None => Ok(Self(None)),
        }
    }

    /// Records to `path`, which [`finish`](Self::finish) writes.
    pub fn to_file(what: &str, path: &Path) -> Result<Self> {
        Self::keeping(what, path, Kept::default())
    }

    /// The same, of as much of the run as `kept` says. Where that is what there is
    /// of a run that does not reach its end, INT, TERM and HUP make the next call
    /// fail, and the file is written when the recorder and all its series are
    /// dropped.
    pub fn keeping(what: &str, path: &Path, kept: Kept) -> Result<Self> {
        let of = |error: io::Error, what: String| Error::Record(error.into()).of(what);
        let path = std::path::absolute(path)
            .map_err(|error| of(error, "cannot find the current folder".to_owned()))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        // Found out now, not after the run.
        tempfile::tempfile_in(folder)
            .map_err(|error| of(error, format!("cannot write {}", path.display())))?;
        let about = about(what, BTreeMap::new(), tch::get_num_threads());
        let writer = Some(Writer::keeping(&path, about, kept)?);
        let recorded = Some(Recorded::begin());
        let open = Open { writer, batches: Batches::default(), recorded };
        Ok(Self(Some(Rc::new(RefCell::new(open)))))
    }

    /// Whether it records.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Begins to record what is trained under `name`, such as `MLP-1` (a class
    /// and the number of its models so far), from these initial parameters.
    pub fn series(&self, name: &str, init: Vec<(String, Tensor)>) -> Result<Series> {
        if let Some(open) = &self.0 {
            open.borrow_mut().writer()?.tensors(name, 0, "init", &borrowed(&init))?;
        }
        let init = if self.is_on() { init } else { Vec::new() };
        let (recorder, name) = (self.clone(), name.to_owned());
        Ok(Series { recorder, name, params: init, step: 0, counts: BTreeMap::new() })
    }

    /// Writes the file. A program that ends before leaves none, unless it is to keep
    /// what there is.
    pub fn finish(&self) -> Result<()> {
        let Some(open) = &self.0 else { return Ok(()) };
        let mut open = open.borrow_mut();
        let finished = || Error::Record("the record is finished already".into());
        let writer = open.writer.take().ok_or_else(finished)?;
        open.recorded = None;
        writer.finish()?;
        Ok(())
    }
}

/// What a record says of a run of `experiment` over this libtorch, with these
/// settings and so many of its threads.
pub fn about(experiment: &str, settings: BTreeMap<String, String>, threads: i32) -> About {
    let environment = [
        ("by", format!("tch {}", crate::TCH_VERSION)),
        ("torch", crate::TORCH_VERSION.to_owned()),
        ("threads", threads.to_string()),
        ("cpu", cpu::name()),
    ];
    let kernels = cpu::capability().map(|kernels| ("cpu_capability", kernels.to_owned()));
    let environment = environment.into_iter().chain(kernels);
    let environment = environment.map(|(name, value)| (name.to_owned(), value));
    About::new(experiment, settings, environment.collect())
}

/// What is recorded of one thing that is trained.
#[derive(Debug)]
pub struct Series {
    recorder: Recorder,
    name: String,
    params: Vec<(String, Tensor)>,
    step: usize,
    /// How often each phase and name were there since the last step.
    counts: BTreeMap<(&'static str, String), usize>,
}

impl Series {
    /// The batch of the step to come: each tensor is recorded where it is not,
    /// bit for bit, the one that was recorded last under this name, or by another
    /// series under any. A name that comes again before the step is done is
    /// recorded as `name#2`, where it is not what came before it.
    pub fn data(&mut self, named: &Named) -> Result<()> {
        self.batch("data", self.step + 1, named)
    }

    fn batch(&mut self, phase: &'static str, step: usize, named: &Named) -> Result<()> {
        let Some(open) = self.recorder.0.clone() else { return Ok(()) };
        let mut open = open.borrow_mut();
        if !open.writer()?.wants(step) {
            return Ok(());
        }
        for (name, tensor) in named {
            let n = self.count(phase, name);
            let named = (self.name.clone(), phase, (*name).to_owned());
            for (name, array) in open.batches.take(named, n, &Array::of(tensor)?) {
                open.writer()?.insert(Key::new(&self.name, step, phase, &name), &array)?;
            }
        }
        Ok(())
    }

    /// One of several backward passes of the step to come, before
    /// [`update`](Self::update): what was put out, and the loss. Those of the
    /// second are recorded as `logits#2` and `loss#2`.
    pub fn pass(&mut self, forward: &Named, loss: &Tensor) -> Result<()> {
        self.put_out("forward", self.step + 1, forward)?;
        self.put_out("loss", self.step + 1, &[("loss", loss)])
    }

    /// What may be put out several times in a step, under a name of its own each time.
    fn put_out(&mut self, phase: &'static str, step: usize, named: &Named) -> Result<()> {
        let Some(open) = self.recorder.0.clone() else { return Ok(()) };
        let mut open = open.borrow_mut();
        for (name, tensor) in named {
            let name = again(name, self.count(phase, name));
            open.writer()?.tensors(&self.name, step, phase, &[(&name, tensor)])?;
        }
        Ok(())
    }

    /// The optimizer's update after its backward passes: gradients, state,
    /// parameters.
    pub fn update(&mut self, optimizer: &dyn Optimizer) -> Result<()> {
        self.step += 1;
        self.counts.clear();
        let Some(open) = &self.recorder.0 else { return Ok(()) };
        let mut open = open.borrow_mut();
        let writer = open.writer()?;
        note_generator(writer, &self.name, self.step)?;
        writer.update(&self.name, self.step, optimizer)
    }

    /// What the model keeps beside its parameters and changed in the last step,
    /// such as batch norm's running statistics.
    pub fn buffers(&self, named_buffers: &[(String, Tensor)]) -> Result<()> {
        self.tensors("state", &borrowed(named_buffers))
    }

    /// A call that led to no update, as in validation: what went in, where it is not
    /// what went in last, and what was put out, in the phase `eval` of the last step.
    pub fn eval(&mut self, data: &Named, forward: &Named) -> Result<()> {
        self.batch("eval", self.step, data)?;
        self.put_out("eval", self.step, forward)
    }

    /// How often this name was there since the last step.
    fn count(&mut self, phase: &'static str, name: &str) -> usize {
        let count = self.counts.entry((phase, name.to_owned())).or_default();
        *count += 1;
        *count
    }

    /// A training step, after the optimizer's update: what the forward pass put
    /// out, the loss, and what the optimizer knows of its parameters.
    pub fn step(
        &mut self,
        forward: &Named,
        loss: &Tensor,
        optimizer: &dyn Optimizer,
    ) -> Result<()> {
        self.step += 1;
        self.counts.clear();
        let Some(open) = &self.recorder.0 else { return Ok(()) };
        let step = Step { series: &self.name, step: self.step, forward, loss, optimizer };
        let mut open = open.borrow_mut();
        let writer = open.writer()?;
        note_generator(writer, &self.name, self.step)?;
        Observer::step(writer, &step)
    }

    /// The same after an update by tch's own optimizer, or by hand: gradients are
    /// taken from where libtorch keeps them, parameters from
    /// [`series`](Recorder::series). tch does not let an optimizer's state be
    /// read: compare with `--common`.
    pub fn step_of_tch(&mut self, forward: &Named, loss: &Tensor) -> Result<()> {
        self.step += 1;
        self.counts.clear();
        let grads = self.params.iter().map(|(name, param)| (name.clone(), param.grad()));
        let grads: Vec<_> = grads.filter(|(_, grad)| grad.defined()).collect();
        if let Some(open) = &self.recorder.0 {
            note_generator(open.borrow_mut().writer()?, &self.name, self.step)?;
        }
        self.tensors("forward", forward)?;
        self.tensors("loss", &[("loss", loss)])?;
        self.tensors("grad", &borrowed(&grads))?;
        self.tensors("param", &borrowed(&self.params))
    }

    /// What a model is when the run ends, where that is not what its last step left:
    /// weights that were clamped, averaged or put back. An average that nothing
    /// trained or called is a [series](Recorder::series) without initial parameters.
    pub fn end(&self, named: &[(String, Tensor)]) -> Result<()> {
        self.tensors(END, &borrowed(named))
    }

    /// Any tensors of the last step, in any phase.
    pub fn tensors(&self, phase: &str, named: &Named) -> Result<()> {
        let Some(open) = &self.recorder.0 else { return Ok(()) };
        open.borrow_mut().writer()?.tensors(&self.name, self.step, phase, named)
    }
}

/// Notes where the random numbers are by the end of a step.
fn note_generator(writer: &mut Writer, series: &str, step: usize) -> Result<()> {
    if writer.wants(step) {
        let state = Vec::<u8>::try_from(generator_state())?;
        writer.note_generator(series, step, &state);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use super::*;
    use crate::nn::{Layer, Linear, Module, cross_entropy};
    use crate::optim::Adam;
    use crate::trace::Trace;

    /// Tests run side by side, and libtorch has one default generator for all: who
    /// draws from it holds this.
    fn alone() -> MutexGuard<'static, ()> {
        static GENERATOR: Mutex<()> = Mutex::new(());
        GENERATOR.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn train(recorder: &Recorder) -> Tensor {
        tch::manual_seed(3);
        let x = Tensor::randn([8, 3], tch::kind::FLOAT_CPU);
        let y = Tensor::zeros([8], tch::kind::INT64_CPU);
        let model = Linear::new(3, 2);
        let mut optimizer = Adam::new(model.named_parameters(), 1e-2);
        let mut series = recorder.series("Linear-1", model.named_parameters()).unwrap();
        for i in 0..4 {
            let x = if i < 2 { x.shallow_clone() } else { &x + i };
            let logits = model.forward(&x);
            let loss = cross_entropy(&logits, &y);
            optimizer.zero_grad();
            optimizer.backward(&loss);
            optimizer.step();
            series.data(&[("input", &x), ("target", &y)]).unwrap();
            series.step(&[("logits", &logits)], &loss, &optimizer).unwrap();
        }
        model.named_parameters().remove(0).1
    }

    #[test]
    fn a_port_is_recorded_whole_and_its_batches_where_they_change() {
        let _held = alone();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.safetensors");
        let recorder = Recorder::to_file("test", &path).unwrap();
        let weight = train(&recorder);
        assert!(!path.exists());
        recorder.finish().unwrap();
        assert!(recorder.finish().is_err());
        let trace = Trace::read(&path).unwrap();
        // 2 initial, 4 steps of logits, loss, 2 gradients, 4 moments, 2 parameters.
        assert_eq!(trace.tensors.len(), 2 + 4 * 10 + 4);
        let last = trace.get("Linear-1", 4, "param", "weight").unwrap().to_tensor().unwrap();
        assert_eq!(last, weight);
        let has = |step, name| trace.get("Linear-1", step, "data", name).is_some();
        assert_eq!([1, 2, 3, 4].map(|step| has(step, "input")), [true, false, true, true]);
        assert_eq!([1, 2, 3, 4].map(|step| has(step, "target")), [true, false, false, false]);
    }

    /// A clip behind the step, as in Python, changes nothing that was recorded of it, nor
    /// does a scheduler, nor gradients that are zeroed in place.
    #[test]
    fn a_step_is_recorded_as_it_was_taken() {
        use crate::optim::{ParamGroups, clip_grad_norm_};

        let _held = alone();
        let folder = tempfile::tempdir().unwrap();
        let record = |afterwards: fn(&mut Adam, &Linear)| {
            tch::manual_seed(3);
            let path = folder.path().join("t.safetensors");
            let recorder = Recorder::to_file("test", &path).unwrap();
            let model = Linear::new(3, 2);
            let mut optimizer = Adam::new(model.named_parameters(), 1e-2);
            let mut series = recorder.series("Linear-1", model.named_parameters()).unwrap();
            for i in 1..=3_i32 {
                let loss = model.forward(&Tensor::ones([8, 3], tch::kind::FLOAT_CPU)).square();
                let loss = (loss * i64::from(i)).mean(None);
                optimizer.zero_grad();
                optimizer.backward(&loss);
                optimizer.set_lr(0, 1e-2 * f64::from(i));
                optimizer.step();
                afterwards(&mut optimizer, &model);
                series.step(&[], &loss, &optimizer).unwrap();
            }
            recorder.finish().unwrap();
            assert!(optimizer.parameters().taken().is_some());
            optimizer.step();
            assert!(optimizer.parameters().taken().is_none(), "nobody records any more");
            Trace::read(&path).unwrap()
        };
        let plain = record(|_, _| {});
        let changed = record(|optimizer, model| {
            let named = model.named_parameters();
            clip_grad_norm_(optimizer.parameters_mut(), &named, 1e-3, 2.0);
            for grad in optimizer.parameters_mut().grads_of(&named) {
                let _ = grad.zero_();
            }
            optimizer.set_lr(0, 7.0);
        });
        assert_eq!(plain.tensors, changed.tensors);
        let rates = |trace: &Trace| {
            let groups = trace.about.groups.changes().iter();
            groups
                .map(|(_, step, groups)| {
                    (*step, groups[0]["lr"].as_f64().unwrap(), groups[0].len())
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(rates(&plain), [(1, 0.01, 7), (2, 0.02, 1), (3, 0.03, 1)]);
        assert_eq!(rates(&plain), rates(&changed));
    }

    #[test]
    fn a_step_of_several_passes_numbers_what_comes_again() {
        let _held = alone();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.safetensors");
        let recorder = Recorder::to_file("test", &path).unwrap();
        let model = Linear::new(3, 2);
        let mut optimizer = Adam::new(model.named_parameters(), 1e-2);
        let mut series = recorder.series("Linear-1", model.named_parameters()).unwrap();
        for _ in 0..2 {
            optimizer.zero_grad();
            for i in 0..2 {
                let x = Tensor::ones([8, 3], tch::kind::FLOAT_CPU) * i;
                let output = model.forward(&x);
                let loss = output.square().mean(None);
                optimizer.backward(&loss);
                series.data(&[("input", &x)]).unwrap();
                series.pass(&[("output", &output)], &loss).unwrap();
            }
            optimizer.step();
            series.update(&optimizer).unwrap();
            let seen = vec![("bn.seen".to_owned(), Tensor::from(1_i64))];
            series.buffers(&seen).unwrap();
        }
        series.end(&model.named_parameters()[..1]).unwrap();
        let average = vec![("weight".to_owned(), Tensor::from(0.5_f32))];
        recorder.series("Linear-2", Vec::new()).unwrap().end(&average).unwrap();
        recorder.finish().unwrap();
        let trace = Trace::read(&path).unwrap();
        let end = |series, step, name| trace.get(series, step, "end", name).is_some();
        assert!(end("Linear-1", 2, "weight") && end("Linear-2", 0, "weight"));
        assert!(!end("Linear-1", 2, "bias"));
        // 2 initial and 2 inputs, 2 in the end; 2 steps of 2 outputs, 2 losses, 2 gradients, 4
        // moments, 2 parameters and what was seen.
        assert_eq!(trace.tensors.len(), 6 + 2 * 13);
        let has = |step, phase, name| trace.get("Linear-1", step, phase, name).is_some();
        assert!(has(1, "data", "input") && has(1, "data", "input#2") && has(2, "state", "bn.seen"));
        assert!(has(2, "forward", "output#2") && has(2, "loss", "loss#2"));
        assert!(!has(2, "data", "input") && !has(2, "loss", "loss#3"));
    }

    #[test]
    fn inputs_that_change_places_are_recorded_and_those_of_another_series_are_not() {
        let _held = alone();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.safetensors");
        let recorder = Recorder::to_file("test", &path).unwrap();
        let model = Linear::new(3, 2);
        let optimizer = Adam::new(model.named_parameters(), 1e-2);
        let [mut one, mut other] =
            ["one", "other"].map(|name| recorder.series(name, vec![]).unwrap());
        let [x, y] = [1.0, 2.0].map(|value| Tensor::full([2], value, tch::kind::FLOAT_CPU));
        for [first, second] in [[&x, &y], [&y, &x], [&y, &y]] {
            one.data(&[("a", first), ("b", second)]).unwrap();
            one.update(&optimizer).unwrap();
            other.data(&[("c", first)]).unwrap();
            other.update(&optimizer).unwrap();
        }
        recorder.finish().unwrap();
        let trace = Trace::read(&path).unwrap();
        let has = |series, name| [1, 2, 3].map(|i| trace.get(series, i, "data", name).is_some());
        assert_eq!(has("one", "a"), [true, true, false]);
        assert_eq!(has("one", "b"), [true, true, true]);
        assert_eq!(has("other", "c"), [false; 3]);
    }

    /// tch's SGD has the bits of PyTorch's, which ours has: the steps are the same.
    #[test]
    fn a_step_of_tchs_optimizer_is_recorded_as_one_of_ours() {
        use tch::nn::{OptimizerConfig, Sgd as TchSgd, VarStore};

        use crate::optim::Sgd;

        let folder = tempfile::tempdir().unwrap();
        let start = Tensor::from_slice(&[1.0_f32, -2.0, 3.0]);
        let record = |by_tch: bool| {
            let path = folder.path().join(by_tch.to_string());
            let recorder = Recorder::to_file("test", &path).unwrap();
            let store = VarStore::new(tch::Device::Cpu);
            let mut w = store.root().zeros("w", &[3]);
            tch::no_grad(|| w.copy_(&start));
            let unused = store.root().zeros("unused", &[2]);
            let named = || {
                let all = [("w", &w), ("unused", &unused)];
                all.map(|(name, x)| (name.to_owned(), x.shallow_clone())).into()
            };
            let mut series = recorder.series("net", named()).unwrap();
            let mut theirs = TchSgd::default().build(&store, 0.1).unwrap();
            let mut ours = Sgd::new(named(), 0.1);
            for i in 1..=3 {
                let x = Tensor::from_slice(&[0.5_f32, 1.0, 2.0]) * i;
                let output = &w * &x;
                let loss = output.square().mean(None);
                series.data(&[("input", &x)]).unwrap();
                if by_tch {
                    theirs.backward_step(&loss);
                    series.step_of_tch(&[("output", &output)], &loss).unwrap();
                } else {
                    ours.zero_grad();
                    ours.backward(&loss);
                    ours.step();
                    series.step(&[("output", &output)], &loss, &ours).unwrap();
                }
            }
            recorder.finish().unwrap();
            Trace::read(&path).unwrap()
        };
        let [ours, theirs] = [false, true].map(record);
        // What was initial, and 3 steps of input, output, loss, gradient, parameters.
        assert_eq!(theirs.tensors.len(), 2 + 3 * 6);
        assert_eq!(theirs.tensors, ours.tensors);
        assert_eq!(theirs.keys(), ours.keys());
    }

    /// One test, since signals are the process's.
    #[test]
    fn a_run_that_fails_or_that_a_signal_ends_keeps_what_there_was() {
        let _held = alone();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.safetensors");
        let kept = Kept { partial: true, ..Kept::default() };
        let recorder = || Recorder::keeping("test", &path, kept.clone()).unwrap();

        drop(recorder());
        assert!(!path.exists(), "there was nothing");
        let one = recorder();
        let _ = train(&one);
        drop(one);
        let trace = Trace::read(&path).unwrap();
        assert_eq!(trace.tensors.len(), 2 + 4 * 10 + 4);
        assert_eq!(trace.about.partial.unwrap(), "until the run failed");

        let two = recorder();
        let series = two.series("a", vec![("w".to_owned(), Tensor::from(1.0))]).unwrap();
        signal_hook::low_level::raise(signal_hook::consts::SIGTERM).unwrap();
        let error = series.tensors("param", &[("w", &Tensor::from(1.0))]).unwrap_err();
        assert!(error.to_string().starts_with("ended by SIGTERM: "), "{error}");
        drop((series, two));
        let trace = Trace::read(&path).unwrap();
        assert_eq!(
            (trace.tensors.len(), trace.about.partial.unwrap().as_str()),
            (1, "until SIGTERM")
        );

        let three = recorder();
        let _ = train(&three);
        three.finish().unwrap();
        assert_eq!(Trace::read(&path).unwrap().about.partial, None);

        // Not over the whole one that is there now.
        let four = recorder();
        let _ = train(&four);
        drop(four);
        assert_eq!(Trace::read(&path).unwrap().about.partial, None);
        let beside = Trace::read(&folder.path().join("t.partial.safetensors")).unwrap();
        assert_eq!(beside.about.partial.unwrap(), "until the run failed");
    }

    #[test]
    fn of_a_selection_of_steps_each_has_its_batch() {
        let _held = alone();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.safetensors");
        let kept = Kept { steps: 2..4, ..Kept::default() };
        let recorder = Recorder::keeping("test", &path, kept).unwrap();
        let _ = train(&recorder);
        recorder.finish().unwrap();
        let trace = Trace::read(&path).unwrap();
        let steps = |phase: &str| {
            let places = trace.tensors.keys().filter_map(Key::place);
            let mut steps: Vec<_> =
                places.filter(|place| place.phase == phase).map(|place| place.step).collect();
            steps.dedup();
            steps
        };
        // The batch of step 2 is that of step 1: it was not recorded yet.
        assert_eq!((steps("data"), steps("loss")), (vec![2, 3], vec![2, 3]));
    }

    #[test]
    fn off_it_changes_nothing() {
        let _held = alone();
        let folder = tempfile::tempdir().unwrap();
        let on = Recorder::to_file("test", &folder.path().join("t.safetensors")).unwrap();
        let off = Recorder(None);
        assert!(on.is_on() && !off.is_on());
        assert_eq!(train(&off), train(&on));
    }
}
