//! `torch.optim.LBFGS`.

mod line_search;
mod number;
mod state_dict;

use tch::{Tensor, no_grad, with_grad};

use self::line_search::strong_wolfe;
use self::number::Number::{self, Float};
use super::scaled::add_;
use super::{Byproduct, Group, Optimizer, Parameters, Setting};
use crate::defaults::defaults;

/// `torch.optim.LBFGS` (Liu and Nocedal, 1989, after Schmidt's minFunc): the
/// arithmetic of its `step`, call by call, Python's floats and float32 tensors
/// of one value kept apart as there. One group of parameters, float32 or float64.
#[derive(Debug)]
pub struct Lbfgs {
    parameters: Parameters,
    settings: LbfgsSettings,
    notes: Vec<(&'static str, f64)>,
    state: State,
}

defaults! {
    /// What [`Lbfgs`] is set to: PyTorch's defaults unless told otherwise.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct LbfgsSettings {
        /// Learning rate.
        pub lr: f64 = 1.0,
        /// How many iterations a step has at most.
        pub max_iter: usize = 20,
        /// How often a step evaluates the loss at most: 5/4 of `max_iter` if None.
        pub max_eval: Option<usize> = None,
        /// Stops where no value of the gradient is larger.
        pub tolerance_grad: f64 = 1e-7,
        /// Stops where neither parameters nor loss change by more.
        pub tolerance_change: f64 = 1e-9,
        /// How many updates are remembered.
        pub history_size: usize = 100,
        /// How the length of an update is found: lr if None.
        pub line_search_fn: Option<LineSearch> = None,
    }
}

/// `line_search_fn` of LBFGS.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LineSearch {
    /// `"strong_wolfe"`.
    StrongWolfe,
}

/// What is remembered from step to step, under PyTorch's names.
#[derive(Debug)]
struct State {
    func_evals: usize,
    n_iter: usize,
    /// What the first iteration leaves; None before.
    memory: Option<Memory>,
}

#[derive(Debug)]
struct Memory {
    d: Tensor,
    t: Number,
    old_dirs: Vec<Tensor>,
    old_stps: Vec<Tensor>,
    ro: Vec<Number>,
    h_diag: Number,
    prev_flat_grad: Tensor,
    prev_loss: f64,
}

impl Lbfgs {
    /// An optimizer of these parameters, which it updates in place, with
    /// PyTorch's defaults but for the learning rate.
    pub fn new(named_parameters: Vec<(String, Tensor)>, lr: f64) -> Self {
        Self::with(named_parameters, LbfgsSettings { lr, ..LbfgsSettings::default() })
    }

    /// The same with these settings.
    pub fn with(named_parameters: Vec<(String, Tensor)>, settings: LbfgsSettings) -> Self {
        let parameters = Parameters::new(named_parameters);
        let state = State { func_evals: 0, n_iter: 0, memory: None };
        Self { parameters, settings, notes: vec![], state }
    }

    /// `optimizer.step(closure)`. The closure forgets the gradients, computes the
    /// loss, (), goes backward, and gives the loss, which of the first evaluation
    /// is handed on:
    ///
    /// ```ignore
    /// optimizer.step(|parameters| {
    ///     parameters.zero_grad();
    ///     let loss = mse_loss(&model.forward(&x), &y);
    ///     parameters.backward(&loss);
    ///     loss
    /// });
    /// ```
    pub fn step(&mut self, mut closure: impl FnMut(&mut Parameters) -> Tensor) -> Byproduct {
        let mut closure = |parameters: &mut Parameters| with_grad(|| closure(parameters));
        let groups = self.param_groups();
        let loss = no_grad(|| self.iterate(&mut closure));
        // The gradients are those of the last evaluation, as for Python's recorder.
        self.parameters.step_begins(|| groups);
        loss.into()
    }

    fn iterate(&mut self, closure: &mut dyn FnMut(&mut Parameters) -> Tensor) -> Tensor {
        let Self { parameters, settings, state, .. } = self;
        let LbfgsSettings { lr, max_iter, tolerance_grad, tolerance_change, .. } = *settings;
        let max_eval = settings.max_eval();
        let orig_loss = closure(parameters);
        let mut loss = orig_loss.double_value(&[]);
        let mut current_evals = 1;
        state.func_evals += 1;
        let mut flat_grad = gather_flat_grad(parameters);
        let optimal = |grad: &Tensor| largest(grad) <= Float(tolerance_grad);
        let mut opt_cond = optimal(&flat_grad);
        if opt_cond {
            return orig_loss;
        }
        for n_iter in 1..=max_iter {
            state.n_iter += 1;
            let memory = match state.memory.take() {
                Some(memory) if state.n_iter > 1 => {
                    memory.next(&flat_grad, loss, lr, settings.history_size)
                }
                _ => Memory::first(&flat_grad, loss, lr),
            };
            let Memory { d, t, .. } = state.memory.insert(memory);
            let gtd = Number::of(&flat_grad.dot(d));
            if gtd > Float(-tolerance_change) {
                break;
            }
            let mut ls_func_evals = 0;
            if settings.line_search_fn == Some(LineSearch::StrongWolfe) {
                let x: Vec<_> = parameters.tensors().iter().map(Tensor::copy).collect();
                let mut objective = |t: Number| {
                    add_grad(parameters, t, d);
                    let loss = closure(parameters).double_value(&[]);
                    let flat_grad = gather_flat_grad(parameters);
                    set_param(parameters, &x);
                    (loss, flat_grad)
                };
                let at = (loss, &flat_grad, gtd);
                let max_ls = max_eval.saturating_sub(current_evals);
                let found = strong_wolfe(&mut objective, *t, d, at, max_ls);
                (loss, flat_grad, *t, ls_func_evals) = found;
                add_grad(parameters, *t, d);
                opt_cond = optimal(&flat_grad);
            } else {
                add_grad(parameters, *t, d);
                // Not in the last iteration: nobody would use it.
                if n_iter != max_iter {
                    loss = closure(parameters).double_value(&[]);
                    flat_grad = gather_flat_grad(parameters);
                    opt_cond = optimal(&flat_grad);
                    ls_func_evals = 1;
                }
            }
            current_evals += ls_func_evals;
            state.func_evals += ls_func_evals;
            let Memory { d, t, prev_loss, .. } = state.memory.as_ref().expect("just inserted");
            if n_iter == max_iter
                || current_evals >= max_eval
                || opt_cond
                || largest(&(d * t.float())) <= Float(tolerance_change)
                || (loss - prev_loss).abs() < tolerance_change
            {
                break;
            }
        }
        orig_loss
    }
}

impl LbfgsSettings {
    fn max_eval(&self) -> usize {
        self.max_eval.unwrap_or(self.max_iter * 5 / 4)
    }
}

impl Memory {
    /// Downhill.
    fn first(flat_grad: &Tensor, loss: f64, lr: f64) -> Self {
        let sum = Number::of(&flat_grad.abs().sum(None));
        Self {
            d: -flat_grad,
            t: Float(1.0).min(Float(1.0) / sum) * Float(lr),
            old_dirs: vec![],
            old_stps: vec![],
            ro: vec![],
            h_diag: Float(1.0),
            prev_flat_grad: flat_grad.copy(),
            prev_loss: loss,
        }
    }

    /// Takes in the last update, and finds the next direction: minus the
    /// approximate inverse Hessian times the gradient.
    fn next(mut self, flat_grad: &Tensor, loss: f64, lr: f64, history_size: usize) -> Self {
        let y = flat_grad - &self.prev_flat_grad;
        let s = &self.d * self.t.float();
        let ys = Number::of(&y.dot(&s));
        if ys > Float(1e-10) {
            if self.old_dirs.len() == history_size {
                drop(self.old_dirs.remove(0));
                drop(self.old_stps.remove(0));
                self.ro.remove(0);
            }
            self.h_diag = ys / Number::of(&y.dot(&y));
            self.old_dirs.push(y);
            self.old_stps.push(s);
            self.ro.push(Float(1.0) / ys);
        }
        let num_old = self.old_dirs.len();
        let mut al = vec![Float(0.0); num_old];
        let mut q = -flat_grad;
        for i in (0..num_old).rev() {
            al[i] = Number::of(&self.old_stps[i].dot(&q)) * self.ro[i];
            add_(&mut q, &self.old_dirs[i], (-al[i]).float());
        }
        let mut r = q * self.h_diag.float();
        for (i, al) in al.into_iter().enumerate() {
            let be_i = Number::of(&self.old_dirs[i].dot(&r)) * self.ro[i];
            add_(&mut r, &self.old_stps[i], (al - be_i).float());
        }
        self.d = r;
        self.prev_flat_grad.copy_(flat_grad);
        Self { t: Float(lr), prev_loss: loss, ..self }
    }
}

/// The largest absolute value.
fn largest(x: &Tensor) -> Number {
    Number::of(&x.abs().max())
}

fn gather_flat_grad(parameters: &Parameters) -> Tensor {
    let all = parameters.tensors().iter().zip(parameters.grads());
    let flat = |(param, grad): (&Tensor, &Option<Tensor>)| match grad {
        Some(grad) => grad.reshape([-1]),
        None => param.zeros_like().reshape([-1]),
    };
    Tensor::cat(&all.map(flat).collect::<Vec<_>>(), 0)
}

fn add_grad(parameters: &Parameters, step_size: Number, update: &Tensor) {
    let mut offset = 0;
    for param in parameters.tensors() {
        let numel = param.numel() as i64;
        let part = update.narrow(0, offset, numel).view_as(param);
        add_(&mut param.shallow_clone(), &part, step_size.float());
        offset += numel;
    }
}

fn set_param(parameters: &Parameters, x: &[Tensor]) {
    for (param, x) in parameters.tensors().iter().zip(x) {
        param.shallow_clone().copy_(x);
    }
}

impl Optimizer for Lbfgs {
    fn param_groups(&self) -> Vec<Group> {
        let set = &self.settings;
        let word = set.line_search_fn.map(|LineSearch::StrongWolfe| "strong_wolfe");
        let own = [
            ("lr", Setting::Float(set.lr)),
            ("max_iter", Setting::Whole(set.max_iter)),
            ("max_eval", Setting::Whole(set.max_eval())),
            ("tolerance_grad", Setting::Float(set.tolerance_grad)),
            ("tolerance_change", Setting::Float(set.tolerance_change)),
            ("history_size", Setting::Whole(set.history_size)),
            ("line_search_fn", Setting::Word(word)),
        ];
        let notes = self.notes.iter().map(|(name, value)| (*name, Setting::Float(*value)));
        vec![own.into_iter().chain(notes).collect()]
    }

    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn parameters_mut(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

    /// The tensors that PyTorch keeps under the first parameter, but for the
    /// lists of earlier updates, and single values only in float32.
    fn state(&self, i: usize) -> Vec<(&'static str, Tensor)> {
        let Some(memory) = self.state.memory.as_ref().filter(|_| i == 0) else { return vec![] };
        let number = |name, number| match number {
            Float(_) | Number::Double(_) => None,
            Number::Single(_) => Some((name, number.to_tensor())),
        };
        let all = [
            Some(("d", memory.d.shallow_clone())),
            number("t", memory.t),
            number("H_diag", memory.h_diag),
            Some(("prev_flat_grad", memory.prev_flat_grad.shallow_clone())),
        ];
        all.into_iter().flatten().collect()
    }
}
