//! The mistakes of the catalogue, `docs/pitfalls.md`, recognised by the operations where
//! two programs part, never by names of the programs' own.

mod formula;
mod forward;
mod initial;
mod operation;
mod scene;
#[cfg(test)]
mod tests;
mod training;
mod update;

use serde::Serialize;

pub use scene::Scene;

use super::list::List;

/// The page of the project that explains them all.
const PAGE: &str = "docs/pitfalls.md";

/// A mistake of the catalogue.
pub struct Pitfall {
    /// Its name there.
    pub name: &'static str,
    /// What it is, in its words.
    pub mistake: &'static str,
    /// Whether it is what is to be seen.
    is: fn(&Scene<'_>) -> bool,
}

/// A mistake that a pair looks like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recognised {
    /// Its name in the catalogue.
    pub name: &'static str,
    /// What it is.
    pub mistake: &'static str,
    /// The page that explains it, a path in the project.
    pub page: String,
}

/// All of them, in the catalogue's order.
pub fn all() -> impl Iterator<Item = &'static Pitfall> {
    let rooms = [initial::PITFALLS, forward::PITFALLS, training::PITFALLS, update::PITFALLS];
    rooms.into_iter().flatten()
}

/// Those that the place where two programs part looks like: where the port is at `at`,
/// and the script at `theirs`; `lacks` is what the port lacks first.
pub fn recognised(
    [script, port]: [&List; 2],
    at: usize,
    theirs: Option<usize>,
    lacks: Option<usize>,
) -> Vec<Recognised> {
    let programs = scene::programs(script, port);
    let scene = Scene::of(&programs, at, theirs, lacks);
    let found = all().filter(|it| (it.is)(&scene));
    let told = found.map(|it| Recognised {
        name: it.name,
        mistake: it.mistake,
        page: format!("{PAGE}#{}", it.name),
    });
    told.collect()
}
