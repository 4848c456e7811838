//! Runs that one language saves after half of their steps and the other finishes.

use std::collections::BTreeMap;

use serde_json::Value;
use tch::Tensor;
use tempfile::TempDir;
use torch_parity::optim::ParamGroups;
use torch_parity::trace::{Array, Key, OfTensor, Trace};

use super::{alone, run_python};

/// Everything that a run went through, by key.
pub type Record = Vec<(String, Tensor)>;

/// The runs of a script's cases.
pub struct Runs<O: ?Sized> {
    /// The same runs in Python.
    pub script: &'static str,
    /// An optimizer of a case's parameters, `p0`, `p1` and so on.
    pub make: fn(&Value) -> Box<O>,
    /// The same with other values and settings, to be loaded over.
    pub other: fn(&Value) -> Box<O>,
    /// Trains from this step to the case's last.
    pub train: fn(&Value, &mut O, u64, &mut Record),
    /// What is recorded of a tensor.
    pub told: fn(&Tensor) -> Tensor,
}

impl<O: ParamGroups + ?Sized> Runs<O> {
    /// Goes on after half of its steps, with what is saved then on record.
    pub fn whole(&self, case: &Value) -> Record {
        let mut record = vec![];
        let mut optimizer = self.first_half(case, &mut record);
        for (name, tensor) in optimizer.state_dict() {
            record.push((key(half(case), "saved", &name), (self.told)(&tensor)));
        }
        (self.train)(case, &mut optimizer, half(case) + 1, &mut record);
        record
    }

    fn first_half(&self, case: &Value, record: &mut Record) -> Box<O> {
        let mut optimizer = (self.make)(case);
        let mut first = case.clone();
        first["steps"] = half(case).into();
        (self.train)(&first, &mut optimizer, 1, record);
        optimizer
    }

    /// Those that Python saves are finished here with its bits.
    pub fn assert_finished_here(&self, cases: &[Value]) {
        let all = run_python(self.script, cases);
        let _alone = alone();
        for (case, python) in cases.iter().zip(all) {
            let mut optimizer = (self.other)(case);
            for (i, param) in optimizer.parameters().tensors().iter().enumerate() {
                let theirs = &python.tensors[key(half(case), "param", &format!("p{i}")).as_str()];
                tch::no_grad(|| param.shallow_clone().copy_(&theirs.to_tensor().unwrap()));
            }
            let saved = python.tensors.iter().filter_map(|(key, x)| {
                let name = key.in_phase("saved")?.name.to_owned();
                Some((name, x.to_tensor().unwrap()))
            });
            optimizer.load_state_dict(&saved.collect()).unwrap();
            let mut rest = vec![];
            (self.train)(case, &mut optimizer, half(case) + 1, &mut rest);
            assert_same_rest(case, rest, &python);
        }
    }

    /// Those that are saved here are finished by Python with the same bits.
    pub fn assert_finished_by_python(&self, mut cases: Vec<Value>) {
        let _alone = alone();
        let folder = TempDir::new().unwrap();
        for (n, case) in cases.iter_mut().enumerate() {
            let optimizer = self.first_half(case, &mut vec![]);
            let params = optimizer.parameters().tensors().iter().enumerate();
            let params = params.map(|(i, x)| (format!("param.p{i}"), x.copy()));
            let mut trace = Trace::default();
            for (name, tensor) in params.chain(optimizer.state_dict()) {
                trace.tensors.insert(name.into(), Array::of(&tensor).unwrap());
            }
            let path = folder.path().join(format!("{n}.safetensors"));
            std::fs::write(&path, trace.to_bytes().unwrap()).unwrap();
            case["saved"] = path.to_str().unwrap().into();
        }
        for (case, python) in cases.iter().zip(run_python(self.script, &cases)) {
            assert_same_rest(case, self.whole(case), &python);
        }
    }
}

/// After half of the steps both records have the same keys and bits.
fn assert_same_rest(case: &Value, ours: Record, python: &Trace) {
    let is_after = |key: &Key| key.place().unwrap().step as u64 > half(case);
    let ours = ours.into_iter().map(|(key, x)| (Key::from(key), Array::of(&x).unwrap()));
    let ours: BTreeMap<_, _> = ours.filter(|(key, _)| is_after(key)).collect();
    let theirs: Vec<_> = python.tensors.iter().filter(|(key, _)| is_after(key)).collect();
    assert!(!theirs.is_empty(), "{case}");
    assert_eq!(ours.len(), theirs.len(), "{case}");
    for (key, theirs) in theirs {
        assert_eq!(ours.get(key), Some(theirs), "{case}\n{key}");
    }
}

/// The key of what a run went through.
pub fn key(step: u64, phase: &str, name: &str) -> String {
    Key::new("run", step as usize, phase, name).to_string()
}

fn half(case: &Value) -> u64 {
    case["steps"].as_u64().unwrap() / 2
}
