//! Panels of lines, as SVG: what every room's plots are made of.

mod chart;
mod colour;
mod growth;

pub use self::chart::{Band, Line, Panel, draw};
pub use self::colour::colour;
pub use self::growth::growth;
