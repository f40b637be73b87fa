//! `transaction-control`, `concurrently-in-transaction` and
//! `mixed-transaction`: which statements go with the transaction of a run.

use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;

use super::place::{Inside, Place, child, has, title, tokens};
use crate::finding::Found;

const OUTSIDE: &str = "Move the statement to a separate migration, and add a metadata.toml to \
                       that.\nrun_in_transaction = false";

/// Statements that would end or begin the transaction of the run.
pub(super) fn control(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    let is_meant = match node.kind() {
        BEGIN | COMMIT_TRANSACTION | COMMIT_PREPARED | ROLLBACK_TRANSACTION | ROLLBACK_PREPARED
        | PREPARE_TRANSACTION => true,
        // Outside a transaction a block may commit in between.
        PLPGSQL_COMMIT_STMT | PLPGSQL_ROLLBACK_STMT => {
            place.inside == Inside::Block && place.sql.in_transaction
        }
        _ => false,
    };
    if !is_meant {
        return None;
    }
    let message = format!(
        "`{}` would begin or end a transaction, but the run controls its own",
        title(node, 1)
    );
    let hint = "Remove the statement. Savepoints are allowed.";
    Some(Found::new(place.start(node), "transaction-control", message).hint(hint))
}

/// Statements that PostgreSQL refuses to run in a transaction block.
pub(super) fn needs_none(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    let is_meant = place.sql.in_transaction && cannot_run_inside(node);
    if !is_meant {
        return None;
    }
    let what = match node.kind() {
        CREATE_INDEX | DROP_INDEX | REINDEX | DETACH_PARTITION if has(node, CONCURRENTLY_KW) => {
            format!("`{} ... CONCURRENTLY`", title(node, 2))
        }
        VACUUM => "`VACUUM`".to_owned(),
        CLUSTER => "`CLUSTER` without a table".to_owned(),
        _ => format!("`{}`", title(node, 2)),
    };
    let message = format!("{what} cannot run in a transaction, but this migration does");
    Some(Found::new(place.start(node), "concurrently-in-transaction", message).hint(OUTSIDE))
}

/// The first statement of a migration outside a transaction that should be in
/// one, if another statement is the reason why it is not.
pub(super) fn mixed(root: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    if place.sql.in_transaction || !root.children().any(|node| needs_outside(&node)) {
        return None;
    }
    let ordinary = root.children().find(|node| {
        !needs_outside(node)
            && tokens(node).next().is_some()
            && !matches!(
                node.kind(),
                // Settings and statistics are not half done, and what is
                // called may commit.
                ANALYZE | CALL | EMPTY_STMT | ERROR | RESET | SET | SHOW
            )
    })?;
    let message = "this statement runs outside a transaction because of another one in the \
                   migration: if that one fails, this one is not rolled back";
    Some(
        Found::new(place.start(&ordinary), "mixed-transaction", message)
            .hint("Move it to a separate migration before or after this one."),
    )
}

/// Whether the statement is a reason for `run_in_transaction = false`.
fn needs_outside(statement: &SyntaxNode) -> bool {
    statement.descendants().any(|node| cannot_run_inside(&node))
        // A value added inside cannot be used there.
        || has(statement, ADD_VALUE)
        || statement.kind() == DO && commits(statement)
}

fn commits(block: &SyntaxNode) -> bool {
    use squawk_syntax::ast::{self, AstNode};
    let body = ast::Do::cast(block.clone()).and_then(|block| block.plpgsql());
    body.is_some_and(|body| {
        let tree = body.syntax();
        has(&tree, PLPGSQL_COMMIT_STMT) || has(&tree, PLPGSQL_ROLLBACK_STMT)
    })
}

fn cannot_run_inside(node: &SyntaxNode) -> bool {
    match node.kind() {
        CREATE_INDEX | DROP_INDEX => has_token(node, CONCURRENTLY_KW),
        REINDEX => {
            has(node, CONCURRENTLY_KW)
                || has(node, REINDEX_TARGET_SCHEMA)
                || has(node, REINDEX_TARGET_DATABASE)
                || has(node, REINDEX_TARGET_SYSTEM)
        }
        DETACH_PARTITION => child(node, DETACH_CONCURRENTLY).is_some(),
        ALTER_DATABASE => has(node, TABLESPACE_KW),
        CLUSTER => child(node, TABLE_NAME_REF).is_none(),
        VACUUM | CREATE_DATABASE | DROP_DATABASE | CREATE_TABLESPACE | DROP_TABLESPACE
        | ALTER_SYSTEM => true,
        _ => false,
    }
}

fn has_token(node: &SyntaxNode, kind: squawk_syntax::SyntaxKind) -> bool {
    node.children_with_tokens()
        .any(|element| element.kind() == kind)
}
