//! Which text of migrations runs while they are applied.

use std::collections::{BTreeMap, BTreeSet};

use sql_text::{Text, Token, TokenKind};

use super::catalogs::fields;
use super::flow::{Around, Goes};
use super::operands::{Piece, significant};
use super::reads::{Variables, reads};
use super::statements::{Kind, arguments, in_check, kind, last_name, segments, trigger};
use super::template::Form;
use super::{NamePurpose, NameUse, Source};
use crate::migration::mentions::content;
use crate::migration::{Migration, MigrationFile};

/// How many texts inside each other are read.
const DEPTH: usize = 6;

/// A function of the migrations.
#[derive(Clone)]
struct Function<'m> {
    source: Source<'m>,
    /// Where its body begins in the statement.
    at: usize,
    body: String,
    parameters: Vec<String>,
    /// The parameters that are the schema's name unless a call says otherwise.
    by_default: Vec<String>,
}

/// What is known around a text that runs.
#[derive(Clone, Copy)]
struct Run<'m> {
    source: Source<'m>,
    /// Where the text begins in the statement.
    at: usize,
    /// Whether results of queries are discarded.
    discards: bool,
    depth: usize,
}

/// Reads migrations in the order in which they run.
#[derive(Default)]
pub(super) struct Reader<'m> {
    functions: BTreeMap<String, Vec<Function<'m>>>,
    names: BTreeSet<String>,
    /// Tables, and the functions of their triggers.
    triggers: Vec<(String, String)>,
    /// Uses that happen once the table has a row.
    held: Vec<(String, NameUse)>,
    written: BTreeSet<String>,
    visited: BTreeSet<(String, Vec<String>)>,
    uses: BTreeSet<NameUse>,
}

impl<'m> Reader<'m> {
    /// Only knows the functions of a migration, which runs elsewhere.
    pub(super) fn define(&mut self, migration: &'m Migration) {
        for (statement, text) in migration.statements(MigrationFile::Up).enumerate() {
            let source = Source {
                migration,
                statement,
            };
            if kind(Piece(&significant(text))) == Kind::Function {
                self.keep(Run::of(source), text);
            }
        }
    }

    /// Reads what runs of a migration.
    pub(super) fn run(&mut self, migration: &'m Migration) {
        for (statement, text) in migration.statements(MigrationFile::Up).enumerate() {
            let source = Source {
                migration,
                statement,
            };
            self.statement(Run::of(source), text, &mut Variables::new());
        }
    }

    /// The uses that were found.
    pub(super) fn uses(self) -> Vec<NameUse> {
        self.uses.into_iter().collect()
    }

    fn statement(&mut self, run: Run<'m>, text: &str, variables: &mut Variables) {
        if run.depth > DEPTH {
            return;
        }
        let tokens = significant(text);
        let piece = Piece(&tokens);
        match kind(piece) {
            Kind::Function => self.keep(run, text),
            Kind::Trigger => self.triggers.extend(trigger(piece)),
            Kind::Query(at) => {
                let run = Run {
                    discards: false,
                    ..run
                };
                let query = tokens.get(at..).unwrap_or_default();
                self.segment(run, Piece(query), variables, Some(NamePurpose::Row));
            }
            Kind::Table(table) => self.hold(run, piece, &table),
            Kind::Block => {
                let bodies = tokens.iter().filter(|it| is_text(it));
                for body in bodies {
                    let inside = run.inside(body);
                    self.block(inside, &inner(body), &mut variables.clone());
                }
            }
            Kind::Definition => {}
            Kind::Run => self.segment(run, piece, variables, None),
        }
    }

    /// The statements of a block or of a function, one after the other.
    fn block(&mut self, run: Run<'m>, text: &str, variables: &mut Variables) {
        let tokens = significant(text);
        for segment in segments(&tokens) {
            let (Some(first), Some(last)) = (segment.first(), segment.last()) else {
                continue;
            };
            if let Some(target) = path_target(Piece(segment)) {
                variables.insert(target, Form::Name);
            } else if kind(Piece(segment)) == Kind::Run {
                self.segment(run, Piece(segment), variables, None);
            } else {
                let here = Run {
                    at: run.at + first.start,
                    ..run
                };
                let text = text.get(first.start..last.range().end).unwrap_or_default();
                self.statement(here, text, variables);
            }
        }
    }

    /// One statement that runs, or a part of one.
    fn segment(
        &mut self,
        run: Run<'m>,
        piece: Piece<'_>,
        variables: &mut Variables,
        purpose: Option<NamePurpose>,
    ) {
        let names = self.names.clone();
        let around = Around {
            piece,
            functions: &names,
            discards: run.discards,
        };
        let mut called = Vec::new();
        for read in reads(piece, variables) {
            let at = piece.get(read.place.start).map_or(0, |it| it.start);
            match around.goes(&read) {
                Goes::Nowhere => {}
                Goes::Used(found) => {
                    let used = run.source.used(run.at + at, purpose.unwrap_or(found));
                    self.uses.insert(used);
                }
                Goes::Into(targets, form) => {
                    variables.extend(targets.into_iter().map(|it| (it, form)));
                }
                Goes::Argument(function, position, form) => called.push((function, position, form)),
            }
        }
        let fields = fields(piece, variables).into_iter();
        variables.extend(fields.map(|field| (field, Form::Name)));
        self.calls(run, piece, &called);
        self.writes(run, piece);
        if piece.first() == "execute" {
            let texts = piece.0.iter().filter(|it| is_text(it));
            for text in texts.cloned().collect::<Vec<_>>() {
                self.dynamic(run, piece, &text, variables);
            }
        }
    }

    /// A text that `EXECUTE` runs, or a part of it.
    fn dynamic(
        &mut self,
        run: Run<'m>,
        piece: Piece<'_>,
        text: &Token<'_>,
        variables: &mut Variables,
    ) {
        let inside = inner(text);
        let words = sql_text::words(&inside).map(|(word, _)| word);
        if words.take(2).eq(["show", "search_path"]) {
            let into = piece.word_from(0, "into");
            let target = into.and_then(|into| piece.name(into + 1));
            variables.extend(target.map(|target| (target, Form::Name)));
            return;
        }
        let run = Run {
            discards: piece.word_from(0, "into").is_none(),
            ..run.inside(text)
        };
        let tokens = significant(&inside);
        for statement in tokens.split(|token| token.text == ";") {
            let (Some(first), Some(last)) = (statement.first(), statement.last()) else {
                continue;
            };
            let here = Run {
                at: run.at + first.start,
                ..run
            };
            let text = inside.get(first.start..last.range().end);
            self.statement(here, text.unwrap_or_default(), &mut Variables::new());
        }
    }

    /// The functions that a piece calls, of which some get the name.
    fn calls(&mut self, run: Run<'m>, piece: Piece<'_>, with: &[(String, usize, Form)]) {
        for at in 0..piece.0.len() {
            let is_target = piece.word_before(at, "into") || piece.word_before(at, "update");
            if !piece.is_symbol(at + 1, '(') || is_target {
                continue;
            }
            if let Some(name) = piece.name(at).filter(|name| self.names.contains(name)) {
                let with = with.iter().filter(|(function, _, _)| *function == name);
                let with = with.map(|(_, position, form)| (*position, *form));
                self.visit(&name, &with.collect::<Vec<_>>(), run.depth);
            }
        }
    }

    fn visit(&mut self, name: &str, with: &[(usize, Form)], depth: usize) {
        for function in self.functions.get(name).cloned().unwrap_or_default() {
            let mut variables = Variables::new();
            for (position, form) in with {
                variables.insert(format!("${position}"), *form);
                let parameter = function.parameters.get(position - 1);
                variables.extend(parameter.map(|it| (it.clone(), *form)));
            }
            let by_default = function.by_default.iter();
            variables.extend(by_default.map(|it| (it.clone(), Form::Name)));
            let known = variables.keys().cloned().collect();
            if depth > DEPTH || !self.visited.insert((name.to_owned(), known)) {
                continue;
            }
            let run = Run {
                source: function.source,
                at: function.at,
                discards: false,
                depth: depth + 1,
            };
            self.block(run, &function.body, &mut variables);
        }
    }

    /// The table that a piece writes into: what waits for that happens.
    fn writes(&mut self, run: Run<'m>, piece: Piece<'_>) {
        for at in 0..piece.0.len() {
            let is_target = piece.is_word(at, "into")
                && (piece.word_before(at, "insert") || piece.word_before(at, "merge"))
                || piece.is_word(at, "update") && !piece.word_before(at, "do")
                || piece.is_word(at, "from") && piece.word_before(at, "delete");
            if !is_target {
                continue;
            }
            let at = if piece.is_word(at + 1, "only") {
                at + 2
            } else {
                at + 1
            };
            let Some(table) = last_name(piece, at) else {
                continue;
            };
            self.written.insert(table.clone());
            let held = self.held.iter().filter(|(of, _)| *of == table);
            let held = held.map(|(_, used)| used.clone()).collect::<Vec<_>>();
            self.uses.extend(held);
            let triggers = self.triggers.iter().filter(|(of, _)| *of == table);
            let functions = triggers.map(|(_, function)| function.clone());
            for function in functions.collect::<Vec<_>>() {
                self.visit(&function, &[], run.depth);
            }
        }
    }

    /// The defaults of a table, and what is computed from its rows. The trial runs see the
    /// name in a row if a default is that and nothing else.
    fn hold(&mut self, run: Run<'m>, piece: Piece<'_>, table: &str) {
        for read in reads(piece, &Variables::new()) {
            let (start, end) = (read.place.start, read.place.end);
            let is_bare = piece.word_before(start, "default")
                && (piece.get(end).is_none()
                    || [',', ')', ':'].iter().any(|it| piece.is_symbol(end, *it))
                    || piece.is_word(end, "not"));
            if is_bare || in_check(piece, start) {
                continue;
            }
            let at = piece.get(start).map_or(0, |it| it.start);
            let used = run.source.used(run.at + at, NamePurpose::Row);
            if self.written.contains(table) {
                self.uses.insert(used);
            } else {
                self.held.push((table.to_owned(), used));
            }
        }
    }

    /// Keeps what a function does, for those who call it.
    fn keep(&mut self, run: Run<'m>, text: &str) {
        let tokens = significant(text);
        let piece = Piece(&tokens);
        let Some(open) = (0..tokens.len()).find(|at| piece.is_symbol(*at, '(')) else {
            return;
        };
        let (Some(name), Some(close)) = (
            open.checked_sub(1).and_then(|at| piece.name(at)),
            piece.closing(open),
        ) else {
            return;
        };
        let arguments = arguments(piece, open, close);
        let rest = tokens.get(close..).unwrap_or_default();
        let (at, body) = match rest.iter().find(|it| is_text(it)) {
            Some(body) => (run.inside(body).at, inner(body)),
            None => {
                let begins = |it: &&Token<'_>| it.is_word("begin") || it.is_word("return");
                let at = rest.iter().find(begins).map_or(text.len(), |it| it.start);
                (run.at + at, text.get(at..).unwrap_or_default().to_owned())
            }
        };
        let by_default = arguments.iter().filter(|it| it.1).map(|it| it.0.clone());
        let function = Function {
            source: run.source,
            at,
            body,
            by_default: by_default.collect(),
            parameters: arguments.iter().map(|it| it.0.clone()).collect(),
        };
        self.names.insert(name.clone());
        self.functions.entry(name).or_default().push(function);
    }
}

impl<'m> Run<'m> {
    fn of(source: Source<'m>) -> Self {
        Self {
            source,
            at: 0,
            discards: true,
            depth: 0,
        }
    }

    /// The same in a text of it.
    fn inside(self, text: &Token<'_>) -> Self {
        let mark = match text.kind {
            TokenKind::Text(Text::Dollar) => {
                text.text.split_inclusive('$').take(2).map(str::len).sum()
            }
            _ => text.text.find('\'').map_or(0, |at| at + 1),
        };
        Self {
            at: self.at + text.start + mark,
            depth: self.depth + 1,
            ..self
        }
    }
}

/// The variable that `SHOW search_path INTO` sets.
fn path_target(piece: Piece<'_>) -> Option<String> {
    let is_shown = piece.first() == "show" && piece.is_word(1, "search_path");
    let into = piece.word_from(2, "into").filter(|_| is_shown)?;
    piece.name(into + 1 + usize::from(piece.is_word(into + 1, "strict")))
}

fn is_text(token: &Token<'_>) -> bool {
    matches!(token.kind, TokenKind::Text(how) if how != Text::Bits)
}

fn inner(token: &Token<'_>) -> String {
    match token.kind {
        TokenKind::Text(how) => content(token, how),
        _ => String::new(),
    }
}
