//! `citus-trigger` and `citus-trigger-path`: a trigger runs on the worker, on the part of
//! the table that lies there.

use squawk_syntax::SyntaxKind::*;
use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::{SyntaxKind, SyntaxNode};

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
    let message =
        "Citus refuses triggers of tables, and their changes, unless it is told otherwise";
    Some(
        Found::new(place.start(node), "citus-trigger", message).remedy(
            "put `SET LOCAL citus.enable_unsafe_triggers TO on;` before it in the same migration, \
         which a server without Citus takes too; or let a DEFAULT, a generated column or the \
         program do the work",
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

/// Functions of triggers that look for tables where the path of the worker leads.
pub(in crate::rules) fn path(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    let function = ast::CreateFunction::cast(node.clone())?;
    if !has(&child(node, RET_TYPE)?, TRIGGER_KW) || sets_path(node) {
        return None;
    }
    let body = function.plpgsql()?.syntax();
    if !body.descendants().any(|node| reads_names(node.kind())) {
        return None;
    }
    let message = "on the worker this function finds no table of the tenant: programs set \
                   search_path for the coordinator only";
    let found = Found::new(place.start(node), "citus-trigger-path", message);
    Some(
        found.remedy(
            "write SET search_path FROM CURRENT before AS, which keeps the tenant's schema",
        ),
    )
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

fn reads_names(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        DELETE | FROM_CLAUSE | INSERT | MERGE | PLPGSQL_DYN_EXECUTE_STMT | UPDATE
    )
}
