//! `citus-create-table`, `citus-foreign-key`, `citus-object` and `citus-policy`: what
//! cannot be made in a tenant's schema, or does not work there.

use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;

use crate::finding::Found;
use crate::rules::place::{Place, child, has, segments, title};

/// Tables of a form that cannot be spread.
pub(in crate::rules) fn create(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    let part = |kind| child(node, kind).is_some();
    let (message, remedy) = match node.kind() {
        CREATE_FOREIGN_TABLE => (
            "Citus has no foreign tables in a tenant's schema",
            "make it in a migration of the public stream",
        ),
        // A table of the session stays on the coordinator.
        CREATE_TABLE if part(TEMP) => return None,
        CREATE_TABLE if part(INHERITS) => (
            "Citus has no inheritance among a tenant's tables",
            "take the columns over: CREATE TABLE ... (LIKE parent INCLUDING ALL), or use partitions",
        ),
        CREATE_TABLE if part(OF_TYPE) => (
            "Citus makes no table of a type in a tenant's schema",
            "name the columns",
        ),
        CREATE_TABLE if part(PARTITION_OF) && part(PARTITION_BY) => (
            "Citus has no partitions that have partitions themselves",
            "let one level do: PARTITION BY with all the columns, or fewer partitions",
        ),
        _ => return None,
    };
    let found = Found::new(place.start(node), "citus-create-table", message);
    Some(found.remedy(remedy))
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
        "Citus has no foreign keys from a tenant to `{}`: the rows may lie on another server",
        table.join(".")
    );
    Some(Found::new(place.start(node), "citus-foreign-key", message).remedy(
        "refer to the tenant's own tables, or to one of public: that becomes a reference table, \
         with a copy on each server",
    ))
}

/// Objects that stay on the coordinator, or fail when they are used.
pub(in crate::rules) fn object(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    let remedy = match node.kind() {
        CREATE_TYPE if child(node, RANGE_TYPE).is_some() => {
            "use a range type of PostgreSQL, or two columns"
        }
        CREATE_CAST | CREATE_OPERATOR | CREATE_OPERATOR_CLASS => {
            "call a function instead; functions are made on the workers too"
        }
        CREATE_RULE if acts(node) => "let the program do it, or a trigger",
        _ => return None,
    };
    let message = format!(
        "Citus does not take what `{}` makes to the worker, and what uses it fails",
        title(node, 2)
    );
    Some(Found::new(place.start(node), "citus-object", message).remedy(remedy))
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
    let message = "Citus has no policies with subqueries";
    let found = Found::new(place.start(node), "citus-policy", message);
    Some(found.remedy("compare columns with values of the session, such as current_setting"))
}
