//! Why a hook is not taken.

use thiserror::Error;

use super::Placeholder;
use crate::migration::Reason;

/// A hook that is refused before anything runs.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{source_name}` is refused: line {line}: {reason}")]
#[non_exhaustive]
pub struct HookError {
    /// What it was called: mostly its file.
    pub source_name: String,
    /// The line, from 1.
    pub line: usize,
    /// What is there.
    pub reason: HookReason,
}

impl HookError {
    pub(super) fn new(source_name: String, line: usize, reason: HookReason) -> Self {
        Self {
            source_name,
            line,
            reason,
        }
    }
}

/// What cannot go well in a hook.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HookReason {
    /// There is nothing to run.
    #[error("it contains no SQL statement")]
    Empty,
    /// What cannot go well in a migration either.
    #[error("{0}")]
    Refused(Reason),
    /// There it would be a part of the text, and no parameter.
    #[error(
        "`{0}` is inside {1}, where PostgreSQL takes no parameter; write it alone, without quotes, \
         or join it to a text with ||"
    )]
    Quoted(String, &'static str),
    /// There is nothing to put there.
    #[error("`{{{0}}}` is no placeholder here; use {1}")]
    Unknown(String, String),
    /// Its number is that of a placeholder.
    #[error(
        "`{0}` is a parameter, and there is no value for it; use a placeholder such as {{name}}"
    )]
    Parameter(String),
}

/// The placeholders in words.
pub(super) fn listed(placeholders: &[Placeholder]) -> String {
    let names = placeholders.iter().map(|one| format!("{{{}}}", one.name()));
    names.collect::<Vec<_>>().join(", ")
}
