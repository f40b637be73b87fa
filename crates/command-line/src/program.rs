//! [`Program`]: what a program hands to its commands.

use tenant_core::{Migrations, SourceError};

use crate::invocation::Spelling;
use crate::json::CommandSchema;

/// What the commands cannot know by themselves: which program they are in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Program {
    /// How it spells the commands that it advises.
    pub spelling: Spelling,
    /// The migrations that are compiled in. Without them, the commands read those of the
    /// project from the disk.
    pub compiled_in: Option<fn() -> Result<Migrations, SourceError>>,
    /// Every command, for the completions of a shell.
    pub commands: Option<fn() -> Vec<clap::Command>>,
    /// The schema of each command's documents.
    pub schemas: Option<fn() -> Vec<CommandSchema>>,
}
