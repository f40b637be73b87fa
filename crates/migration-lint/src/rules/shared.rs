//! `extension`, `schema-statement`, `shared-object`, `copy-outside` and `owner`: what a
//! database has once, and what a tenant's migration would make anew in each tenant's turn.

use squawk_syntax::SyntaxKind::{self, *};
use squawk_syntax::SyntaxNode;

use super::place::{Place, has, title, tokens};
use crate::finding::Found;

pub(super) fn extension(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    let is_meant = matches!(
        node.kind(),
        CREATE_EXTENSION | ALTER_EXTENSION | DROP_EXTENSION
    );
    if !is_meant || !place.is_tenant() {
        return None;
    }
    let message = "an extension exists once per database, not once per tenant";
    Some(Found::new(place.start(node), "extension", message).hint(
        "Move it to a public migration that creates the extension in a separate schema. Name \
         that schema with `--extensions-schema`.",
    ))
}

pub(super) fn schema(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    if !place.is_tenant() {
        return None;
    }
    let message = match node.kind() {
        CREATE_SCHEMA | ALTER_SCHEMA | DROP_SCHEMA => {
            format!(
                "`{}` affects more than this tenant's schema",
                title(node, 2)
            )
        }
        SET_SCHEMA => "`SET SCHEMA` moves the object out of the tenant's schema".to_owned(),
        _ => return None,
    };
    Some(
        Found::new(place.start(node), "schema-statement", message).hint(
            "Remove the statement. The tenant's schema is created and dropped with the tenant, and \
         its migrations stay inside it.",
        ),
    )
}

pub(super) fn object(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    if !place.is_tenant() {
        return None;
    }
    let title = match node.kind() {
        GRANT | REVOKE | COMMENT_ON | SECURITY_LABEL => about_shared(node)?,
        kind if is_shared(kind) => title(node, words(kind)),
        _ => return None,
    };
    let message = format!(
        "`{title}` affects an object outside all schemas, which exists once and not per \
         tenant"
    );
    let hint = "Move the statement to a public migration.";
    Some(Found::new(place.start(node), "shared-object", message).hint(hint))
}

/// The title of a statement about an object outside all schemas, which it names after ON, or
/// about the members of a role, where no object is named.
fn about_shared(node: &SyntaxNode) -> Option<String> {
    let words = tokens(node).map(|token| token.text().to_ascii_lowercase());
    let mut words = words.skip_while(|word| !matches!(word.as_str(), "on" | "to" | "from" | "is"));
    let verb = match node.kind() {
        SECURITY_LABEL => title(node, 2),
        _ => title(node, 1),
    };
    if words.next()? != "on" {
        return Some(format!("{verb} of a role"));
    }
    let (first, second) = (words.next()?, words.next().unwrap_or_default());
    let object = match first.as_str() {
        "event" | "foreign" | "large" if second != "table" => format!("{first} {second}"),
        one if SHARED.contains(&one) => first,
        _ => return None,
    };
    Some(format!("{verb} ON {}", object.to_uppercase()))
}

/// The objects that are in no schema, by the words for them in GRANT and COMMENT.
///
/// Source: PostgreSQL manual, "COMMENT" and "GRANT".
const SHARED: &[&str] = &[
    "database",
    "extension",
    "language",
    "parameter",
    "procedural",
    "publication",
    "role",
    "server",
    "subscription",
    "tablespace",
];

/// A COPY that writes a file or runs a program on the server.
pub(super) fn outside(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    if node.kind() != COPY {
        return None;
    }
    let runs_program = has(node, PROGRAM_KW);
    let writes_file = has(node, COPY_TO) && !has(node, COPY_STDOUT);
    let message = match (runs_program, writes_file) {
        (true, _) => "`COPY` with `PROGRAM` runs a program on the server, even in a trial run",
        (_, true) => {
            "`COPY TO` writes a file on the server, even in a trial run, and each tenant \
             overwrites it"
        }
        _ => return None,
    };
    let hint = "Do it outside the migration. PostgreSQL cannot roll it back.";
    Some(Found::new(place.start(node), "copy-outside", message).hint(hint))
}

/// Objects that are given to another role than the one that migrates.
pub(super) fn owner(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    if node.kind() != OWNER_TO || !place.is_tenant() {
        return None;
    }
    let mut roles = node
        .descendants()
        .filter(|it| it.kind() == ROLE_REF_CURRENT_USER || it.kind() == ROLE_REF_CURRENT_ROLE);
    if roles.next().is_some() {
        return None;
    }
    let message = "the role that runs migrations would no longer own the object, so later \
                   migrations would fail";
    let hint = "Remove the statement, and grant privileges to the other role.";
    Some(Found::new(place.start(node), "owner", message).hint(hint))
}

/// Rights that are given by default in all schemas.
pub(super) fn default_privileges(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    if node.kind() != ALTER_DEFAULT_PRIVILEGES || !place.is_tenant() {
        return None;
    }
    let words = tokens(node).map(|token| token.text().to_ascii_lowercase());
    let mut options = words.take_while(|word| !matches!(word.as_str(), "grant" | "revoke"));
    if options.any(|word| word == "schema") {
        return None;
    }
    let message = "without `IN SCHEMA`, default privileges apply to the whole database";
    Some(
        Found::new(place.start(node), "shared-object", message).hint(
            "Grant privileges on each table, or move the statement to a public migration. In a \
             tenant migration the run rejects it.",
        ),
    )
}

/// How many words name such a statement.
fn words(kind: SyntaxKind) -> usize {
    match kind {
        CREATE_FOREIGN_DATA_WRAPPER | ALTER_FOREIGN_DATA_WRAPPER | DROP_FOREIGN_DATA_WRAPPER => 4,
        CREATE_USER_MAPPING | ALTER_USER_MAPPING | DROP_USER_MAPPING | CREATE_EVENT_TRIGGER
        | ALTER_EVENT_TRIGGER | DROP_EVENT_TRIGGER | ALTER_LARGE_OBJECT | CREATE_ACCESS_METHOD
        | DROP_ACCESS_METHOD => 3,
        _ => 2,
    }
}

/// Statements about what belongs to the database or to the server.
fn is_shared(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        DROP_OWNED
            | REASSIGN
            | CREATE_DATABASE
            | ALTER_DATABASE
            | DROP_DATABASE
            | CREATE_TABLESPACE
            | ALTER_TABLESPACE
            | DROP_TABLESPACE
            | ALTER_SYSTEM
            | CREATE_ROLE
            | ALTER_ROLE
            | DROP_ROLE
            | CREATE_USER
            | ALTER_USER
            | DROP_USER
            | CREATE_GROUP
            | ALTER_GROUP
            | DROP_GROUP
            | CREATE_PUBLICATION
            | ALTER_PUBLICATION
            | DROP_PUBLICATION
            | CREATE_SUBSCRIPTION
            | ALTER_SUBSCRIPTION
            | DROP_SUBSCRIPTION
            | CREATE_SERVER
            | ALTER_SERVER
            | DROP_SERVER
            | CREATE_FOREIGN_DATA_WRAPPER
            | ALTER_FOREIGN_DATA_WRAPPER
            | DROP_FOREIGN_DATA_WRAPPER
            | CREATE_USER_MAPPING
            | ALTER_USER_MAPPING
            | DROP_USER_MAPPING
            | CREATE_EVENT_TRIGGER
            | ALTER_EVENT_TRIGGER
            | DROP_EVENT_TRIGGER
            | CREATE_LANGUAGE
            | ALTER_LANGUAGE
            | DROP_LANGUAGE
            | ALTER_LARGE_OBJECT
            | CREATE_ACCESS_METHOD
            | DROP_ACCESS_METHOD
    )
}
