//! Panels of lines, as SVG: what every room's plots are made of.

mod axis;
mod chart;
mod growth;
mod look;
mod panel;

pub use self::axis::Scale;
pub use self::chart::draw;
pub use self::growth::growth;
pub use self::look::{LOOKS, Look, look};
pub use self::panel::{Band, Line, Note, Panel};
