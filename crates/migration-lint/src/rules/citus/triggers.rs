//! `citus-trigger`, `citus-trigger-path`, `citus-trigger-name` and
//! `citus-trigger-sequence`: a trigger runs on the worker, on the part of the table that
//! lies there.

use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{self, AstNode};

use super::sequences::is_call_of;
use crate::finding::Found;
use crate::rules::place::{Place, child, has, segments, tokens};

/// What allows triggers. A server without Citus takes it too, and does nothing with it.
const SETTING: &str = "citus.enable_unsafe_triggers";

/// Statements about triggers of tables, where the setting is not on.
pub(in crate::rules) fn trigger(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    let is_meant = match node.kind() {
        // Such a trigger is one of a view.
        CREATE_TRIGGER => child(node, TIMING_INSTEAD_OF).is_none(),
        ALTER_TRIGGER
        | DISABLE_TRIGGER
        | DROP_TRIGGER
        | ENABLE_ALWAYS_TRIGGER
        | ENABLE_REPLICA_TRIGGER
        | ENABLE_TRIGGER => true,
        _ => false,
    };
    if !is_meant || is_allowed_before(node) {
        return None;
    }
    let message = "Citus rejects statements about table triggers unless a setting allows them";
    Some(
        Found::new(place.start(node), "citus-trigger", message).hint(
            "Add this statement before it in the same migration; a server without Citus accepts \
             it too. Or use a `DEFAULT`, a generated column, or application code.\nSET LOCAL \
             citus.enable_unsafe_triggers TO on;",
        ),
    )
}

/// Whether a statement before this one in the same text switches the setting on.
fn is_allowed_before(node: &SyntaxNode) -> bool {
    let Some(root) = node.ancestors().last() else {
        return false;
    };
    let before = |one: &SyntaxNode| one.text_range().end() <= node.text_range().start();
    let settings = root.descendants().filter(|one| one.kind() == SET_CONFIG);
    let last = settings.filter(|one| before(one) && is_meant(one)).last();
    let value = last.and_then(|set| tokens(&set).last());
    value.is_some_and(|value| {
        let value = value.text().trim_matches('\'').to_ascii_lowercase();
        ["on", "true", "yes", "1"].contains(&value.as_str())
    })
}

fn is_meant(set: &SyntaxNode) -> bool {
    let name = child(set, CONFIG_PARAMETER_REF).map(|name| segments(&name).join("."));
    name.is_some_and(|name| name.eq_ignore_ascii_case(SETTING))
}

/// The body of a trigger's function, in PL/pgSQL.
fn body_of_trigger(node: &SyntaxNode) -> Option<SyntaxNode> {
    let function = ast::CreateFunction::cast(node.clone())?;
    let is_of_trigger = has(&child(node, RET_TYPE)?, TRIGGER_KW);
    let body = function.plpgsql().filter(|_| is_of_trigger)?;
    Some(body.syntax().clone())
}

/// Functions of triggers that look for tables where the path of the worker leads.
pub(in crate::rules) fn path(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    let body = body_of_trigger(node).filter(|_| !sets_path(node))?;
    if !body.descendants().any(|node| reads_names(&node)) {
        return None;
    }
    let message = "on the worker this function does not find the tenant's tables: applications \
                   set search_path on the coordinator only";
    let found = Found::new(place.start(node), "citus-trigger-path", message);
    Some(found.hint(
        "Add this clause before `AS`; it keeps the tenant's schema.\nSET search_path FROM \
             CURRENT",
    ))
}

/// Functions of triggers that take the name of the table from PostgreSQL. In dynamic SQL it
/// is right: that runs on the worker, where the table is called so.
pub(in crate::rules) fn name(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    let body = body_of_trigger(node)?;
    let mut statements = body.descendants();
    let is_named = statements.any(|one| {
        one.kind() != PLPGSQL_DYN_EXECUTE_STMT
            && names_own(&one, &["tg_table_name", "tg_relname"])
            && !one
                .ancestors()
                .any(|above| above.kind() == PLPGSQL_DYN_EXECUTE_STMT)
    });
    if !is_named {
        return None;
    }
    let message = "on the worker `TG_TABLE_NAME` is the name of the shard: `invoices_102025` \
                   instead of `invoices`";
    let found = Found::new(place.start(node), "citus-trigger-name", message);
    Some(found.hint(
        "Pass the name to the trigger function, and read it from `TG_ARGV[0]`.\nEXECUTE FUNCTION \
         note('invoices')",
    ))
}

/// Functions of triggers that draw from a sequence where they run.
pub(in crate::rules) fn sequence(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    let body = body_of_trigger(node)?;
    let mut calls = body.descendants().filter(|one| one.kind() == CALL_EXPR);
    if !calls.any(|call| is_call_of(&call, "nextval")) {
        return None;
    }
    let message = "on the worker a sequence exists only as the `DEFAULT` of a `bigint` column, \
                   and its numbers start elsewhere (281474976710657 on the first worker)";
    let found = Found::new(place.start(node), "citus-trigger-sequence", message);
    Some(found.hint("Let the column's `DEFAULT` draw the number; that happens on the coordinator."))
}

/// Whether one of `names` is a word of the node itself.
fn names_own(node: &SyntaxNode, names: &[&str]) -> bool {
    let own = node
        .children_with_tokens()
        .filter_map(|part| part.into_token());
    let mut words = own.map(|token| token.text().to_ascii_lowercase());
    words.any(|word| names.contains(&word.as_str()))
}

fn sets_path(function: &SyntaxNode) -> bool {
    let mut nodes = function.descendants();
    nodes.any(|node| {
        node.kind() == SET_CONFIG_PARAM
            && child(&node, CONFIG_PARAMETER_REF).is_some_and(|name| {
                segments(&name)
                    .join(".")
                    .eq_ignore_ascii_case("search_path")
            })
    })
}

/// Whether it reads a table by a name that the path completes. Dynamic SQL that puts the
/// schema before each name, as TG_TABLE_SCHEMA gives it, does not.
fn reads_names(node: &SyntaxNode) -> bool {
    match node.kind() {
        DELETE | FROM_CLAUSE | INSERT | MERGE | UPDATE => true,
        PLPGSQL_DYN_EXECUTE_STMT => {
            let mut nodes = node.descendants();
            !nodes.any(|one| names_own(&one, &["tg_table_schema"]))
        }
        _ => false,
    }
}
