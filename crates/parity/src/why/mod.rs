//! Why two programs part: their lists of operations, compared by values.

pub mod blind;
pub mod call;
pub mod causes;
pub mod counterpart;
pub mod differs;
mod digests;
mod enums;
mod finding;
mod forward;
pub mod known;
pub mod list;
pub mod outcome;
pub mod parting;
mod passes;
pub mod pitfalls;
pub mod read;
pub mod report;
pub mod source;
mod two_lists;

pub use digests::Digests;
pub use outcome::Outcome;
pub use read::read;
pub use two_lists::compare;
