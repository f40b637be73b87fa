//! The statement that gives a column another type, and fails where a value would be cut.

use sql_text::{ident, literal};

use crate::shape::object::{Aspect, Object, ObjectName};

/// The types whose values are equal exactly where nothing is lost. Values of others are
/// compared as texts: some have no equality, and that of others is of something else, as
/// boxes are equal that are as large.
const COMPARED: [&str; 22] = [
    "bigint",
    "bit",
    "bit varying",
    "boolean",
    "bytea",
    "character",
    "character varying",
    "date",
    "double precision",
    "integer",
    "interval",
    "name",
    "numeric",
    "real",
    "smallint",
    "text",
    "time without time zone",
    "time with time zone",
    "timestamp without time zone",
    "timestamp with time zone",
    "uuid",
    "oid",
];

/// The change of the column `name` of `table`, from the type that `is` has to that which
/// it should have.
///
/// PostgreSQL cuts texts silently where a cast is written out, and rounds numbers and
/// times wherever it assigns them. So each value is cast there and back: where it does
/// not come back, the statement fails and names it. The second condition of `CASE` is a
/// cast of a text that is no boolean, which is only tried there.
pub(super) fn statement(
    (table, name): (&str, &ObjectName),
    (should, is): (&Object, &Object),
) -> String {
    let column = ident(&name.name);
    let to = should.fact(Aspect::Type).unwrap_or_default();
    let from = is.fact(Aspect::Type).unwrap_or_default();
    let collation = should.fact(Aspect::Collation);
    let collation = collation.map_or_else(String::new, |it| format!(" COLLATE {it}"));
    let alter = format!("ALTER TABLE {table} ALTER COLUMN {column} TYPE {to}{collation}");
    if from == to {
        return alter;
    }
    let is_compared = |kind: &str| COMPARED.contains(&without_modifiers(kind).as_str());
    let as_text = if is_compared(from) { "" } else { "::text" };
    // Between two types that PostgreSQL does not know itself, such as enums, only a text leads.
    let through = if is_compared(from) || is_compared(to) {
        ""
    } else {
        "::text"
    };
    let message = literal("the value does not fit the type: ");
    format!(
        "{alter} USING CASE WHEN {column}{through}::{to}{through}::{from}{as_text} \
         IS NOT DISTINCT FROM {column}{as_text} THEN {column}{through}::{to} \
         WHEN ({message} || {column}::text)::boolean THEN NULL END"
    )
}

/// `timestamp without time zone` of `timestamp(3) without time zone`.
pub(in crate::shape) fn without_modifiers(kind: &str) -> String {
    let (before, rest) = kind.split_once('(').unwrap_or((kind, ""));
    let after = rest.split_once(')').map_or("", |(_, after)| after);
    let before = before
        .strip_prefix("interval ")
        .map_or(before, |_| "interval");
    format!("{before}{after}")
}
