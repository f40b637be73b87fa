//! What may remain on a connection, and the statements that reset it.
//!
//! A connection serves one tenant after the other. The next tenant must not see anything that was
//! set, opened or created for the session: settings, roles, cursors, temporary tables (which come
//! first in every path), the last values of sequences. `DISCARD ALL` does the same and more, but
//! is not allowed in a message of several statements.
//!
//! Prepared statements stay: behind a pooler the connection may also have other clients'
//! statements. PostgreSQL plans them again when the path has changed.

/// Each can be repeated and has no effect where there is nothing to forget. The pools of
/// others forget the same.
pub(crate) const FORGET: &[&str] = tenant_path::FORGET;

/// Of these, what says whom the session acts for, and then everything else.
pub(crate) fn role_and_rest() -> (&'static [&'static str], &'static [&'static str]) {
    FORGET.split_at(2)
}
