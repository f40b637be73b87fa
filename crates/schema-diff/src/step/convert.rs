//! A column's new type.

use regex::Regex;
use sql_text::literal;

use super::Step;
use super::column::{alter, identity_sql};
use crate::catalog::{Cast, Catalog, StoredColumn, StoredType};
use crate::model::Type;
use crate::types;

/// Changes the type of `table`.`name` from that of `column` to `ty`.
/// `conversion` is an expression of the user's own for the new values.
pub(crate) fn convert(
    catalog: &Catalog,
    (table, name): (&str, &str),
    column: &StoredColumn,
    ty: &Type,
    conversion: Option<&str>,
) -> Step {
    let quote = &catalog.quote;
    let alter = alter(quote, table, name);
    let column_sql = quote.ident(name);
    let new = types::to_sql(ty, |name| quote.ident(name));
    // What the file cannot say stays as it is.
    let collation = match &column.collation {
        Some(collation) if is_text(ty) => format!(" COLLATE {collation}"),
        _ => String::new(),
    };
    let using = conversion.map(str::to_owned);
    let using = using.unwrap_or_else(|| expression(catalog, &column_sql, &column.ty, ty));
    let back = back(catalog, &column_sql, ty, &column.ty);
    let mut step = Step {
        summary: format!(
            "change type of `{table}`.`{name}` from {} to {new}",
            column.sql_type
        ),
        up: vec![format!("{alter} TYPE {new}{collation} USING {using};")],
        down: vec![format!(
            "{alter} TYPE {} USING {back};",
            type_with_collation(column)
        )],
    };
    around_default(catalog, column, ty, &alter, &mut step);
    // A new identity would begin at 1, where rows are already.
    let number_on = column.sequence.as_ref().map(|sequence| {
        let name = literal(&sequence.name);
        let table = quote.ident(table);
        format!("SELECT setval({name}, COALESCE(MAX({column_sql}), 0) + 1, FALSE) FROM {table};")
    });
    around_identity(column, ty, &alter, number_on, &mut step);
    sequence_type(column, ty, &mut step);
    step
}

fn type_with_collation(column: &StoredColumn) -> String {
    match &column.collation {
        Some(collation) => format!("{} COLLATE {collation}", column.sql_type),
        None => column.sql_type.clone(),
    }
}

/// The new value of `column`, which holds a value of the type `from`.
///
/// Nothing is cut short silently: text goes into a limited type by assignment,
/// which refuses what is too long, where a `CAST` would cut it.
pub(crate) fn expression(catalog: &Catalog, column: &str, from: &Type, to: &Type) -> String {
    let written = types::to_sql(to, |name| catalog.quote.ident(name));
    match (from.name.as_str(), to.name.as_str()) {
        _ if is_text(to) => format!("{column}::TEXT"),
        _ if is_wrapped(from, to) => {
            let is_there = types::is_not_null(from, column);
            format!("CASE WHEN {is_there} THEN ARRAY[{column}] END")
        }
        _ if from.array == to.array => match catalog.cast(&from.name, &to.name) {
            // A length is checked by assignment, and ignored by a cast.
            Cast::Assignment if to.length.is_some() => column.to_owned(),
            Cast::Assignment | Cast::Explicit => format!("{column}::{written}"),
            Cast::None => through_another_type(column, from, to, &written),
        },
        (_, "json") => format!("to_json({column})"),
        (_, "jsonb") => format!("to_jsonb({column})"),
        _ => format!("{column}::TEXT::{written}"),
    }
}

/// The old value of `column`, which now has the type `from`: an array that was made of
/// one value gives that value, and a text that was an array is read as one.
fn back(catalog: &Catalog, column: &str, from: &Type, to: &Type) -> String {
    let usual = expression(catalog, column, from, to);
    if is_wrapped(to, from) {
        let is_one = format!("array_ndims({column}) = 1 AND cardinality({column}) = 1");
        let one = format!("{column}[array_lower({column}, 1)]");
        // What has become an array of several is refused, or kept as the text of one.
        return format!("CASE WHEN {is_one} THEN {one} ELSE {usual} END");
    }
    if is_wrapped(from, to) {
        let written = types::to_sql(to, |name| catalog.quote.ident(name));
        return format!("{column}::{written}");
    }
    usual
}

/// Whether the type of that name is a number's.
fn is_number(name: &str) -> bool {
    matches!(
        name,
        "int2" | "int4" | "int8" | "float4" | "float8" | "numeric"
    )
}

/// A conversion that PostgreSQL does not have in one step.
fn through_another_type(column: &str, from: &Type, to: &Type, written: &str) -> String {
    let text = if from.array { "TEXT[]" } else { "TEXT" };
    let is_text = matches!(from.name.as_str(), "text" | "varchar" | "bpchar" | "citext");
    match (from.name.as_str(), to.name.as_str()) {
        (number, "bool") if is_number(number) && !from.array => format!("{column} <> 0"),
        ("bool", number) if is_number(number) && !from.array => {
            format!("{column}::INTEGER::{written}")
        }
        (_, "json") if !is_text && !to.array => format!("to_json({column})"),
        (_, "jsonb") if !is_text && !to.array => format!("to_jsonb({column})"),
        _ if is_text => format!("{column}::{written}"),
        _ => format!("{column}::{text}::{written}"),
    }
}

/// PostgreSQL converts a default only where it converts values by itself, and
/// not always back to the same text.
fn around_default(
    catalog: &Catalog,
    column: &StoredColumn,
    ty: &Type,
    alter: &str,
    step: &mut Step,
) {
    let Some(default) = &column.default else {
        return;
    };
    let drop = format!("{alter} DROP DEFAULT;");
    step.down.insert(0, drop.clone());
    step.down.push(format!("{alter} SET DEFAULT {default};"));
    let is_custom = !types::is_builtin(&column.ty.name) || !types::is_builtin(&ty.name);
    let assigned = catalog.cast(&column.ty.name, &ty.name) == Cast::Assignment;
    if assigned && column.ty.array == ty.array && !is_custom {
        return;
    }
    step.up.insert(0, drop);
    if column.sequence.is_none() {
        let stays_simple = is_custom && !ty.array;
        let constant = stays_simple.then(|| constant(default)).flatten();
        let converted = || expression(catalog, &format!("({default})"), &column.ty, ty);
        let default = constant.map_or_else(converted, str::to_owned);
        step.up.push(format!("{alter} SET DEFAULT {default};"));
    }
}

/// The `'text'` of a default like `'text'::some_type`. With the type in it, the
/// default would hold on to a type that may go.
fn constant(default: &str) -> Option<&str> {
    let form = Regex::new(r"^('(?:[^']|'')*')::[^'()]+$").ok()?;
    Some(form.captures(default)?.get(1)?.as_str())
}

/// Only integers can be an identity.
fn around_identity(
    column: &StoredColumn,
    ty: &Type,
    alter: &str,
    number_on: Option<String>,
    step: &mut Step,
) {
    if let Some(identity) = column.identity
        && !is_integer(ty)
    {
        step.up.insert(0, format!("{alter} DROP IDENTITY;"));
        let identity = identity_sql(identity, column);
        step.down.push(format!("{alter} ADD {identity};"));
        step.down.extend(number_on);
    }
}

/// The sequence of a serial column keeps its own type, and with it its limit.
fn sequence_type(column: &StoredColumn, ty: &Type, step: &mut Step) {
    let Some(sequence) = &column.sequence else {
        return;
    };
    if column.identity.is_none() && is_integer(ty) && is_integer(&column.ty) {
        let alter = |ty: &Type| {
            let ty = types::to_sql(ty, str::to_owned);
            format!("ALTER SEQUENCE {} AS {ty};", sequence.name)
        };
        step.up.push(alter(ty));
        step.down.push(alter(&column.ty));
    }
}

fn is_integer(ty: &Type) -> bool {
    !ty.array && matches!(ty.name.as_str(), "int2" | "int4" | "int8")
}

fn is_text(ty: &Type) -> bool {
    !ty.array && is_text_name(&ty.name)
}

fn is_text_name(name: &str) -> bool {
    matches!(name, "text" | "varchar" | "bpchar")
}

/// Conversions that keep every value, or fail: up and down again, each row is as it was.
///
/// All others may round, cut or guess, also those through text. PostgreSQL does not
/// refuse `2026-03-04 13:45:59+05` as a `date`, it leaves out the time; of `007` as an
/// `integer` the zeros are gone, and of a `json` document keys and spaces. A number may
/// be a date (`20260304`), and a negative one is another `oid`.
///
/// Types that are written as text are kept whatever they were: see [`is_kept_as_text`].
const FAITHFUL: &[(&str, &[&str])] = &[
    (
        "bool",
        &[
            "int2", "int4", "int8", "float4", "float8", "numeric", "json", "jsonb",
        ],
    ),
    (
        "int2",
        &[
            "int4", "int8", "float4", "float8", "numeric", "json", "jsonb",
        ],
    ),
    (
        "int4",
        &["int2", "int8", "float8", "numeric", "json", "jsonb"],
    ),
    ("int8", &["int2", "int4", "numeric", "oid", "json", "jsonb"]),
    ("oid", &["int8"]),
    ("float4", &["float8"]),
    // A document is kept as it was written.
    ("text", &["json"]),
    ("varchar", &["json"]),
    ("citext", &["json"]),
    ("jsonb", &["json"]),
    ("date", &["timestamp"]),
    ("cidr", &["inet"]),
    ("macaddr", &["macaddr8"]),
    ("macaddr8", &["macaddr"]),
    ("int4range", &["int8range", "numrange"]),
    ("int8range", &["int4range", "numrange"]),
    ("daterange", &["tsrange"]),
    ("int4multirange", &["int8multirange", "nummultirange"]),
    ("int8multirange", &["int4multirange", "nummultirange"]),
    ("datemultirange", &["tsmultirange"]),
];

/// Whether values may change on the way, unnoticed. `is_enum` says of a type that the
/// migration makes whether it is one.
pub(crate) fn may_change_values(
    catalog: &Catalog,
    column: &StoredColumn,
    to: &Type,
    is_enum: bool,
) -> bool {
    let from = &column.ty;
    // A domain goes with its type, and its checks with it.
    if column.is_domain || matches!(to.name.as_str(), "char" | "bytea") {
        return true;
    }
    if is_wrapped(from, to) || from.array == to.array && from.name == to.name {
        return false;
    }
    if !to.array && is_kept_as_text(from, to) {
        return false;
    }
    if from.array != to.array {
        return true;
    }
    let labels = catalog.custom_type(&to.name).map(|ty| ty.labels.is_some());
    // A label is written in one way only.
    let is_label = is_text_like(from) || catalog.custom_type(&from.name).is_some_and(has_labels);
    if is_label && !types::is_builtin(&to.name) && labels.unwrap_or(is_enum) {
        return false;
    }
    if from.array && is_kept_as_text(from, to) {
        return false;
    }
    let faithful = FAITHFUL.iter().find(|(name, _)| *name == from.name);
    !faithful.is_some_and(|(_, to_names)| to_names.contains(&to.name.as_str()))
}

fn has_labels(ty: &StoredType) -> bool {
    ty.labels.is_some()
}

/// Whether a value becomes an array of it.
fn is_wrapped(from: &Type, to: &Type) -> bool {
    let same = from.name == to.name || is_text_name(&from.name) && is_text_name(&to.name);
    !from.array && to.array && same
}

fn is_text_like(ty: &Type) -> bool {
    is_text_name(&ty.name) || ty.name == "citext"
}

/// Whether the new value is the old one's text. `CHAR` does not keep spaces at the end
/// of a text.
fn is_kept_as_text(from: &Type, to: &Type) -> bool {
    let has_own_spaces = matches!(from.name.as_str(), "text" | "varchar" | "citext" | "json")
        || !types::is_builtin(&from.name);
    let cuts_spaces = to.name == "bpchar" && has_own_spaces && !from.array;
    is_text_like(to) && !cuts_spaces
}

/// Whether spaces at the end of a text may be cut, because they go beyond the new limit.
///
/// Source: PostgreSQL manual, "Character Types": the SQL standard asks for it.
pub(crate) fn may_cut_spaces(from: &Type, to: &Type) -> bool {
    let is_shorter = match (from.length, to.length) {
        (_, None) => false,
        (Some(from), Some(to)) => from > to,
        (None, Some(_)) => true,
    };
    is_shorter && is_text_like(from) && from.name != "bpchar"
}

/// The expression that is used by default.
pub(crate) fn usual(catalog: &Catalog, column: &str, from: &Type, to: &Type) -> String {
    expression(catalog, &catalog.quote.ident(column), from, to)
}

/// Whether values may be refused on the way.
pub(crate) fn may_refuse(from: &Type, to: &Type) -> bool {
    let wider = [
        ("int2", "int4"),
        ("int2", "int8"),
        ("int4", "int8"),
        ("int2", "numeric"),
        ("int4", "numeric"),
        ("int8", "numeric"),
        ("float4", "float8"),
    ];
    let same = from.name == to.name || wider.contains(&(from.name.as_str(), to.name.as_str()));
    let fits = match (from.length, to.length) {
        (_, None) => true,
        (Some(from), Some(to)) => from <= to,
        (None, Some(_)) => false,
    };
    let into_text = matches!(to.name.as_str(), "text" | "varchar" | "citext");
    !(fits && (same || into_text))
}
