//! `search-path` and `session-state`: statements that change what later
//! statements mean.

use squawk_syntax::SyntaxKind::{
    ALL, CALL_EXPR, CONFIG_PARAMETER_REF, DISCARD, DISCARD_ALL, LITERAL, PATH_REF, RELATION_NAME,
    RESET, RESET_ROLE, RESET_SESSION_AUTH, SET, SET_CONFIG, SET_ROLE, SET_SCHEMA_VALUE,
    SET_SESSION_AUTH, UPDATE, WHERE_CLAUSE,
};
use squawk_syntax::SyntaxNode;

use super::literals::{called, first_argument, text};
use super::place::{Place, child, segments, title};
use crate::finding::Found;

const SEARCH_PATH: &str = "search_path";

/// Statements after which names would lead elsewhere. The clause of a function
/// that sets its own path is no such statement.
pub(super) fn path(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    let what = match node.kind() {
        SET if child(node, SET_SCHEMA_VALUE).is_some() => "SET SCHEMA".to_owned(),
        SET | RESET if setting(node)?.eq_ignore_ascii_case(SEARCH_PATH) => {
            format!("{} {SEARCH_PATH}", title(node, 1))
        }
        CALL_EXPR if configures(node, &[SEARCH_PATH]) => format!("set_config({SEARCH_PATH})"),
        UPDATE if sets_in_view(node, &[SEARCH_PATH]) => "UPDATE pg_settings".to_owned(),
        RESET if child(node, ALL).is_some() => "RESET ALL".to_owned(),
        DISCARD if child(node, DISCARD_ALL).is_some() => "DISCARD ALL".to_owned(),
        _ => return None,
    };
    let message = format!(
        "`{what}` changes search_path, so later names would lead to another \
                           schema"
    );
    Some(Found::new(place.start(node), "search-path", message).hint(
        "Remove the statement. The engine sets the path before each migration, so \
             unqualified names find the right objects.",
    ))
}

/// Statements that change the role of the statements after them.
pub(super) fn state(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    const WHO: [&str; 2] = ["role", "session_authorization"];
    let changes = match node.kind() {
        SET_ROLE | SET_SESSION_AUTH | RESET_ROLE | RESET_SESSION_AUTH => true,
        SET | RESET => {
            let setting = setting(node)?;
            WHO.iter().any(|who| setting.eq_ignore_ascii_case(who))
        }
        CALL_EXPR => configures(node, &WHO),
        UPDATE => sets_in_view(node, &WHO),
        _ => false,
    };
    if !changes {
        return None;
    }
    let message = "the statement changes the role, so another role owns what the migration \
                   creates";
    Some(
        Found::new(place.start(node), "session-state", message)
            .hint("Remove the statement, and connect as the role that should own the objects."),
    )
}

/// The setting that a `SET` or `RESET` names; empty if it names none.
fn setting(node: &SyntaxNode) -> Option<String> {
    let holder = child(node, SET_CONFIG).unwrap_or_else(|| node.clone());
    let Some(parameter) = child(&holder, CONFIG_PARAMETER_REF) else {
        return Some(String::new());
    };
    Some(segments(&child(&parameter, PATH_REF)?).join("."))
}

/// Whether it updates the view of all settings where these are among the rows: it names
/// one, or none at all.
fn sets_in_view(update: &SyntaxNode, settings: &[&str]) -> bool {
    let view = child(update, RELATION_NAME).and_then(|name| segments(&name).pop());
    if view.as_deref() != Some("pg_settings") {
        return false;
    }
    let behind = child(update, WHERE_CLAUSE);
    let names = behind.iter().flat_map(SyntaxNode::descendants);
    let names = names.filter(|node| node.kind() == LITERAL);
    let names = names.filter_map(|node| text(&node)).collect::<Vec<_>>();
    let is_one = |name: &String| settings.iter().any(|one| name.eq_ignore_ascii_case(one));
    names.is_empty() || names.iter().any(is_one)
}

/// Whether a call is `set_config` of one of these settings.
fn configures(call: &SyntaxNode, settings: &[&str]) -> bool {
    let function = called(call).and_then(|mut names| names.pop());
    let setting = first_argument(call).and_then(|literal| text(&literal));
    function.as_deref() == Some("set_config")
        && setting.is_some_and(|name| settings.iter().any(|one| name.eq_ignore_ascii_case(one)))
}
