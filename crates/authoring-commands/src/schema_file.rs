//! Reads a `schema.rs` from the disk.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use command_line::exit::UsageError;
use schema_diff::Schema;

use crate::Project;

/// The tables that `file` describes.
///
/// # Errors
///
/// A wrong use with file, line and reason when there is no such file, or when
/// it cannot be read as a `schema.rs`.
pub fn read(project: &Project, file: &Path) -> anyhow::Result<Schema> {
    let shown = project.shown(file);
    let text = std::fs::read_to_string(file)
        .map_err(|error| anyhow!(UsageError(error.to_string())))
        .with_context(|| format!("could not read {shown}"))?;
    Schema::parse(&text).map_err(|error| {
        anyhow!(UsageError(format!(
            "{shown}:{}:{}: {}",
            error.line, error.column, error.reason
        )))
    })
}
