//! What calls give back, and what they tell while they run: data, without connections.

mod archive;
#[cfg(test)]
mod codes;
mod done;
mod note;
mod once;
mod outcome;
mod problem;
mod progress;
mod spares;
mod waiting;

pub use archive::{ArchiveProgress, Exported, Imported, TableRows};
pub use done::{Cloned, Moved, PublicOutcome, Removed, Renamed, Resumed, Suspended};
pub use note::Note;
pub(crate) use once::tell_once;
pub use outcome::{FleetReport, Outcome, Status};
pub use problem::{Orphan, Problem, ProblemKind, SpareFault};
pub use progress::{MoveProgress, Progress};
pub use spares::{SpareCount, SpareReport};
pub use waiting::Waiting;
