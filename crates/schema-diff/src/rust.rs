//! Reads a `schema.rs`: as text, so that it need not compile.

mod column_type;
mod custom;
mod joinable;
mod kept;
mod table;
mod validate;

use std::collections::HashMap;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{File, Item, ItemMacro};
use thiserror::Error;

use crate::model::{CustomType, Schema};
use custom::Declared;
use joinable::Joinable;
pub use kept::keep_views;
use table::RustTable;

/// What in a `schema.rs` cannot be read, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {reason}")]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong there.
    pub reason: String,
}

impl ParseError {
    fn at(span: Span, reason: impl Into<String>) -> Self {
        let start = span.start();
        Self {
            line: start.line,
            column: start.column + 1,
            reason: reason.into(),
        }
    }
}

impl From<syn::Error> for ParseError {
    fn from(error: syn::Error) -> Self {
        Self::at(error.span(), plainly(&error.to_string()))
    }
}

/// The parser's message, where it helps to correct a list of columns.
fn plainly(message: &str) -> &str {
    if message.contains("cannot parse string into token stream") {
        "unbalanced braces, brackets, parentheses or quotes"
    } else if message.contains("expected one of") {
        "syntax error; a column is `name -> Type,`, as in `due -> Nullable<Date>,`"
    } else {
        message
    }
}

impl Schema {
    /// Reads the text of a `schema.rs`.
    ///
    /// # Errors
    ///
    /// [`ParseError`] for text that is not Rust, for a macro that Diesel would
    /// not accept, and for what cannot be a table of PostgreSQL.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let file = syn::parse_file(text)?;
        let mut found = Found::default();
        found.read(&file)?;
        found.into_schema()
    }
}

/// What stands in the file, still in the names of Rust.
#[derive(Default)]
struct Found {
    tables: Vec<RustTable>,
    joinables: Vec<Joinable>,
    types: Vec<Declared>,
}

impl Found {
    fn read(&mut self, file: &File) -> Result<(), ParseError> {
        for item in &file.items {
            match item {
                Item::Macro(item) => self.read_macro(item)?,
                Item::Mod(module) if module.ident == "sql_types" => {
                    self.types.extend(custom::read(module)?);
                }
                Item::Mod(module) => {
                    return Err(ParseError::at(
                        module.span(),
                        "unexpected module; the tables of a schema are at the top level, and \
                         only `sql_types` is a module",
                    ));
                }
                // `use` and the like say nothing about tables.
                _ => {}
            }
        }
        Ok(())
    }

    fn read_macro(&mut self, item: &ItemMacro) -> Result<(), ParseError> {
        let name = item.mac.path.segments.last();
        let name = name.map(|segment| segment.ident.to_string());
        let tokens = item.mac.tokens.clone();
        match name.as_deref() {
            Some(kind @ ("table" | "view")) => {
                let table = table::read(tokens, item.mac.path.span(), kind == "view")?;
                self.tables.push(table);
            }
            Some("joinable") => self.joinables.push(syn::parse2(tokens)?),
            _ => {}
        }
        Ok(())
    }

    fn into_schema(self) -> Result<Schema, ParseError> {
        validate::tables(&self.tables)?;
        let mut used = Used::new(&self.types);
        let mut tables = Vec::new();
        for table in &self.tables {
            tables.push(table.resolve(&mut used)?);
        }
        for joinable in &self.joinables {
            joinable.resolve(&self.tables, &mut tables)?;
        }
        let types = used.into_types();
        Ok(Schema { tables, types })
    }
}

/// The types that are not Diesel's, as the columns are found to use them.
struct Used<'a> {
    declared: &'a [Declared],
    types: Vec<CustomType>,
    seen: HashMap<String, usize>,
}

impl<'a> Used<'a> {
    fn new(declared: &'a [Declared]) -> Self {
        let mut used = Self {
            declared,
            types: Vec::new(),
            seen: HashMap::new(),
        };
        for declared in declared {
            used.add(
                declared.name.clone(),
                &declared.ident,
                declared.own,
                declared.line,
            );
        }
        used
    }

    /// The name in the database of the type declared as `ident`.
    fn declared(&self, ident: &str) -> Option<String> {
        let found = self.declared.iter().find(|known| known.ident == ident);
        found.map(|known| known.name.clone())
    }

    fn add(&mut self, name: String, written: &str, own: bool, line: usize) {
        if !self.seen.contains_key(&name) {
            self.seen.insert(name.clone(), line);
            self.types.push(CustomType {
                name,
                written: written.to_owned(),
                own,
                line,
            });
        }
    }

    fn into_types(self) -> Vec<CustomType> {
        self.types
    }
}
