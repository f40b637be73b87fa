//! [`Remedies`]: hints in the words of the program around the studio.

use std::fmt;
use std::sync::Arc;

use maud::{Markup, html};
use tenant_core::Remedy;

use crate::problem;

/// Puts remedies into words. The studio knows no commands, but the program around it does.
///
/// The text is one or more sentences. Text between backquotes is shown as code.
#[derive(Clone)]
pub struct Remedies(Arc<Words>);

type Words = dyn Fn(&[Remedy]) -> Option<String> + Send + Sync;

impl Remedies {
    /// `words` returns the text for alternative remedies, or `None` if there is no text.
    pub fn new(words: impl Fn(&[Remedy]) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(words))
    }

    /// These remedies, to be shown.
    pub(crate) fn show(&self, remedies: &[Remedy]) -> Markup {
        let text = (self.0)(remedies).unwrap_or_default();
        html! {
            @for (number, part) in text.split('`').enumerate() {
                @if number % 2 == 0 { (part) } @else { code { (part) } }
            }
        }
    }

    /// The same as a paragraph, or nothing where there is nothing to say.
    pub(crate) fn paragraph(&self, remedies: &[Remedy]) -> Markup {
        let shown = self.show(remedies);
        html! { @if !shown.0.is_empty() { (problem::hint(shown)) } }
    }
}

impl Default for Remedies {
    /// The SQL alone.
    fn default() -> Self {
        Self::new(|remedies| {
            let statements = remedies.iter().filter_map(|remedy| match remedy {
                Remedy::Sql(sql) => Some(format!("`{};`", sql.statements.join("; "))),
                _ => None,
            });
            let statements = statements.collect::<Vec<_>>();
            (!statements.is_empty()).then(|| statements.join(" "))
        })
    }
}

impl fmt::Debug for Remedies {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Remedies").finish_non_exhaustive()
    }
}
