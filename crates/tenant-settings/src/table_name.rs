//! The name of a table with its schema, as SQL writes it.

use std::fmt;

use sql_text::{TokenKind, ident, stored, tokens};
use tenant_core::TenantName;

/// A table, and the schema that it is in: both as PostgreSQL stores them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName {
    /// The schema.
    pub schema: String,
    /// The table.
    pub table: String,
}

impl TableName {
    /// Reads `public.organizations` or `"Ops"."Tenants"`; `None` if it is something else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let tokens = tokens(text).collect::<Vec<_>>();
        let [schema, dot, table] = tokens.as_slice() else {
            return None;
        };
        let is_name =
            |token: &sql_text::Token<'_>| token.is_name() || token.kind == TokenKind::QuotedName;
        if dot.text != "." || !is_name(schema) || !is_name(table) {
            return None;
        }
        Some(Self {
            schema: stored(schema)?,
            table: stored(table)?,
        })
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (schema, table) = (sql_name(&self.schema), sql_name(&self.table));
        write!(formatter, "{schema}.{table}")
    }
}

/// A name in SQL for people to read: in quotes where it needs them, also where it is a word
/// that PostgreSQL keeps for itself.
#[must_use]
pub fn sql_name(name: &str) -> String {
    let is_letter = |c: char| c.is_ascii_lowercase() || c == '_';
    // The strict rule for tenants also refuses words that PostgreSQL reserves.
    let is_free = name == "public" || name.parse::<TenantName>().is_ok();
    let is_plain = is_free && name.chars().all(|c| is_letter(c) || c.is_ascii_digit());
    if is_plain {
        name.to_owned()
    } else {
        ident(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_named_with_its_schema_as_sql_names_it() {
        for (text, shown) in [
            ("public.organizations", Some("public.organizations")),
            ("Public.Organizations", Some("public.organizations")),
            ("\"Ops\".\"My tenants\"", Some("\"Ops\".\"My tenants\"")),
            ("public.\"order\"", Some("public.\"order\"")),
            ("organizations", None),
            ("a.b.c", None),
            ("public.organizations; DROP TABLE x", None),
            ("public.", None),
            ("", None),
        ] {
            let name = TableName::parse(text).map(|name| name.to_string());
            assert_eq!(name.as_deref(), shown, "{text}");
        }
    }
}
