//! `citus-create-table`, `citus-foreign-key`, `citus-object` and `citus-policy`: what
//! cannot be made in a tenant's schema, or does not work there.

use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;

use crate::finding::Found;
use crate::rules::place::{Place, child, has, segments, title};

/// Tables of a form that cannot be spread.
pub(in crate::rules) fn create(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    let part = |kind| child(node, kind).is_some();
    let (message, hint) = match node.kind() {
        CREATE_FOREIGN_TABLE => (
            "Citus does not support foreign tables in a tenant's schema",
            "Create the table in a public migration.",
        ),
        // A table of the session stays on the coordinator.
        CREATE_TABLE if part(TEMP) => return None,
        CREATE_TABLE if part(INHERITS) => (
            "Citus does not support inheritance between a tenant's tables",
            "Copy the columns, or use partitions.\nCREATE TABLE ... (LIKE parent INCLUDING \
             ALL);",
        ),
        CREATE_TABLE if part(OF_TYPE) => (
            "Citus cannot create a typed table in a tenant's schema",
            "List the columns.",
        ),
        CREATE_TABLE if part(PARTITION_OF) && part(PARTITION_BY) => (
            "Citus does not support partitions of partitions",
            "Use one level: partition by all the columns, or create fewer partitions.",
        ),
        _ => return None,
    };
    let found = Found::new(place.start(node), "citus-create-table", message);
    Some(found.hint(hint))
}

/// Foreign keys into another schema. Those into `public` are a matter of the tables
/// there.
pub(in crate::rules) fn foreign_key(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    if !matches!(node.kind(), REFERENCES_CONSTRAINT | FOREIGN_KEY_CONSTRAINT) {
        return None;
    }
    let table = segments(&child(node, TABLE_NAME_REF)?);
    let schema = table.len().checked_sub(2).and_then(|at| table.get(at))?;
    if schema == "public" {
        return None;
    }
    let message = format!(
        "Citus does not support a foreign key from a tenant to `{}`: the rows may be on another \
         node",
        table.join(".")
    );
    Some(Found::new(place.start(node), "citus-foreign-key", message).hint(
        "Reference one of the tenant's tables or a public table. Citus copies a public table to \
         each node.",
    ))
}

/// Objects that stay on the coordinator, or fail when they are used.
pub(in crate::rules) fn object(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    let hint = match node.kind() {
        CREATE_TYPE if child(node, RANGE_TYPE).is_some() => {
            "Use a built-in range type, or two columns."
        }
        CREATE_CAST | CREATE_OPERATOR | CREATE_OPERATOR_CLASS => {
            "Call a function instead. Citus creates functions on the workers too."
        }
        CREATE_RULE if acts(node) => "Use a trigger, or let the application do the work.",
        _ => return None,
    };
    let message = format!(
        "Citus does not send the result of `{}` to the worker, so statements that use it fail",
        title(node, 2)
    );
    Some(Found::new(place.start(node), "citus-object", message).hint(hint))
}

/// Whether the rule does more than nothing.
fn acts(rule: &SyntaxNode) -> bool {
    let mut nodes = rule.descendants();
    nodes.any(|node| matches!(node.kind(), INSERT | UPDATE | DELETE))
}

pub(in crate::rules) fn policy(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    if !matches!(node.kind(), CREATE_POLICY | ALTER_POLICY) || !has(node, SELECT) {
        return None;
    }
    let message = "Citus does not support policies with subqueries";
    let found = Found::new(place.start(node), "citus-policy", message);
    Some(found.hint("Compare columns with session values, such as `current_setting(...)`."))
}
