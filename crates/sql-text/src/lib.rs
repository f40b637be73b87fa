//! SQL of PostgreSQL as text, before it is parsed or run: its tokens, statements, names and
//! fingerprints.
//!
//! This crate implements the rules of PostgreSQL's scanner and nothing else. It parses no
//! statement, knows no database, and depends on no other lexer. A change in another lexer could
//! change which statements a migration has, or whether it counts as edited.
//!
//! Every string constant is read as with `standard_conforming_strings = on`, the
//! default of PostgreSQL: a backslash is an escape in `E'...'` only.

mod fingerprint;
mod lines;
mod name;
mod quote;
mod references;
mod scan;
mod shown;
mod split;
mod telling;
mod token;

pub use fingerprint::{V1, fingerprint, unversioned_fingerprint, was_edited};
pub use lines::{Lines, line_at, unix_lines};
pub use name::{MAX_NAME, beginning, is_cut, stored, words};
pub use quote::{Quote, ident, inside_literal, literal, plain_literal};
pub use references::{Reference, Referred, unqualified};
pub use shown::{on_one_line, to_run};
pub use split::{Open, Split, Statement, Unclosed, split};
pub use telling::Telling;
pub use token::{Text, Token, TokenKind, Tokens, tokens};
