//! The type of a column.

use syn::spanned::Spanned;
use syn::{GenericArgument, PathArguments, PathSegment, TypePath};

use super::{ParseError, Used};
use crate::model::Type;
use crate::types;

/// A column's type as `table!` says it.
pub(super) struct Read {
    pub(super) ty: Type,
    pub(super) nullable: bool,
}

/// Reads `Text`, `Nullable<Array<Nullable<Text>>>`, `diesel::sql_types::Uuid`.
pub(super) fn read(path: &TypePath, used: &mut Used<'_>) -> Result<Read, ParseError> {
    let segment = last(path)?;
    if segment.ident == "Nullable" {
        let inner = read(argument(segment)?, used)?;
        return Ok(Read {
            nullable: true,
            ..inner
        });
    }
    let ty = if segment.ident == "Array" {
        // Whether elements may be NULL is not PostgreSQL's to say: they may.
        let element = read(argument(segment)?, used)?.ty;
        Type {
            array: true,
            ..element
        }
    } else {
        simple(path, segment, used)?
    };
    Ok(Read {
        ty,
        nullable: false,
    })
}

fn simple(path: &TypePath, segment: &PathSegment, used: &mut Used<'_>) -> Result<Type, ParseError> {
    let ident = segment.ident.to_string();
    let over = |of: fn(&str) -> Option<&'static str>, used: &mut Used<'_>| {
        let element = read(argument(segment)?, used)?.ty.name;
        of(&element).map(str::to_owned).ok_or_else(|| {
            ParseError::at(
                segment.span(),
                format!("`{ident}` cannot contain {element}"),
            )
        })
    };
    let name = match ident.as_str() {
        "Range" => over(types::range_over, used)?,
        "Multirange" => over(types::multirange_over, used)?,
        "Unsigned" | "TinyInt" | "Tinyint" | "Datetime" => {
            return Err(ParseError::at(
                segment.span(),
                format!(
                    "`{ident}` is a type of another database and does not exist in \
                         PostgreSQL"
                ),
            ));
        }
        _ => named(path, &ident, used),
    };
    Ok(Type {
        name,
        array: false,
        length: None,
    })
}

/// A type of `sql_types` comes before one of Diesel's of the same name, as a
/// `use` of it would have it. Whatever else there is comes from another crate;
/// such crates name a type as PostgreSQL does, but in Rust's letter case.
fn named(path: &TypePath, ident: &str, used: &mut Used<'_>) -> String {
    if let Some(name) = used.declared(ident) {
        return name;
    }
    if let Some(name) = types::builtin(ident) {
        return name.to_owned();
    }
    let name = snake_case(ident);
    used.add(name.clone(), ident, false, path.span().start().line);
    name
}

fn last(path: &TypePath) -> Result<&PathSegment, ParseError> {
    let segment = path.path.segments.last();
    segment.ok_or_else(|| ParseError::at(path.span(), "expected a type"))
}

fn argument(segment: &PathSegment) -> Result<&TypePath, ParseError> {
    if let PathArguments::AngleBracketed(arguments) = &segment.arguments
        && let Some(GenericArgument::Type(syn::Type::Path(path))) = arguments.args.first()
        && arguments.args.len() == 1
    {
        return Ok(path);
    }
    Err(ParseError::at(
        segment.span(),
        format!(
            "`{}` needs one type in angle brackets, such as `{}<Text>`",
            segment.ident, segment.ident
        ),
    ))
}

fn snake_case(ident: &str) -> String {
    let mut name = String::new();
    for (index, letter) in ident.chars().enumerate() {
        if letter.is_uppercase() && index > 0 {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}
