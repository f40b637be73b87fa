//! One `joinable!`: a foreign key.

use syn::parse::{Parse, ParseStream};
use syn::{Ident, Token, parenthesized};

use super::ParseError;
use super::table::RustTable;
use crate::model::{Reference, Table};

/// `child -> parent (column)`, in the names of Rust.
pub(super) struct Joinable {
    pub(super) child: Ident,
    pub(super) parent: Ident,
    column: Ident,
}

impl Parse for Joinable {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let child = input.parse()?;
        input.parse::<Token![->]>()?;
        let parent = input.parse()?;
        let content;
        parenthesized!(content in input);
        Ok(Self {
            child,
            parent,
            column: content.parse()?,
        })
    }
}

impl Joinable {
    /// Adds the foreign key to its table in `tables`, which are those of
    /// `written` in the names of the database, in the same order.
    pub(super) fn resolve(
        &self,
        written: &[RustTable],
        tables: &mut [Table],
    ) -> Result<(), ParseError> {
        let child = find(written, &self.child)?;
        let parent = find(written, &self.parent)?;
        let column = written.get(child).and_then(|table| {
            let column = table.column(&self.column.to_string())?;
            Some(column.sql_name.clone())
        });
        let column = column.ok_or_else(|| {
            ParseError::at(
                self.column.span(),
                format!("table `{}` has no column `{}`", self.child, self.column),
            )
        })?;
        let parent = tables.get(parent).map(|parent| {
            let key = parent.primary_key.len();
            (parent.name.clone(), key)
        });
        let Some((parent, key)) = parent else {
            return Ok(());
        };
        if key != 1 {
            return Err(ParseError::at(
                self.parent.span(),
                format!(
                    "a single-column foreign key cannot reference `{}`: its primary key has \
                     {key}",
                    self.parent
                ),
            ));
        }
        if let Some(child) = tables.get_mut(child) {
            child.references.push(Reference { column, parent });
        }
        Ok(())
    }
}

fn find(tables: &[RustTable], name: &Ident) -> Result<usize, ParseError> {
    let found = tables
        .iter()
        .position(|table| table.decl.table_name == *name);
    found.ok_or_else(|| ParseError::at(name.span(), format!("unknown table `{name}`")))
}
