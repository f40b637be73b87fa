//! What may be left on a connection, and the statements that forget it.
//!
//! A connection serves one tenant after the other. Whatever somebody set, opened
//! or made for the session must not be there for the next one: settings, roles,
//! cursors, temporary tables (which come first in every path), the last values of
//! sequences. `DISCARD ALL` is the same and more, but is not allowed in a message
//! of several statements.
//!
//! Prepared statements are not among it: behind a pooler the connection may have
//! others' too, and PostgreSQL plans them anew when the path has changed.

/// Each can be repeated and has no effect where there is nothing to forget. The pools of
/// others forget the same.
pub(crate) const FORGET: &[&str] = tenant_path::FORGET;

/// Of these, what says whom the session acts for, and then everything else.
pub(crate) fn role_and_rest() -> (&'static [&'static str], &'static [&'static str]) {
    FORGET.split_at(2)
}
