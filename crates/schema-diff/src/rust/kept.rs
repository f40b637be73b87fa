//! What a file says of views, carried over into a file that is printed anew: the
//! Diesel CLI prints tables only.

use std::collections::HashSet;

use proc_macro2::{LineColumn, TokenStream, TokenTree};
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{File, Ident, Item, ItemMacro, Token};

use super::joinable::Joinable;
use super::{ParseError, table};
use crate::catalog::Catalog;

/// `printed`, and after it what `old` says of views that the database has: the
/// blocks as they are written, with the comments directly above them, their
/// `joinable!` and `allow_tables_to_appear_in_same_query!`, and the types that
/// only they use.
///
/// # Errors
///
/// [`ParseError`] when one of the two is not Rust.
pub fn keep_views(old: &str, printed: &str, catalog: &Catalog) -> Result<String, ParseError> {
    let kept = Kept::read(old, printed, catalog)?;
    if kept.views.is_empty() {
        return Ok(printed.to_owned());
    }
    let (mut text, types) = kept.with_types(printed)?;
    for piece in types.into_iter().chain(kept.pieces()) {
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&format!("\n{piece}\n"));
    }
    Ok(text)
}

/// A `table!` or `view!` that is kept.
struct Block {
    /// What Rust calls it.
    ident: String,
    text: String,
    tokens: TokenStream,
}

struct Kept<'a> {
    old: &'a str,
    file: File,
    views: Vec<Block>,
    /// The tables of the printed file, as Rust calls them.
    tables: HashSet<String>,
}

impl<'a> Kept<'a> {
    fn read(old: &'a str, printed: &str, catalog: &Catalog) -> Result<Self, ParseError> {
        let file = syn::parse_file(old)?;
        let printed = syn::parse_file(printed)?;
        let printed = blocks(&printed).collect::<Vec<_>>();
        let is_printed = |name: &str| printed.iter().any(|(_, _, printed)| printed == name);
        let views =
            blocks(&file).filter(|(_, _, name)| catalog.view(name).is_some() && !is_printed(name));
        let views = views.map(|(item, ident, _)| Block {
            ident,
            text: with_comments(old, item),
            tokens: item.mac.tokens.clone(),
        });
        Ok(Self {
            old,
            views: views.collect(),
            tables: printed.into_iter().map(|(_, ident, _)| ident).collect(),
            file,
        })
    }

    fn is_view(&self, ident: &Ident) -> bool {
        self.views.iter().any(|view| *ident == view.ident)
    }

    /// Whether the new file has it.
    fn is_there(&self, ident: &Ident) -> bool {
        self.is_view(ident) || self.tables.contains(&ident.to_string())
    }

    /// What is put behind the printed file.
    fn pieces(&self) -> Vec<String> {
        let mut pieces = self.views.iter().map(|view| view.text.clone()).collect();
        let mut pairs = HashSet::new();
        for (item, name) in macros(&self.file) {
            match name.as_str() {
                "joinable" => self.keep_joinable(item, &mut pieces),
                "allow_tables_to_appear_in_same_query" => {
                    self.keep_allowed(item, &mut pairs, &mut pieces);
                }
                _ => {}
            }
        }
        pieces
    }

    fn keep_joinable(&self, item: &ItemMacro, pieces: &mut Vec<String>) {
        let Ok(joinable) = syn::parse2::<Joinable>(item.mac.tokens.clone()) else {
            return;
        };
        let ends = [&joinable.child, &joinable.parent];
        if ends.iter().any(|end| self.is_view(end)) && ends.iter().all(|end| self.is_there(end)) {
            pieces.push(with_comments(self.old, item));
        }
    }

    /// The printed file allows all pairs of tables. Naming two of them again
    /// would not compile, so that only the pairs with a view remain.
    fn keep_allowed(
        &self,
        item: &ItemMacro,
        pairs: &mut HashSet<(String, String)>,
        pieces: &mut Vec<String>,
    ) {
        let parser = Punctuated::<Ident, Token![,]>::parse_terminated;
        let Ok(names) = parser.parse2(item.mac.tokens.clone()) else {
            return;
        };
        let names = names.iter().filter(|name| self.is_there(name));
        let names = names.collect::<Vec<_>>();
        for (index, one) in names.iter().enumerate() {
            for other in names.iter().skip(index + 1) {
                let mut pair = [one.to_string(), other.to_string()];
                if !self.is_view(one) && !self.is_view(other) {
                    continue;
                }
                pair.sort_unstable();
                let [first, second] = pair;
                if pairs.insert((first, second)) {
                    pieces.push(format!(
                        "diesel::allow_tables_to_appear_in_same_query!({one}, {other},);"
                    ));
                }
            }
        }
    }

    /// The printed file with the types that only the views use in its module `sql_types`. If it has
    /// no such module, the second value is a module to append.
    fn with_types(&self, printed: &str) -> Result<(String, Option<String>), ParseError> {
        let file = syn::parse_file(printed)?;
        let module = module(&file);
        let known = module.into_iter().flat_map(structs).map(|(ident, _)| ident);
        let known = known.collect::<HashSet<_>>();
        let old = self::module(&self.file).into_iter().flat_map(structs);
        let missing = old.filter(|(ident, _)| !known.contains(ident) && self.uses(ident));
        let missing = missing.map(|(_, item)| format!("    {}\n", slice(self.old, item)));
        let missing = missing.collect::<Vec<_>>().join("\n");
        let end = module.and_then(|module| {
            let (brace, _) = module.content.as_ref()?;
            Some(offset(printed, brace.span.close().start()))
        });
        let mut text = printed.to_owned();
        match end {
            _ if missing.is_empty() => Ok((text, None)),
            Some(end) => {
                text.insert_str(end, &format!("\n{missing}"));
                Ok((text, None))
            }
            None => Ok((text, Some(format!("pub mod sql_types {{\n{missing}}}")))),
        }
    }

    fn uses(&self, ident: &str) -> bool {
        let mut views = self.views.iter();
        views.any(|view| mentions(view.tokens.clone(), ident))
    }
}

fn mentions(tokens: TokenStream, ident: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(found) => found == ident,
        TokenTree::Group(group) => mentions(group.stream(), ident),
        _ => false,
    })
}

/// The macros at the top of a file, by the last part of their names.
fn macros(file: &File) -> impl Iterator<Item = (&ItemMacro, String)> {
    file.items.iter().filter_map(|item| match item {
        Item::Macro(item) => {
            let name = item.mac.path.segments.last()?;
            Some((item, name.ident.to_string()))
        }
        _ => None,
    })
}

/// Each `table!` and `view!` with its name in Rust and in the database.
fn blocks(file: &File) -> impl Iterator<Item = (&ItemMacro, String, String)> {
    macros(file).filter_map(|(item, name)| {
        let is_view = name == "view";
        if !is_view && name != "table" {
            return None;
        }
        let read = table::read(item.mac.tokens.clone(), item.span(), is_view);
        let decl = read.ok()?.decl;
        Some((item, decl.table_name.to_string(), decl.sql_name))
    })
}

fn module(file: &File) -> Option<&syn::ItemMod> {
    file.items.iter().find_map(|item| match item {
        Item::Mod(module) if module.ident == "sql_types" => Some(module),
        _ => None,
    })
}

fn structs(module: &syn::ItemMod) -> impl Iterator<Item = (String, &syn::ItemStruct)> {
    let items = module.content.iter().flat_map(|(_, items)| items);
    items.filter_map(|item| match item {
        Item::Struct(item) => Some((item.ident.to_string(), item)),
        _ => None,
    })
}

/// The text of an item.
fn slice(text: &str, item: &impl Spanned) -> String {
    let span = item.span();
    let range = offset(text, span.start())..offset(text, span.end());
    text.get(range).unwrap_or_default().to_owned()
}

/// The text of an item, with the comments in the lines directly above it.
fn with_comments(text: &str, item: &ItemMacro) -> String {
    let above = item.span().start().line.saturating_sub(1);
    let lines = text.lines().take(above).collect::<Vec<_>>();
    let is_comment = |line: &&&str| {
        let line = line.trim_start();
        line.starts_with("//") && !line.contains("@generated")
    };
    let comments = lines.iter().rev().take_while(is_comment).copied();
    let mut comments = comments.collect::<Vec<_>>();
    comments.reverse();
    let item = slice(text, item);
    comments.push(&item);
    comments.join("\n")
}

/// The byte at a place that is given in lines from 1 and characters from 0.
fn offset(text: &str, place: LineColumn) -> usize {
    let lines = text.split_inclusive('\n');
    let before = lines.clone().take(place.line.saturating_sub(1));
    let start = before.map(str::len).sum::<usize>();
    let line = text.get(start..).unwrap_or_default();
    let within = line.char_indices().nth(place.column);
    start + within.map_or(line.len(), |(index, _)| index)
}
