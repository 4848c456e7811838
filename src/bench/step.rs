//! The time of training steps at other sizes, on other threads.

use std::time::Instant;

use anyhow::{Context, Result, bail};
use torch_parity::nn::{Module, cross_entropy};
use torch_parity::optim::Adam;
use torch_parity::trace::{Observer, Step};

use crate::bench::case::{Case, Measure};
use crate::bench::row::Spread;
use crate::fast;
use crate::lesson::train::{Mlp, fit, make_data};
use crate::python::Conversation;

const FEATURES: i64 = 10;
const LR: f64 = 1e-3;

/// Epochs of the network that is trained beforehand, as in the twin.
const WARM_UP: usize = 5;

/// Asks the twin.
pub fn python(twin: &mut Conversation, case: &Case) -> Result<f64> {
    ask(twin, case, "")
}

/// What of Python's steps is recorded.
#[derive(Debug)]
pub struct Recorded {
    /// The twin's word for it.
    word: &'static str,
    /// In which table of the CSV it is.
    pub table: &'static str,
    /// As the recorder is asked for it.
    pub flags: &'static str,
}

/// Everything; little; nothing any more.
pub static RECORDED: [Recorded; 3] = [
    Recorded { word: "all", table: "recorded", flags: "all phases" },
    Recorded { word: "loss", table: "recorded loss", flags: "--phases loss" },
    Recorded { word: "steps", table: "recorded before", flags: "after --steps 0..5" },
];

/// Asks the twin, while that is recorded.
pub fn python_recorded(twin: &mut Conversation, case: &Case, what: &Recorded) -> Result<f64> {
    ask(twin, case, &format!("recorded {} ", what.word))
}

fn ask(twin: &mut Conversation, case: &Case, how: &str) -> Result<f64> {
    let Case { samples, hidden, layers, epochs, threads, .. } = case;
    let name = case.activation().name();
    let question = format!("{how}{name} {samples} {hidden} {layers} {epochs} {threads}");
    let answer = twin.ask(&question)?;
    let seconds: Result<Vec<f64>, _> = answer.split_whitespace().map(str::parse).collect();
    let seconds = seconds.with_context(|| format!("the Python twin answers {answer:?}"))?;
    let [step, all] = seconds[..] else { bail!("the Python twin answers {answer:?}") };
    Ok(pick(case, step, all))
}

/// Which loop trains a network. Both give the same bits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Loop {
    /// [`fit`], the lesson's.
    Plain,
    /// [`fast::fit`], which is what runs.
    Fast,
}

/// Trains here, by the loop given.
pub fn rust(how: Loop, case: &Case) -> Result<f64> {
    tch::set_num_threads(case.threads);
    let (x, y) = make_data(case.samples, FEATURES);
    let (activation, data) = (case.activation(), (&x, &y));
    let name = activation.name();
    let train = |epochs| {
        let model = Mlp::new(FEATURES, case.hidden, activation);
        let mut clock = Clock(vec![Instant::now()]);
        match how {
            Loop::Plain => {
                let optimizer = &mut Adam::new(model.named_parameters(), LR);
                fit(name, &model, cross_entropy, optimizer, data, epochs, &mut clock)?
            }
            Loop::Fast => fast::fit(name, activation, &model, LR, data, epochs, &mut clock)?,
        };
        Ok::<_, anyhow::Error>(clock.steps())
    };
    train(WARM_UP)?;
    let steps = train(case.epochs)?;
    let median = Spread::of(&steps).map_or(0.0, |spread| spread.median);
    Ok(pick(case, median, steps.iter().sum()))
}

/// What the case asks for, in its unit.
fn pick(case: &Case, step: f64, all: f64) -> f64 {
    match case.measure {
        Measure::Step => step * 1e6,
        _ => all * 1e3,
    }
}

/// Notes when each step ends. The first includes what a loop sets up.
struct Clock(Vec<Instant>);

impl Clock {
    /// Seconds.
    fn steps(&self) -> Vec<f64> {
        self.0.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect()
    }
}

impl Observer for Clock {
    fn step(&mut self, _step: &Step) -> torch_parity::Result<()> {
        self.0.push(Instant::now());
        Ok(())
    }
}
