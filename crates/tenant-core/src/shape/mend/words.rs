//! How statements name objects.

use crate::shape::normal::{behind_schema, in_schema, own, schema};
use crate::shape::object::{Aspect, Object, ObjectKind, ObjectName};
use crate::sql::ident;

/// `TABLE tasks`, `FUNCTION f(integer)`, `TRIGGER t ON tasks`: an object as `ALTER`
/// and `DROP` name it.
pub(super) fn reference(name: &ObjectName, object: &Object) -> String {
    let keyword = keyword(name.kind, object);
    match (name.kind, &name.table) {
        // Its name has its arguments behind it, and is quoted.
        (ObjectKind::Function, _) => format!("{keyword} {}", in_schema(&name.name)),
        (ObjectKind::Trigger | ObjectKind::Policy | ObjectKind::Rule, Some(table)) => {
            format!("{keyword} {} ON {}", ident(&name.name), own(table))
        }
        _ => format!("{keyword} {}", own(&name.name)),
    }
}

/// An object as `COMMENT ON` names it.
pub(super) fn comment(name: &ObjectName, object: &Object) -> String {
    let Some(table) = &name.table else {
        return reference(name, object);
    };
    let (own_ident, table) = (ident(&name.name), own(table));
    match name.kind {
        ObjectKind::Column => format!("COLUMN {table}.{own_ident}"),
        ObjectKind::Constraint => format!("CONSTRAINT {own_ident} ON {table}"),
        _ => reference(name, object),
    }
}

/// Rights and what they are on, as `GRANT` and `REVOKE` have it.
pub(super) fn granted_on(name: &ObjectName, object: &Object, rights: &str) -> String {
    match (name.kind, &name.table) {
        (ObjectKind::Schema, _) => format!("{rights} ON SCHEMA {}", schema()),
        (ObjectKind::Column, Some(table)) => {
            let column = ident(&name.name);
            let rights = rights
                .split(", ")
                .map(|right| format!("{right} ({column})"));
            format!(
                "{} ON {}",
                rights.collect::<Vec<_>>().join(", "),
                own(table)
            )
        }
        (ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::Table, _) => {
            format!("{rights} ON {}", own(&name.name))
        }
        _ => format!("{rights} ON {}", reference(name, object)),
    }
}

fn keyword(kind: ObjectKind, object: &Object) -> &'static str {
    let nature = object.fact(Aspect::Nature).unwrap_or_default();
    match kind {
        ObjectKind::Table if nature.contains("foreign") => "FOREIGN TABLE",
        ObjectKind::Table => "TABLE",
        ObjectKind::Schema => "SCHEMA",
        ObjectKind::Type if nature == "domain" => "DOMAIN",
        ObjectKind::Type => "TYPE",
        ObjectKind::Sequence => "SEQUENCE",
        ObjectKind::Function if nature == "procedure" => "PROCEDURE",
        ObjectKind::Function if nature == "aggregate" => "AGGREGATE",
        ObjectKind::Function => "FUNCTION",
        ObjectKind::Column => "COLUMN",
        ObjectKind::Constraint => "CONSTRAINT",
        ObjectKind::Index => "INDEX",
        ObjectKind::View => "VIEW",
        ObjectKind::MaterializedView => "MATERIALIZED VIEW",
        ObjectKind::Trigger => "TRIGGER",
        ObjectKind::Policy => "POLICY",
        ObjectKind::Rule => "RULE",
        ObjectKind::Statistics => "STATISTICS",
    }
}

/// Table and column of an owned sequence's fact: `acme.tasks.id` in the normal form,
/// each quoted where it has to be.
pub(in crate::shape) fn owning_column(fact: &str) -> Option<(String, String)> {
    let parts = quoted_parts(fact);
    match parts.as_slice() {
        [table, column] => Some((table.clone(), column.clone())),
        _ => None,
    }
}

/// The parts of a qualified name behind the mark of the schema, without quotes.
fn quoted_parts(fact: &str) -> Vec<String> {
    let Some(rest) = behind_schema(fact) else {
        return Vec::new();
    };
    let mut parts = vec![String::new()];
    let mut in_quotes = false;
    let mut letters = rest.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if in_quotes && letters.peek() == Some(&'"') => {
                letters.next();
                push(&mut parts, '"');
            }
            '"' => in_quotes = !in_quotes,
            '.' if !in_quotes => parts.push(String::new()),
            letter => push(&mut parts, letter),
        }
    }
    parts
}

fn push(parts: &mut [String], letter: char) {
    if let Some(last) = parts.last_mut() {
        last.push(letter);
    }
}
