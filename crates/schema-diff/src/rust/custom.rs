//! The module `sql_types`: types that are not Diesel's own.

use syn::{Attribute, Item, ItemMod, ItemStruct, LitInt, LitStr};

use super::ParseError;

/// A type declared in `sql_types`.
pub(super) struct Declared {
    /// What Rust calls it.
    pub(super) ident: String,
    /// What the database calls it.
    pub(super) name: String,
    /// Whether it belongs to the schema itself: no other one is named.
    pub(super) own: bool,
    pub(super) line: usize,
}

/// Reads the module.
pub(super) fn read(module: &ItemMod) -> Result<Vec<Declared>, ParseError> {
    let items = module.content.iter().flat_map(|(_, items)| items);
    let mut declared = Vec::new();
    for item in items {
        if let Item::Struct(item) = item {
            declared.push(read_struct(item)?);
        }
    }
    Ok(declared)
}

fn read_struct(item: &ItemStruct) -> Result<Declared, ParseError> {
    let mut name = None;
    let mut schema = None;
    for attribute in &item.attrs {
        if attribute.path().is_ident("diesel") {
            read_attribute(attribute, &mut name, &mut schema)?;
        } else if attribute.path().is_ident("postgres") {
            return Err(ParseError::at(
                attribute.pound_token.span,
                "Diesel 2 does not support this attribute; write `#[diesel(postgres_type(name = \
                 \"...\"))]`",
            ));
        }
    }
    let name = name.ok_or_else(|| {
        ParseError::at(
            item.ident.span(),
            format!(
                "the type `{}` has no PostgreSQL name; write `#[diesel(postgres_type(name = \
                 \"...\"))]` above it",
                item.ident
            ),
        )
    })?;
    Ok(Declared {
        ident: item.ident.to_string(),
        name,
        own: schema.is_none(),
        line: item.ident.span().start().line,
    })
}

fn read_attribute(
    attribute: &Attribute,
    name: &mut Option<String>,
    schema: &mut Option<String>,
) -> Result<(), ParseError> {
    let read = attribute.parse_nested_meta(|meta| {
        if !meta.path.is_ident("postgres_type") {
            return Ok(());
        }
        meta.parse_nested_meta(|meta| {
            let value = meta.value()?;
            if meta.path.is_ident("name") {
                *name = Some(value.parse::<LitStr>()?.value());
            } else if meta.path.is_ident("schema") {
                *schema = Some(value.parse::<LitStr>()?.value());
            } else {
                // `oid` and `array_oid` belong to types that are everywhere.
                *schema = Some("pg_catalog".to_owned());
                value.parse::<LitInt>()?;
            }
            Ok(())
        })
    });
    Ok(read?)
}
