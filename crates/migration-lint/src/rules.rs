//! The rules about one SQL text, and the walk through its tree that asks them.

pub(crate) mod catalog;
mod citus;
mod client;
mod empty;
mod executed;
mod literals;
mod names;
mod place;
mod session;
mod shared;
mod syntax;
mod transaction;

pub(crate) use empty::no_down_file;

use std::thread;

use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::body::{Body, BodyLanguage};
use squawk_syntax::{SourceFile, SyntaxNode};

use crate::finding::Found;
use crate::lint::{Direction, SqlText};
use crate::options::Options;
use crate::safety;
use crate::text::{Masked, is_too_complex, mask};
use place::{Inside, Place};

/// The stack of the thread that parses, in bytes: what the deepest text that
/// is let through needs, several times over. Only what is used is taken.
const STACK: usize = 192 * 1024 * 1024;

/// The parser gave up on the text.
pub(crate) struct Unparsed;

/// A rule that looks at one node of the tree.
type Rule = fn(&SyntaxNode, &Place<'_>) -> Option<Found>;

/// The rules about statements that run with the migration.
const STATEMENT_RULES: &[Rule] = &[
    client::copy,
    session::path,
    session::state,
    shared::extension,
    shared::schema,
    shared::object,
    shared::outside,
    shared::owner,
    shared::default_privileges,
    transaction::control,
    transaction::needs_none,
];

/// Those that can be asked about a statement of which a part is not known.
const SETTING_RULES: &[Rule] = &[session::path, session::state];

/// The rules about names, which count in functions too.
const NAME_RULES: &[Rule] = &[
    names::path,
    names::expression,
    names::schema,
    literals::name,
];

/// Asks all rules about a text. They run in a separate thread, which has room for deep nesting and
/// contains a panic of the parser.
pub(crate) fn ask(
    sql: &SqlText<'_>,
    masked: &Masked,
    options: &Options,
) -> Result<Vec<Found>, Unparsed> {
    thread::scope(|scope| {
        let thread = thread::Builder::new()
            .name("migration-lint".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, || ask_here(sql, masked, options))
            .map_err(|_| Unparsed)?;
        thread.join().map_err(|_| Unparsed)
    })
}

fn ask_here(sql: &SqlText<'_>, masked: &Masked, options: &Options) -> Vec<Found> {
    let parse = SourceFile::parse(&masked.sql);
    let mut found = client::commands(masked);
    found.extend(syntax::errors(&parse));
    found.extend(empty::check(sql, masked));
    let place = Place {
        sql,
        options,
        inside: Inside::File,
        offset: &|token| usize::from(token.text_range().start()),
    };
    let root = parse.syntax_node();
    walk(&root, &place, &mut found);
    found.extend(transaction::mixed(&root, &place));
    if sql.direction == Direction::Up {
        found.extend(safety::ask(sql, &parse, &masked.sql, options));
    }
    found
}

fn walk(root: &SyntaxNode, place: &Place<'_>, found: &mut Vec<Found>) {
    for node in root.descendants() {
        if place.inside.runs_now() {
            found.extend(STATEMENT_RULES.iter().filter_map(|rule| rule(&node, place)));
            if place.is_tenant() {
                found.extend(citus::RULES.iter().filter_map(|rule| rule(&node, place)));
            }
        }
        found.extend(NAME_RULES.iter().filter_map(|rule| rule(&node, place)));
        // A body in a body is text that something executes later.
        if place.inside == Inside::File {
            walk_body(node, place, found);
        } else if place.inside.has_variables() {
            walk_executed(&node, place, found);
        }
    }
}

/// The rules on what a block or a function executes as text.
fn walk_executed(node: &SyntaxNode, place: &Place<'_>, found: &mut Vec<Found>) {
    let Some(executed) = executed::executed(node) else {
        return;
    };
    let masked = mask(&executed.text);
    if is_too_complex(&masked.sql) {
        return;
    }
    let inner = Place {
        sql: place.sql,
        options: place.options,
        inside: match place.inside.runs_now() {
            true => Inside::Executed,
            false => Inside::ExecutedLater,
        },
        offset: &|token| executed.offset(token, place),
    };
    let root = SourceFile::parse(&masked.sql).syntax_node();
    if executed.is_whole {
        walk(&root, &inner, found);
    } else if inner.inside.runs_now() {
        for node in root.descendants() {
            found.extend(SETTING_RULES.iter().filter_map(|rule| rule(&node, &inner)));
        }
    }
}

/// The rules on what stands quoted in `DO`, `CREATE FUNCTION` and the like.
fn walk_body(node: SyntaxNode, place: &Place<'_>, found: &mut Vec<Found>) {
    if let Some(block) = ast::Do::cast(node.clone()) {
        let body = block.plpgsql();
        return walk_parsed(body, Inside::Block, place, found);
    }
    if let Some(function) = ast::CreateFunction::cast(node.clone()) {
        walk_parsed(function.plpgsql(), Inside::Function, place, found);
        walk_parsed(function.sql_body(), Inside::SqlFunction, place, found);
    } else if let Some(procedure) = ast::CreateProcedure::cast(node) {
        walk_parsed(procedure.plpgsql(), Inside::Function, place, found);
        walk_parsed(procedure.sql_body(), Inside::SqlFunction, place, found);
    }
}

fn walk_parsed<T: BodyLanguage>(
    body: Option<Body<T>>,
    inside: Inside,
    place: &Place<'_>,
    found: &mut Vec<Found>,
) {
    let Some(body) = body else { return };
    let place = Place {
        sql: place.sql,
        options: place.options,
        inside,
        offset: &|token| usize::from(body.source_range(token.text_range()).start()),
    };
    walk(&body.syntax(), &place, found);
}
