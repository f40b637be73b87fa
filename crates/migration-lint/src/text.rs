//! SQL as text, before anything is parsed: tokens, lines, statements, and what
//! the parser must not see.

mod depth;
mod lines;
mod mask;
mod statements;
mod token;

pub(crate) use depth::is_too_complex;
pub(crate) use lines::Lines;
pub(crate) use mask::{Masked, mask};
pub(crate) use statements::{number_at, statements};
