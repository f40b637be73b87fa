//! How statements name objects.

use sql_text::ident;

use crate::shape::normal::{behind_schemas, in_schema, own, schema};
use crate::shape::object::{Aspect, Object, ObjectKind, ObjectName};

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
        ObjectKind::Column | ObjectKind::ViewColumn => format!("COLUMN {table}.{own_ident}"),
        ObjectKind::Constraint => format!("CONSTRAINT {own_ident} ON {table}"),
        _ => reference(name, object),
    }
}

/// Rights and what they are on, as `GRANT` and `REVOKE` have it.
pub(super) fn granted_on(name: &ObjectName, object: &Object, rights: &str) -> String {
    match (name.kind, &name.table) {
        (ObjectKind::Schema, _) => format!("{rights} ON SCHEMA {}", schema()),
        (ObjectKind::Column | ObjectKind::ViewColumn, Some(table)) => {
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
        // There is no word for aggregates alone here.
        (ObjectKind::Function, _) => {
            format!("{rights} ON ROUTINE {}", in_schema(&name.name))
        }
        _ => format!("{rights} ON {}", reference(name, object)),
    }
}

/// The word of SQL for what an object is.
pub(super) fn keyword(kind: ObjectKind, object: &Object) -> &'static str {
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
        ObjectKind::Column | ObjectKind::ViewColumn => "COLUMN",
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
    let parts = quoted_parts(behind_schemas(fact).next()?);
    match parts.as_slice() {
        [table, column] => Some((table.clone(), column.clone())),
        _ => None,
    }
}

/// The sequence of the schema whose next number is the default
/// `nextval('acme.numbers'::regclass)`, in the normal form.
pub(super) fn next_of(default: &str) -> Option<String> {
    let constant = default.strip_prefix("nextval('")?;
    let names = constant.strip_suffix("'::regclass)")?.replace("''", "'");
    let sequence = quoted_parts(behind_schemas(&names).next()?);
    sequence.into_iter().next()
}

/// The tables of the schema that a table is a part of, or inherits from: those in
/// `PARTITION OF acme.log FOR VALUES ...` or `INHERITS acme.one, acme.other` in the
/// normal form.
pub(in crate::shape) fn parents(fact: &str) -> Vec<String> {
    let (count, names) = match fact.strip_prefix("PARTITION OF ") {
        Some(names) => (1, names),
        None => (usize::MAX, fact),
    };
    let names = behind_schemas(names).take(count);
    let parents = names.filter_map(|name| quoted_parts(name).into_iter().next());
    parents.collect()
}

/// The parts of a qualified name behind the mark of the schema, without quotes. What
/// cannot be in a name ends it.
fn quoted_parts(rest: &str) -> Vec<String> {
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
            ' ' | ',' if !in_quotes => break,
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
