//! What a program runs: an [`Entry`] for each command.

use command_line::Entry;

use crate::commands::{Completions, JsonSchema, ManPages, Studio};

/// Runs [`Completions`].
pub static COMPLETIONS: Entry = Entry::of::<Completions>();

/// Runs [`JsonSchema`].
pub static JSON_SCHEMA: Entry = Entry::of::<JsonSchema>();

/// Runs [`ManPages`].
pub static MAN_PAGES: Entry = Entry::of::<ManPages>();

/// Runs [`Studio`].
pub static STUDIO: Entry = Entry::of::<Studio>();
