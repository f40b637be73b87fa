//! Why a hook is not taken.

use thiserror::Error;

use super::Placeholder;
use crate::migration::Reason;

/// A hook that is refused before anything runs.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("hook `{source_name}` cannot run: line {line}: {reason}")]
#[non_exhaustive]
pub struct HookError {
    /// Its name, usually its file.
    pub source_name: String,
    /// The line, from 1.
    pub line: usize,
    /// The reason.
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

/// Why a hook cannot run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HookReason {
    /// It contains no statement.
    #[error("the text contains no SQL statement")]
    Empty,
    /// A migration could not run it either.
    #[error("{0}")]
    Refused(Reason),
    /// A placeholder is inside a text, where it would not be a parameter.
    #[error(
        "`{0}` is inside {1}, where PostgreSQL takes no parameter (write it alone, without quotes, \
         or join it to a text with ||)"
    )]
    Quoted(String, &'static str),
    /// A placeholder is inside a body of code, which is a text.
    #[error(
        "`{0}` is inside a body of code, where PostgreSQL takes no parameter (use current_schema(), \
         or SELECT set_config('app.value', {0}, true) before and current_setting('app.value') inside)"
    )]
    InBody(String),
    /// A placeholder is in the place of a name.
    #[error(
        "`{0}` is a value, and cannot be part of a name (omit the schema: the search path leads to \
         the tenant's schema)"
    )]
    NotAName(String),
    /// The statement accepts no values.
    #[error(
        "`{0}` is a value, and PostgreSQL takes no values in {1} (omit the schema, or build the \
         statement in a DO block: EXECUTE format('... %I ...', current_schema()))"
    )]
    NoValues(String, String),
    /// A placeholder has spaces between its braces.
    #[error("`{{{0}}}` has spaces between its braces")]
    Spaced(String),
    /// The placeholder is unknown here.
    #[error("`{{{0}}}` is not a placeholder here (expected {1})")]
    Unknown(String, String),
    /// A parameter such as `$1` has no value.
    #[error("`{0}` is a parameter without a value (use a placeholder such as {{name}})")]
    Parameter(String),
}

/// The placeholders in words.
pub(super) fn listed(placeholders: &[Placeholder]) -> String {
    let names = placeholders.iter().map(|one| format!("{{{}}}", one.name()));
    names.collect::<Vec<_>>().join(", ")
}
