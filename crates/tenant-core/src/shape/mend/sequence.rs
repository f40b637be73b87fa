//! The statements that let a sequence, made anew, go on behind the values that there are.

use std::collections::BTreeSet;

use sql_text::{ident, literal};

use super::create::{Stage, Statement};
use super::words::{next_of, owning_column};
use crate::shape::Shape;
use crate::shape::normal::{own, own_constant};
use crate::shape::object::{Aspect, ObjectKind, ObjectName};

/// The types of the columns whose values a sequence can go on behind.
const NUMBERS: [&str; 3] = ["smallint", "integer", "bigint"];

/// The statements that let a sequence, made anew, go on behind the values in the
/// columns that it fills.
pub(super) fn catch_up(shape: &Shape, name: &ObjectName) -> Vec<Statement> {
    if name.kind != ObjectKind::Sequence {
        return Vec::new();
    }
    let sequence = format!("{}::pg_catalog.regclass", own_constant(&name.name));
    let columns = filled_by(shape, name);
    if columns.is_empty() {
        return Vec::new();
    }
    let sql = advance(&sequence, &columns);
    let stage = Stage::Ownership;
    vec![Statement { stage, sql }]
}

/// The columns that get their values from the sequence `name`: that which it belongs
/// to, and those whose default is its next number.
fn filled_by(shape: &Shape, name: &ObjectName) -> BTreeSet<(String, String)> {
    let sequence = shape.get(name);
    let owner = sequence.and_then(|sequence| sequence.fact(Aspect::OwnedBy));
    let by_default = shape.objects.iter().filter_map(|(column, object)| {
        let next = object.fact(Aspect::Default).and_then(next_of)?;
        let column = (column.table.clone()?, column.name.clone());
        (next == name.name).then_some(column)
    });
    let owner = owner.and_then(owning_column);
    let is_number = |(table, column): &(String, String)| {
        let mut columns = shape.columns();
        columns.any(|(of, name, kind)| of == table && name == column && NUMBERS.contains(&kind))
    };
    let owner = owner.filter(is_number);
    owner.into_iter().chain(by_default).collect()
}

/// The statement that lets the sequence of an identity column go on behind the
/// values that the column has.
pub(super) fn catch_up_identity(name: &ObjectName) -> Option<String> {
    let table = name.table.clone()?;
    let sequence = format!(
        "pg_catalog.pg_get_serial_sequence({}, {})::pg_catalog.regclass",
        own_constant(&table),
        literal(&name.name),
    );
    let column = BTreeSet::from([(table, name.name.clone())]);
    Some(advance(&sequence, &column))
}

/// The statement that lets `sequence` go on behind what it has reached in `columns`:
/// tables and columns. Without rows, or where they are out of its range or have not
/// reached its start, it stays as it is.
fn advance(sequence: &str, columns: &BTreeSet<(String, String)>) -> String {
    let values = columns.iter().map(|(table, column)| {
        let column = ident(column);
        format!("SELECT {column}::bigint AS value FROM {}", own(table))
    });
    let values = values.collect::<Vec<_>>().join(" UNION ALL ");
    format!(
        "SELECT pg_catalog.setval(s.seqrelid, v.reached) FROM pg_catalog.pg_sequence s, \
         LATERAL (SELECT CASE WHEN s.seqincrement > 0 THEN pg_catalog.max(value) \
         ELSE pg_catalog.min(value) END AS reached FROM ({values}) t) v \
         WHERE s.seqrelid = {sequence} AND CASE WHEN s.seqincrement > 0 \
         THEN v.reached BETWEEN s.seqstart AND s.seqmax \
         ELSE v.reached BETWEEN s.seqmin AND s.seqstart END"
    )
}
