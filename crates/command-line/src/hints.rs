//! What to do next after each error.

use tenant_core::{ConnectError, Error};

use crate::output::shown_lines;
use crate::project::NoProject;
use crate::{Invocation, remedy};

/// What failed and what to do next, where only the command knows that. It is
/// an error of its own, or the context of the one that it explains, and then
/// its hint counts before that one's.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Advised {
    /// What failed.
    pub what: String,
    /// What to do next.
    pub hint: String,
}

impl Advised {
    /// Both texts.
    pub fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            hint: hint.into(),
        }
    }
}

/// The error with its causes and what to do next, for people.
#[must_use]
pub fn render(error: &anyhow::Error, invocation: &Invocation) -> String {
    let mut causes = causes(error.as_ref());
    let first = causes.remove(0);
    let label = console::style("error:").for_stderr().red().bold();
    paragraph(
        &format!("{label} {}", shown_lines(&first)),
        &causes,
        hint(error, invocation),
    )
}

/// A heading, the causes below it, and what to do next.
#[must_use]
pub fn paragraph(heading: &str, causes: &[String], hint: Option<String>) -> String {
    let causes = causes.iter();
    let causes = causes.map(|cause| format!("  because: {}", shown_lines(cause)));
    let hint = hint.map(|hint| format!("  to do:   {}", shown_lines(&hint)));
    let lines = std::iter::once(heading.to_owned())
        .chain(causes)
        .chain(hint);
    lines.collect::<Vec<_>>().join("\n")
}

/// The error's text and those of its causes. A transparent error repeats the
/// text of the one that it wraps; that is left out.
#[must_use]
pub fn causes(error: &(dyn std::error::Error + 'static)) -> Vec<String> {
    let chain = std::iter::successors(Some(error), |error| error.source());
    let mut causes = chain.map(ToString::to_string).collect::<Vec<_>>();
    causes.dedup();
    causes
}

/// What to do after an error of any kind, where something can be done.
#[must_use]
pub fn hint(error: &anyhow::Error, invocation: &Invocation) -> Option<String> {
    if let Some(advised) = error.downcast_ref::<Advised>() {
        return Some(advised.hint.clone());
    }
    if let Some(error) = error.downcast_ref::<Error>() {
        return of(error, invocation);
    }
    if error.is::<NoProject>() {
        let hint = "Run this in the project's folder, or name a database with --database-url, \
                    DATABASE_URL or .env.";
        return Some(hint.to_owned());
    }
    let error = error.downcast_ref::<ConnectError>()?;
    remedy::text(&error.remedies(), invocation)
}

/// What to do after an error of the library.
#[must_use]
pub fn of(error: &Error, invocation: &Invocation) -> Option<String> {
    remedy::text(&error.remedies_for(invocation.registry()), invocation)
}
