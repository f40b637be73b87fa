//! What a program runs: an [`Entry`] for each command.

use command_line::Entry;

use crate::commands::{Completions, Studio};

/// Runs [`Completions`].
pub static COMPLETIONS: Entry = Entry::of::<Completions>();

/// Runs [`Studio`].
pub static STUDIO: Entry = Entry::of::<Studio>();
