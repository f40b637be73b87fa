//! [`Forbidden`]: what migrations must not have changed, and what they may.

use sql_text::literal;

/// What must not have changed.
pub(super) struct Forbidden<'a> {
    /// The schema behind the tenant's in the path.
    pub(super) behind: Option<Behind<'a>>,
    /// Extensions, because the text may make one.
    pub(super) extensions: bool,
    /// Privileges that the whole database gives by default, for the same reason.
    pub(super) privileges: bool,
}

/// What must not have changed in the schema behind the tenant's in the path, and what may.
pub(super) struct Behind<'a> {
    pub(super) schema: &'a str,
    pub(super) tenant: &'a str,
    /// Names that may be changed there.
    pub(super) meant: Vec<&'a str>,
    /// Names that may be changed there if the tenant has its own object with the name.
    pub(super) doubtful: Vec<&'a str>,
    /// Names that the text has without a schema.
    pub(super) loose: Vec<&'a str>,
    /// The names among them that it used before it created them.
    pub(super) late: Vec<&'a str>,
    /// Names that it may analyze.
    pub(super) analyzed: Analyzed<'a>,
    /// What must still be there, by class and number.
    pub(super) kept: Vec<i64>,
    /// Hashes of tables that may have got their first foreign key.
    pub(super) rows: Vec<i64>,
    /// Domains, by number.
    pub(super) domains: Vec<u32>,
    /// Whether a sequence may be set.
    pub(super) sets_sequences: bool,
    /// Whether rights may be granted.
    pub(super) grants: bool,
    /// Whether functions may run, which can do that as well.
    pub(super) is_dynamic: bool,
    /// Whether anything but tables and what belongs to them may be altered.
    pub(super) others: bool,
}

/// What a text analyzes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Analyzed<'a> {
    These(Vec<&'a str>),
    Everything,
}

/// An array of names.
pub(super) fn names(names: &[&str]) -> String {
    let names = names.iter().map(|name| literal(name)).collect::<Vec<_>>();
    format!("ARRAY[{}]::text[]", names.join(", "))
}

/// An array of numbers.
pub(super) fn numbers<T: ToString>(numbers: &[T], of: &str) -> String {
    let numbers = numbers.iter().map(T::to_string).collect::<Vec<_>>();
    format!("'{{{}}}'::{of}[]", numbers.join(","))
}
