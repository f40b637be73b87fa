//! One `table!` or `view!`.

use diesel_table_macro_syntax::{ColumnDef, TableDecl};
use proc_macro2::{Span, TokenStream};

use super::{ParseError, Used, column_type};
use crate::model::{Column, Table};
use crate::types;

/// A `table!` as it is written, with the names of Rust at hand.
pub(super) struct RustTable {
    pub(super) decl: TableDecl,
    /// Whether the macro is `view!`, which has no key.
    pub(super) is_view: bool,
}

/// Reads what stands in the parentheses of a `table!` or a `view!`; `whole` is
/// where the macro itself stands, for an error at its very end.
pub(super) fn read(
    tokens: TokenStream,
    whole: Span,
    is_view: bool,
) -> Result<RustTable, ParseError> {
    let is_empty = tokens.is_empty();
    let decl = syn::parse2::<TableDecl>(tokens).map_err(|error| {
        // At the end of the macro there is no token to point at.
        let at_end = error.span().start().line == 0 || is_empty;
        let span = if at_end { whole } else { error.span() };
        ParseError::at(span, super::plainly(&error.to_string()))
    })?;
    if let Some(schema) = &decl.schema {
        return Err(ParseError::at(
            schema.span(),
            format!(
                "the table names the schema `{schema}`; write only the table's name, because \
                 search_path selects the schema"
            ),
        ));
    }
    Ok(RustTable { decl, is_view })
}

impl RustTable {
    pub(super) fn line(&self) -> usize {
        self.decl.table_name.span().start().line
    }

    /// The database's name of the column that Rust calls `ident`.
    pub(super) fn column(&self, ident: &str) -> Option<&ColumnDef> {
        let mut columns = self.decl.column_defs.iter();
        columns.find(|column| column.column_name == ident)
    }

    /// The table in the names of the database; foreign keys come later.
    pub(super) fn resolve(&self, used: &mut Used<'_>) -> Result<Table, ParseError> {
        let columns = self.decl.column_defs.iter();
        let columns = columns.map(|column| resolve_column(column, used));
        Ok(Table {
            name: self.decl.sql_name.clone(),
            columns: columns.collect::<Result<_, _>>()?,
            primary_key: self.primary_key()?,
            references: Vec::new(),
            is_view: self.is_view,
            line: self.line(),
        })
    }

    /// The key of a table that lists none is `id`.
    fn primary_key(&self) -> Result<Vec<String>, ParseError> {
        if self.is_view {
            return Ok(Vec::new());
        }
        let Some(keys) = &self.decl.primary_keys else {
            let id = self.column("id").ok_or_else(|| {
                ParseError::at(
                    self.decl.table_name.span(),
                    format!(
                        "table `{}` has no column `id` and names no primary key; name the key in \
                         parentheses: `{} (column) {{ ... }}`",
                        self.decl.table_name, self.decl.table_name
                    ),
                )
            })?;
            return Ok(vec![id.sql_name.clone()]);
        };
        let keys = keys.keys.iter().map(|key| {
            let column = self.column(&key.to_string()).ok_or_else(|| {
                ParseError::at(
                    key.span(),
                    format!("the primary key column `{key}` does not exist in the table"),
                )
            })?;
            Ok(column.sql_name.clone())
        });
        keys.collect()
    }
}

fn resolve_column(column: &ColumnDef, used: &mut Used<'_>) -> Result<Column, ParseError> {
    let read = column_type::read(&column.tpe, used)?;
    let mut ty = read.ty;
    if let Some(length) = &column.max_length {
        let number = length.base10_parse::<u32>()?;
        if matches!(ty.name.as_str(), "varchar" | "bpchar" | "bit" | "varbit") && !ty.array {
            ty.length = Some(number);
        } else {
            return Err(ParseError::at(
                length.span(),
                format!(
                    "a column of type {} cannot have `max_length`",
                    types::to_sql(&ty, str::to_owned)
                ),
            ));
        }
    }
    Ok(Column {
        name: column.sql_name.clone(),
        ty,
        nullable: read.nullable,
    })
}
