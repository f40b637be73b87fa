//! `qualified-name` and `touches-public`: schemas named in the tenant stream.
//!
//! Whether `a.b` names a schema is decided by where it stands: in the place of
//! a table or a function it does, in that of a column it does not.

use squawk_syntax::SyntaxKind::{
    ALTER_EXTENSION, ALTER_SCHEMA, CALL_EXPR, CONFIG_PARAMETER_REF, CREATE_EXTENSION,
    CREATE_SCHEMA, DROP_EXTENSION, DROP_SCHEMA, FIELD_EXPR, IMPORT_FOREIGN_SCHEMA, PATH, PATH_REF,
    PERCENT_TYPE, PLPGSQL_ALIAS_TARGET, QUALIFIED_COLUMN_NAME_REF, SCHEMA_REF, SET_SCHEMA,
};
use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::normalize_name_node;

use super::place::{Place, dotted, segments};
use crate::finding::Found;

/// Schemas that every tenant's path leads to the same objects of.
const ALWAYS_ALLOWED: &[&str] = &["information_schema", "pg_catalog", "pg_temp"];

/// Names in the places of tables, types, functions, indexes and so on.
pub(super) fn path(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    if !matches!(node.kind(), PATH | PATH_REF) {
        return None;
    }
    let after_schema = match node.parent()?.kind() {
        // An inner part of a longer name, a setting, or a variable.
        PATH | PATH_REF | CONFIG_PARAMETER_REF | PLPGSQL_ALIAS_TARGET => return None,
        // Table and column.
        QUALIFIED_COLUMN_NAME_REF | PERCENT_TYPE => 2,
        _ => 1,
    };
    qualified(node, &segments(node), after_schema, place)
}

/// Functions that are called, and columns written with table and schema.
pub(super) fn expression(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    let parent = node.parent()?;
    if node.kind() != FIELD_EXPR || parent.kind() == FIELD_EXPR {
        return None;
    }
    let parts = dotted(node)?;
    if parent.kind() == CALL_EXPR {
        return qualified(node, &parts, 1, place);
    }
    let first = parts.first()?.as_str();
    // A record's field, and a field of that.
    let is_record = matches!(first, "new" | "old" | "excluded")
        || place.inside.has_variables() && first != "public";
    if is_record {
        return None;
    }
    qualified(node, &parts, 2, place)
}

/// Schemas in `GRANT ... ON ALL TABLES IN SCHEMA` and the like.
pub(super) fn schema(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    if node.kind() != SCHEMA_REF {
        return None;
    }
    // These statements have rules of their own.
    let elsewhere = node.ancestors().any(|ancestor| {
        matches!(
            ancestor.kind(),
            ALTER_EXTENSION
                | ALTER_SCHEMA
                | CREATE_EXTENSION
                | CREATE_SCHEMA
                | DROP_EXTENSION
                | DROP_SCHEMA
                | SET_SCHEMA
        )
    });
    if elsewhere || is_remote(node) {
        return None;
    }
    let name = normalize_name_node(node);
    report(&name, &format!("SCHEMA {name}"), place.start(node), place)
}

/// Whether it is the schema that `IMPORT FOREIGN SCHEMA` reads on the other server, which
/// comes before the one of this database.
fn is_remote(node: &SyntaxNode) -> bool {
    let is_schema = |one: &SyntaxNode| one.kind() == SCHEMA_REF;
    node.ancestors()
        .find(|one| one.kind() == IMPORT_FOREIGN_SCHEMA)
        .and_then(|import| import.descendants().find(is_schema))
        .is_some_and(|first| first == *node)
}

fn qualified(
    node: &SyntaxNode,
    parts: &[String],
    after_schema: usize,
    place: &Place<'_>,
) -> Option<Found> {
    let schema = parts.len().checked_sub(after_schema + 1)?;
    report(
        parts.get(schema)?,
        &parts.join("."),
        place.start(node),
        place,
    )
}

/// The finding about a name that `shown` writes out, unless its schema may be
/// named.
pub(super) fn report(schema: &str, shown: &str, offset: usize, place: &Place<'_>) -> Option<Found> {
    let allowed = ALWAYS_ALLOWED.contains(&schema)
        || place
            .options
            .allowed_schemas
            .iter()
            .any(|one| one == schema);
    if !place.is_tenant() || allowed {
        return None;
    }
    if schema == "public" {
        let message = format!("`{shown}` is in the public schema, which all tenants share");
        return Some(Found::new(offset, "touches-public", message).hint(
            "Omit the schema to use the tenant's object. To change the shared object, move the \
             statement to a public migration.",
        ));
    }
    let message = format!(
        "`{shown}` names the schema `{schema}`, but each tenant has its own \
                           schema"
    );
    Some(Found::new(offset, "qualified-name", message).hint(
        "Omit the schema, so that search_path decides. If all tenants share this schema, list it \
         in `allowed_schemas`.",
    ))
}
