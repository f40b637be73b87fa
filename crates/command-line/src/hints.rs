//! What to do next after each error.

use tenant_core::remedy::Advice;
use tenant_core::{ConnectError, Error, InvalidName};

use crate::message::Hint;
use crate::project::NoProject;
use crate::{Invocation, remedy};

/// What failed and what to do next, where only the command knows that. It is a separate error, or
/// the context of the error that it explains. In the second case its hint replaces the hint of that
/// error.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Advised {
    /// What failed.
    pub what: String,
    /// What to do next.
    pub hints: Vec<Hint>,
}

impl Advised {
    /// What failed, and a sentence that says what to do.
    pub fn new(what: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self::with(what, [Hint::new(sentence)])
    }

    /// The same with hints that name what to run.
    pub fn with(what: impl Into<String>, hints: impl IntoIterator<Item = Hint>) -> Self {
        Self {
            what: what.into(),
            hints: hints.into_iter().collect(),
        }
    }
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
pub fn of_any(error: &anyhow::Error, invocation: &Invocation) -> Vec<Hint> {
    if let Some(advised) = error.downcast_ref::<Advised>() {
        return advised.hints.clone();
    }
    if let Some(error) = error.downcast_ref::<Error>() {
        return of(error, invocation);
    }
    if error.is::<NoProject>() {
        let hint = "Run this in the project's folder, or name a database with --database-url, \
                    DATABASE_URL or .env.";
        return vec![Hint::new(hint)];
    }
    if error.is::<InvalidName>() {
        return remedy::hints(&[Advice::ChooseAnotherName.into()], invocation);
    }
    let error = error.downcast_ref::<ConnectError>();
    error.map_or_else(Vec::new, |error| {
        remedy::hints(&error.remedies(), invocation)
    })
}

/// What to do after an error of the library.
#[must_use]
pub fn of(error: &Error, invocation: &Invocation) -> Vec<Hint> {
    remedy::hints(&error.remedies_for(invocation.registry()), invocation)
}
