//! `citus-add-constraint`, `citus-constraint-name`, `citus-rename-constraint` and
//! `citus-alter-table`: changes of a table, one of its indexes or a view, that do not reach the worker.

use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;

use crate::finding::Found;
use crate::rules::place::{Place, child, title};

const ALONE: &str = "Add the constraint in a separate statement.\nALTER TABLE ... ADD CONSTRAINT \
                     name ...;";

/// Constraints beside other changes, and those without a name where a name is needed.
pub(in crate::rules) fn add_constraint(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    let (message, hint) = match node.kind() {
        ADD_CONSTRAINT if is_beside_others(node) => (
            "Citus adds a constraint only if it is the only change of the `ALTER TABLE`",
            ALONE,
        ),
        ADD_COLUMN if is_beside_others(node) && needs_to_be_alone(node) => (
            "Citus rejects a new column with this constraint next to other changes, and a named \
             foreign key can crash the worker",
            ALONE,
        ),
        ADD_COLUMN if has_unnamed(node, CHECK_CONSTRAINT) => (
            "Citus rejects an unnamed `CHECK` on a new column",
            "Name the constraint.\nADD COLUMN ... CONSTRAINT name CHECK (...)",
        ),
        _ => return None,
    };
    let found = Found::new(place.start(node), "citus-add-constraint", message);
    Some(found.hint(hint))
}

/// Constraints of a new column that Citus gives a name without the column's.
pub(in crate::rules) fn constraint_name(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    let unnamed = |kind| has_unnamed(node, kind);
    let (suffix, clause) = match node.kind() {
        // That has been found already.
        ADD_COLUMN if is_beside_others(node) => return None,
        ADD_COLUMN if unnamed(REFERENCES_CONSTRAINT) => ("fkey", "REFERENCES ..."),
        ADD_COLUMN if unnamed(UNIQUE_CONSTRAINT) => ("key", "UNIQUE"),
        _ => return None,
    };
    let message = format!(
        "Citus names this constraint `TABLE__{suffix}` instead of `TABLE_COLUMN_{suffix}`, so a \
         later `DROP CONSTRAINT IF EXISTS` misses it"
    );
    let found = Found::new(place.start(node), "citus-constraint-name", message);
    Some(found.hint(format!(
        "Name the constraint.\nADD COLUMN ... CONSTRAINT name {clause}"
    )))
}

pub(in crate::rules) fn rename_constraint(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    // Those of domains may have another name.
    if node.kind() != RENAME_CONSTRAINT || node.parent()?.kind() != ALTER_TABLE {
        return None;
    }
    let message = "Citus cannot rename a table constraint";
    let found = Found::new(place.start(node), "citus-rename-constraint", message);
    Some(found.hint(
        "Drop the constraint, and add it under the new name in a separate \
                     statement.",
    ))
}

/// Changes that Citus has no form of.
pub(in crate::rules) fn unknown(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    let what = match (node.parent()?.kind(), node.kind()) {
        (ALTER_TABLE, DETACH_PARTITION) => child(node, DETACH_CONCURRENTLY)?,
        (ALTER_TABLE, ALTER_COLUMN) => node.children().find(|option| hint(option).is_some())?,
        (ALTER_TABLE | ALTER_INDEX, _) | (ALTER_VIEW, ALTER_VIEW_COLUMN) => node.clone(),
        _ => return None,
    };
    let hint = hint(&what)?;
    let message = format!("Citus does not support the change `{}`", title(node, 4));
    Some(Found::new(place.start(node), "citus-alter-table", message).hint(hint))
}

/// What to do instead of a change that is refused; none for one that is not.
fn hint(change: &SyntaxNode) -> Option<&'static str> {
    Some(match change.kind() {
        ADD_GENERATED
        | DROP_IDENTITY
        | RESTART
        | SET_GENERATED
        | SET_GENERATED_OPTIONS
        | SET_SEQUENCE_OPTION => {
            "Keep the identity as it was created. Use a `DO` block with `setval` to change its \
             next number, or another sequence as the column's `DEFAULT`."
        }
        DROP_EXPRESSION => "Add an ordinary column, copy the values, and drop this column.",
        ALTER_CONSTRAINT => "Drop the constraint and add it again, in separate statements.",
        DETACH_CONCURRENTLY => "Detach the partition without `CONCURRENTLY`.",
        INHERIT_TABLE | NO_INHERIT_TABLE | OF_TYPE | NOT_OF => {
            "Declare the columns in each table, or use partitions."
        }
        DISABLE_RULE | ENABLE_RULE | ENABLE_ALWAYS_RULE | ENABLE_REPLICA_RULE => {
            "Drop the rule, or create it again."
        }
        ALTER_VIEW_COLUMN => "Give the value in the statement that writes to the view.",
        CLUSTER_ON | RESET_OPTIONS | SET_OPTIONS | SET_STATISTICS | SET_STORAGE
        | SET_TABLESPACE | SET_WITHOUT_CLUSTER | SET_WITHOUT_OIDS
            if is_refused_there(change) =>
        {
            "Omit the change. It affects how the table is stored or read, not its content."
        }
        _ => return None,
    })
}

/// Of a table and an index, other options than its tablespace may be set.
fn is_refused_there(change: &SyntaxNode) -> bool {
    let of_column = change.parent().is_some_and(|of| of.kind() == ALTER_COLUMN);
    of_column || !matches!(change.kind(), RESET_OPTIONS | SET_OPTIONS)
}

/// Whether the statement makes more than one change.
pub(super) fn is_beside_others(change: &SyntaxNode) -> bool {
    let statement = change.parent();
    statement.is_some_and(|statement| {
        let mut parts = statement.children_with_tokens();
        statement.kind() == ALTER_TABLE && parts.any(|part| part.kind() == COMMA)
    })
}

fn needs_to_be_alone(column: &SyntaxNode) -> bool {
    child(column, REFERENCES_CONSTRAINT).is_some()
        || [CHECK_CONSTRAINT, PRIMARY_KEY_CONSTRAINT, UNIQUE_CONSTRAINT]
            .iter()
            .any(|kind| has_unnamed(column, *kind))
}

fn has_unnamed(column: &SyntaxNode, kind: squawk_syntax::SyntaxKind) -> bool {
    let mut constraints = column.children().filter(|child| child.kind() == kind);
    constraints.any(|constraint| child(&constraint, CONSTRAINT_NAME_CLAUSE).is_none())
}
