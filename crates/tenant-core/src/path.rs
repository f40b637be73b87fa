//! The one place where `search_path` is set.
//!
//! PostgreSQL accepts a path that names no existing schema, and then looks
//! unqualified names up elsewhere. So each setting is followed by a check that
//! the path resolves to exactly the schemas that were meant; it is a statement
//! like any other and can travel in the same message.

mod kept;
mod runtime;

use std::slice;

use sql_text::{ident, literal};

use crate::assertion::Assertion;
use crate::name::Schema;

pub(crate) use kept::KeptPath;
pub use runtime::RuntimePath;

/// A schema for extensions, which follows the tenant's schema in the search path.
///
/// Without it, the search path contains only the tenant's schema. With a second schema, a table
/// that a tenant lacks would silently resolve to that schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtensionsSchema(String);

impl ExtensionsSchema {
    /// Creates the value for the schema `name`. Its existence is checked when it is used.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Returns its name, unquoted.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl ExtensionsSchema {
    /// The statement that leaves this schema alone in the path, for the rest of the
    /// transaction.
    pub(crate) fn alone(&self) -> String {
        format!("SET LOCAL search_path TO {}", ident(&self.0))
    }

    /// Returns the statement that sets a session's search path to `public` and this schema, for
    /// tools whose tables are in `public`.
    #[must_use]
    pub fn behind_public(&self) -> String {
        Path::new(Schema::Public, Some(self)).set_session()
    }
}

/// The condition that `setting`, one of those that PostgreSQL keeps with a function, is a
/// path in which `schema` stands: two expressions, of which the second gives a pattern.
pub(crate) fn is_path_through(setting: &str, schema: &str) -> String {
    format!("{setting} ~ ('^search_path=(.*[ ,\"])?' || {schema} || '($|[ ,\"])')")
}

/// Leaves nothing in the path but PostgreSQL's own, for the rest of the transaction:
/// then the server qualifies whatever it names.
pub(crate) const NOTHING: &str = "SET LOCAL search_path TO ''";

/// The path that the role and the database set, for the rest of the transaction: in which
/// an application's own query is read.
pub(crate) const AS_BY_DEFAULT: &str = "SET LOCAL search_path TO DEFAULT";

/// Asks whether the path was set in this session or transaction, as `answer`.
pub(crate) const IS_SET: &str = "SELECT source = 'session' AS answer \
    FROM pg_catalog.pg_settings WHERE name = 'search_path'";

/// The schemas in which unqualified names are looked up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Path<'a> {
    schema: Schema<'a>,
    behind: &'a [ExtensionsSchema],
}

impl<'a> Path<'a> {
    /// While migrating: nothing is behind the schema but extensions.
    pub(crate) fn new(schema: Schema<'a>, extensions: Option<&'a ExtensionsSchema>) -> Self {
        let behind = extensions.map_or(&[] as &[_], slice::from_ref);
        Self { schema, behind }
    }

    /// While an application's queries run.
    pub(crate) fn at_run_time(schema: Schema<'a>, path: &'a RuntimePath) -> Self {
        let behind = path.as_slice();
        Self { schema, behind }
    }

    /// The setting and its value, for the options that a connection begins with.
    pub(crate) fn setting(self) -> (&'static str, String) {
        ("search_path", self.list(ident))
    }

    /// For the rest of the transaction.
    pub(crate) fn set_local(self) -> String {
        format!("SET LOCAL search_path TO {}", self.list(ident))
    }

    /// For the rest of the session, that is until the next piece of work resets
    /// everything: only for what cannot run in a transaction.
    pub(crate) fn set_session(self) -> String {
        format!("SET search_path TO {}", self.list(ident))
    }

    /// Fails when the path does not resolve to this.
    pub(crate) fn check(self) -> String {
        Assertion::Path.check(&self.holds())
    }

    /// Fails when the path does not resolve to this, as [`check`](Self::check), and
    /// costs the server a third of it: where a schema stands alone in the path, it
    /// is enough that it exists, since names can lead nowhere else.
    pub(crate) fn quick_check(self) -> String {
        match self.names().nth(1) {
            None => format!(
                "SELECT {}::pg_catalog.regnamespace",
                literal(&self.list(ident))
            ),
            Some(_) => self.check(),
        }
    }

    /// The condition that the path resolves to this.
    pub(crate) fn holds(self) -> String {
        format!(
            "pg_catalog.current_schemas(false) = ARRAY[{}]::pg_catalog.name[]",
            self.list(literal)
        )
    }

    fn list(self, quote: fn(&str) -> String) -> String {
        let mut names = self.names().map(quote);
        let first = names.next().unwrap_or_default();
        names.fold(first, |list, name| list + ", " + &name)
    }

    /// Each schema once: one that is named twice appears once in what the check compares.
    fn names(self) -> impl Iterator<Item = &'a str> {
        let own = self.schema.schema_name();
        let behind = self.behind.iter().map(ExtensionsSchema::name);
        let behind = behind.enumerate().filter(move |(at, name)| {
            let before = self.behind.iter().take(*at);
            *name != own && !before.into_iter().any(|other| other.name() == *name)
        });
        std::iter::once(own).chain(behind.map(|(_, name)| name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenant_is_alone_in_the_path_unless_extensions_are_named() {
        let name = "acme".parse().unwrap();
        let schema = Schema::Spare(&name);
        let extensions = ExtensionsSchema::new("ext");
        assert_eq!(
            Path::new(schema, None).set_local(),
            "SET LOCAL search_path TO \"acme\""
        );
        assert_eq!(
            Path::new(schema, Some(&extensions)).set_local(),
            "SET LOCAL search_path TO \"acme\", \"ext\""
        );
    }

    #[test]
    fn a_schema_that_is_named_twice_is_in_the_path_once() {
        let name = "acme".parse().unwrap();
        let path = RuntimePath::behind(["public", "ext", "public"]).unwrap();
        let path = path.with_extensions(Some(&ExtensionsSchema::new("ext")));
        let names = |schema| Path::at_run_time(schema, &path).list(ident);
        assert_eq!(names(Schema::Spare(&name)), r#""acme", "public", "ext""#);
        assert_eq!(names(Schema::Public), r#""public", "ext""#);
    }
}
