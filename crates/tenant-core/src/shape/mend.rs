//! The SQL that makes a schema as it should be. All of it is in the normal form:
//! what belongs to the schema is marked, and rendered for one schema in the end.

mod anew;
mod around;
mod change;
mod column;
mod column_type;
mod create;
mod domain;
mod sequence;
mod words;

use super::Shape;
use super::grants::Grants;
use super::object::{Aspect, Object, ObjectKind, ObjectName};

pub(super) use change::{change, labels};
pub(super) use column_type::without_modifiers;
pub(crate) use create::{Stage, Statement, creation};
use words::{comment, reference};
pub(super) use words::{owning_column, parents};

/// The kind of change that fixes a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mending {
    /// It adds objects or changes definitions without losing anything.
    /// [`Tenants::repair`](crate::Tenants::repair) makes these changes.
    Adds,
    /// It drops an unexpected object with its contents. Only a person can decide this.
    Removes,
    /// It rewrites values, and loses values that do not fit the new form.
    Rewrites,
    /// No SQL is shown, because the unexpected object has rows, values or a sequence position.
    Keeps,
    /// There is no SQL for it. A person must decide.
    ByHand,
}

/// What kind of change makes an object that is missing.
pub(super) fn of_missing(name: &ObjectName, object: &Object) -> Mending {
    if create::is_possible(name, object) {
        Mending::Adds
    } else {
        Mending::ByHand
    }
}

/// Why there is no SQL that makes it, where that is because of what it is.
pub(super) fn why_by_hand(name: &ObjectName, object: &Object) -> Option<&'static str> {
    match name.kind {
        _ if create::is_possible(name, object) => None,
        ObjectKind::Table => Some("repair cannot create foreign tables"),
        ObjectKind::Type => Some("repair cannot create range types"),
        _ => None,
    }
}

/// The statements that make the object `name` of `shape`, with all that hangs on it.
pub(super) fn create(shape: &Shape, name: &ObjectName) -> Vec<String> {
    let mut statements = create::one(shape, name);
    if name.kind.holds_others() {
        for other in create::hanging_on(shape, &name.name) {
            statements.extend(create::one(shape, other));
        }
    }
    if name.kind == ObjectKind::Column {
        for other in create::sequences_of(shape, name) {
            statements.extend(create::one(shape, other));
        }
    }
    statements.extend(sequence::catch_up(shape, name));
    statements.sort_by_key(|statement| statement.stage);
    statements
        .into_iter()
        .map(|statement| statement.sql)
        .collect()
}

/// The statements that make the object `name` without what hangs on it: a table without
/// its keys, a column without `NOT NULL`. None where that is all of it.
pub(super) fn create_core(shape: &Shape, name: &ObjectName) -> Vec<String> {
    let mut statements = match name.kind {
        ObjectKind::Table => {
            let mut statements = create::one(shape, name);
            let sequences = create::hanging_on(shape, &name.name);
            for other in sequences.filter(|it| it.kind == ObjectKind::Sequence) {
                statements.extend(create::one(shape, other));
            }
            statements
        }
        ObjectKind::Column => create::nullable(shape, name),
        _ => return Vec::new(),
    };
    statements.sort_by_key(|statement| statement.stage);
    statements
        .into_iter()
        .map(|statement| statement.sql)
        .collect()
}

/// The statement that takes an object away; it fails where something else stands
/// on it.
pub(super) fn drop(name: &ObjectName, object: &Object) -> Vec<String> {
    let table = name.table.as_deref().map(super::normal::own);
    let table = table.unwrap_or_default();
    let ident = sql_text::ident(&name.name);
    vec![match name.kind {
        ObjectKind::Schema | ObjectKind::ViewColumn => return Vec::new(),
        ObjectKind::Column => format!("ALTER TABLE {table} DROP COLUMN {ident}"),
        ObjectKind::Constraint => format!("ALTER TABLE {table} DROP CONSTRAINT {ident}"),
        _ => format!("DROP {}", reference(name, object)),
    }]
}

/// The statement that gives the object `name` the name `to`.
pub(super) fn rename(name: &ObjectName, object: &Object, to: &str) -> Vec<String> {
    let table = name.table.as_deref().map(super::normal::own);
    let table = table.unwrap_or_default();
    let (from, to) = (sql_text::ident(&name.name), sql_text::ident(to));
    vec![match name.kind {
        ObjectKind::Column => format!("ALTER TABLE {table} RENAME COLUMN {from} TO {to}"),
        ObjectKind::Constraint => format!("ALTER TABLE {table} RENAME CONSTRAINT {from} TO {to}"),
        _ => format!("ALTER {} RENAME TO {to}", reference(name, object)),
    }]
}

/// The statement that gives a label of the enum `name` another text; both are constants.
pub(super) fn rename_label(name: &ObjectName, from: &str, to: &str) -> String {
    let own = super::normal::own(&name.name);
    format!("ALTER TYPE {own} RENAME VALUE {from} TO {to}")
}

/// The statement that gives an object to `role`.
pub(super) fn set_owner(name: &ObjectName, object: &Object, role: &str) -> Vec<String> {
    let role = sql_text::ident(role);
    vec![format!("ALTER {} OWNER TO {role}", reference(name, object))]
}

/// The statements that give roles the rights `grants`.
pub(super) fn grant(name: &ObjectName, object: &Object, grants: &Grants) -> Vec<String> {
    let statements = grants.granted().map(|it| {
        let on = words::granted_on(name, object, &it.rights);
        let option = if it.with_option {
            " WITH GRANT OPTION"
        } else {
            ""
        };
        format!("GRANT {on} TO {}{option}", it.role)
    });
    statements.collect()
}

/// The statements that take the rights `grants` from roles.
pub(super) fn revoke(name: &ObjectName, object: &Object, grants: &Grants) -> Vec<String> {
    let statements = grants.granted().map(|it| {
        let on = words::granted_on(name, object, &it.rights);
        let option = if it.option_only {
            "GRANT OPTION FOR "
        } else {
            ""
        };
        format!("REVOKE {option}{on} FROM {}", it.role)
    });
    statements.collect()
}

/// The statement that sets the comment to that of `object`.
fn set_comment(name: &ObjectName, object: &Object) -> String {
    let text = object.fact(Aspect::Comment);
    let text = text.map_or_else(|| "NULL".to_owned(), sql_text::literal);
    format!("COMMENT ON {} IS {text}", comment(name, object))
}
