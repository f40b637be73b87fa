//! How a name becomes SQL text is a matter of the crate `sql_text`.

pub(crate) use sql_text::{ident, literal};
