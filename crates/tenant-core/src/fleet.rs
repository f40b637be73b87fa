//! Work on many schemas at a time: what is done with each, within which limits, until when.

mod item;
mod run;
mod stop;

pub(crate) use item::Item;
pub(crate) use run::{Action, DEFAULT_JOBS, Limits, Run};
pub use stop::Stop;
