//! The name of a table with its schema, as SQL writes it.

use std::fmt;

use sql_text::{TokenKind, ident, stored, tokens};

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
    pub(super) fn parse(text: &str) -> Option<Self> {
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
        let quoted = |name: &str| match Self::is_plain(name) {
            true => name.to_owned(),
            false => ident(name),
        };
        write!(
            formatter,
            "{}.{}",
            quoted(&self.schema),
            quoted(&self.table)
        )
    }
}

impl TableName {
    /// Whether it is the same without quotes, to people: PostgreSQL is given quotes.
    fn is_plain(name: &str) -> bool {
        let mut letters = name.chars();
        letters
            .next()
            .is_some_and(|c| c.is_ascii_lowercase() || c == '_')
            && letters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
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
