//! SQL as text, before anything is parsed: its statements, and what the parser must not
//! see.

mod depth;
mod mask;
mod statements;

pub(crate) use depth::is_too_complex;
pub(crate) use mask::{Masked, mask};
pub(crate) use sql_text::Lines;
pub(crate) use statements::{number_at, statements};
