//! The time of training steps at other sizes, on other threads.

use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::bench::case::{Case, Measure};
use crate::bench::row::Spread;
use crate::fast;
use crate::lesson::train::{Loop, Mlp, fit, make_data};
use crate::python::Conversation;
use crate::pytorch::nn::{cross_entropy, parameters};
use crate::pytorch::optim::Adam;
use crate::trace::{Observer, Step};

const FEATURES: i64 = 10;
const LR: f64 = 1e-3;

/// Epochs of the network that is trained beforehand, as in the twin.
const WARM_UP: usize = 5;

/// Asks the twin.
pub fn python(twin: &mut Conversation, case: &Case) -> Result<f64> {
    let Case { samples, hidden, epochs, threads, .. } = case;
    let question = format!("{} {samples} {hidden} {epochs} {threads}", case.activation().name());
    let answer = twin.ask(&question)?;
    let seconds: Result<Vec<f64>, _> = answer.split_whitespace().map(str::parse).collect();
    let seconds = seconds.with_context(|| format!("the Python twin answers {answer:?}"))?;
    let [step, all] = seconds[..] else { bail!("the Python twin answers {answer:?}") };
    Ok(pick(case, step, all))
}

/// Trains here, by the loop given.
pub fn rust(how: Loop, case: &Case) -> f64 {
    tch::set_num_threads(case.threads);
    let (x, y) = make_data(case.samples, FEATURES);
    let name = case.activation().name();
    let train = |epochs| {
        let model = Mlp::new(FEATURES, case.hidden, case.activation());
        let mut clock = Clock(vec![Instant::now()]);
        match how {
            Loop::Plain => {
                let mut optimizer = Adam::new(parameters(&model), LR);
                fit(&name, &model, cross_entropy, &mut optimizer, (&x, &y), epochs, &mut clock)
            }
            Loop::Fast => fast::fit(&name, &model, LR, (&x, &y), epochs, &mut clock),
        };
        clock.steps()
    };
    train(WARM_UP);
    let steps = train(case.epochs);
    let median = Spread::of(&steps).map_or(0.0, |spread| spread.median);
    pick(case, median, steps.iter().sum())
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
    fn step(&mut self, _step: &Step) {
        self.0.push(Instant::now());
    }
}
