//! How a page reports that something failed: what failed and why, then what to do.

use maud::{Markup, Render, html};

/// What failed, in the layout of the commands: lower case, no full stop.
pub(crate) fn error(message: impl Render) -> Markup {
    html! { p.error role="alert" { strong { "error:" } " " (message) } }
}

/// What to do about it: a full sentence.
pub(crate) fn hint(sentence: impl Render) -> Markup {
    html! { p.hint { strong { "hint:" } " " (sentence) } }
}
