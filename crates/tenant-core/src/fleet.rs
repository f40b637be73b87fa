//! Work on many schemas at a time: what is done with each, within which limits, until when.

mod item;
mod pace;
mod run;
mod selection;
mod stop;

pub(crate) use item::Item;
pub(crate) use pace::Pace;
pub(crate) use run::{Action, DEFAULT_JOBS, Limits, Run};
pub use selection::Selection;
pub use stop::Stop;
