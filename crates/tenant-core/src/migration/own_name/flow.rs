//! Where the schema's name goes that a piece of SQL reads.

use std::collections::BTreeSet;

use super::NamePurpose;
use super::compared::STATEMENTS;
use super::ends::{operand_end, operand_start, target, variables_at};
use super::operands::Piece;
use super::reads::Read;
use super::template::{Form, Template, parts};

/// Functions that find an object, a column or a right by what they are called with.
const LOOKUPS: [&str; 20] = [
    "to_regclass",
    "to_regnamespace",
    "to_regtype",
    "to_regproc",
    "to_regprocedure",
    "nextval",
    "setval",
    "currval",
    "pg_get_serial_sequence",
    "has_schema_privilege",
    "has_table_privilege",
    "has_any_column_privilege",
    "has_column_privilege",
    "has_sequence_privilege",
    "has_function_privilege",
    "has_type_privilege",
    "pg_total_relation_size",
    "pg_relation_size",
    "parse_ident",
    "pg_table_is_visible",
];

/// How many steps a value is followed.
const STEPS: usize = 24;

/// Where a name goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Goes {
    /// It finds objects, and leaves nothing.
    Nowhere,
    Used(NamePurpose),
    /// Into these variables.
    Into(Vec<String>, Form),
    /// To a function of the migrations, as the argument of this number, from 1.
    Argument(String, usize, Form),
}

/// A piece with what is known around it.
pub(super) struct Around<'a> {
    pub(super) piece: Piece<'a>,
    /// The functions that the migrations create.
    pub(super) functions: &'a BTreeSet<String>,
    /// Whether the result of a query is discarded.
    pub(super) discards: bool,
}

/// A value that has the name in it, and its tokens.
#[derive(Clone, Copy)]
pub(super) struct Value {
    pub(super) start: usize,
    pub(super) end: usize,
    form: Form,
    is_literal: bool,
}

/// What is done with a value.
pub(super) enum Step {
    To(Value),
    End(Goes),
}

impl Around<'_> {
    /// Where what is read goes.
    pub(super) fn goes(&self, read: &Read) -> Goes {
        let is_message = self.piece.first() == "raise";
        if is_message || self.sets_path_at(read.place.start) {
            return Goes::Nowhere;
        }
        if read.is_test {
            return Goes::Used(NamePurpose::Condition);
        }
        let mut value = Value {
            start: read.place.start,
            end: read.place.end,
            form: read.form,
            is_literal: false,
        };
        for _ in 0..STEPS {
            let step = self
                .cast(value)
                .or_else(|| self.joined(value))
                .or_else(|| self.compared(value))
                .or_else(|| self.in_parentheses(value))
                .or_else(|| self.as_argument(value));
            match step {
                Some(Step::To(next)) => value = next,
                Some(Step::End(goes)) => return goes,
                None => break,
            }
        }
        self.at_the_end(value)
    }

    /// Whether `set_config` sets the path to a value that a place is part of.
    fn sets_path_at(&self, at: usize) -> bool {
        let piece = self.piece;
        let mut opens = std::iter::successors(piece.open_at(at), |open| piece.open_at(*open));
        opens.any(|open| {
            let name = piece.text(open + 1);
            piece.word_before(open, "set_config")
                && name.is_some_and(|name| name.eq_ignore_ascii_case("search_path"))
        })
    }

    fn used(&self) -> Goes {
        Goes::Used(match self.piece.first().as_str() {
            "if" | "elsif" | "elseif" | "while" | "case" | "when" | "assert" | "exit" => {
                NamePurpose::Condition
            }
            "insert" | "update" | "merge" | "delete" => NamePurpose::Row,
            "execute" => NamePurpose::Statement,
            _ => NamePurpose::Expression,
        })
    }

    fn cast(&self, value: Value) -> Option<Step> {
        let piece = self.piece;
        if piece.is_symbol(value.end, '[') {
            let end = piece.closing(value.end)? + 1;
            return Some(Step::To(Value { end, ..value }));
        }
        if !piece.is_twice(value.end, ':') {
            return None;
        }
        let mut at = value.end + 2;
        if piece.is_symbol(at + 1, '.') {
            at += 2;
        }
        let kind = piece.name(at)?;
        if kind == "regnamespace" && piece.is_twice(at + 1, ':') && !piece.is_word(at + 3, "oid") {
            return Some(Step::To(Value {
                end: at + 1,
                ..value
            }));
        }
        if kind.starts_with("reg") {
            return Some(Step::End(Goes::Nowhere));
        }
        let end = if piece.is_symbol(at + 1, '(') || piece.is_symbol(at + 1, '[') {
            piece.closing(at + 1)? + 1
        } else {
            at + 1
        };
        Some(Step::To(Value { end, ..value }))
    }

    /// In a text that `||` puts together.
    fn joined(&self, value: Value) -> Option<Step> {
        let piece = self.piece;
        if !piece.is_twice(value.end, '|') && !piece.twice_before(value.start, '|') {
            return None;
        }
        let (mut start, mut end) = (value.start, value.end);
        let mut before = Vec::new();
        while piece.twice_before(start, '|') {
            let from = operand_start(piece, start - 2)?;
            before.push((from, start - 2));
            start = from;
        }
        let mut template = Template::default();
        let add = |template: &mut Template, (from, to): (usize, usize)| match piece
            .text(from)
            .filter(|_| to == from + 1)
        {
            Some(text) => template.text(&text),
            None => template.other(),
        };
        before.iter().rev().for_each(|it| add(&mut template, *it));
        template.name(value.form, value.is_literal);
        while piece.is_twice(end, '|') {
            let to = operand_end(piece, end + 2)?;
            add(&mut template, (end + 2, to));
            end = to;
        }
        Some(self.put_together(&template, (start, end)))
    }

    fn put_together(&self, template: &Template, (start, end): (usize, usize)) -> Step {
        match template.form() {
            None => Step::End(match self.used() {
                Goes::Used(NamePurpose::Expression) => Goes::Used(NamePurpose::Statement),
                used => used,
            }),
            Some(form) => Step::To(Value {
                start,
                end,
                form,
                is_literal: false,
            }),
        }
    }

    fn in_parentheses(&self, value: Value) -> Option<Step> {
        let piece = self.piece;
        let to = |start: usize, end: usize| {
            Some(Step::To(Value {
                start,
                end,
                ..value
            }))
        };
        let is_query = piece.word_before(value.start, "select");
        let begin = if is_query {
            value.start - 1
        } else {
            value.start
        };
        let open = begin
            .checked_sub(1)
            .filter(|at| piece.is_symbol(*at, '('))?;
        if piece.is_word(value.end, "as") {
            let is_cast = piece.word_before(open, "cast") || piece.word_before(open, "try_cast");
            let close = piece.closing(open).filter(|_| is_cast)?;
            let kind = piece.name(value.end + 1)?;
            if kind.starts_with("reg") {
                return Some(Step::End(Goes::Nowhere));
            }
            return to(open - 1, close + 1);
        }
        if is_query && piece.is_word(value.end, "from") {
            let is_called = open.checked_sub(1).and_then(|at| piece.name(at));
            let is_called = is_called.is_some_and(|name| self.functions.contains(&name));
            return (!is_called)
                .then(|| to(open, piece.closing(open)? + 1))
                .flatten();
        }
        if !piece.is_symbol(value.end, ')') {
            return None;
        }
        let end = value.end + 1;
        let Some(function) = open.checked_sub(1).and_then(|at| piece.name(at)) else {
            return to(open, end);
        };
        match function.as_str() {
            "any" | "all" | "some" => to(open - 1, end),
            "in" => Some(Step::End(self.in_list(open))),
            "and" | "or" | "not" | "if" | "elsif" | "while" | "when" | "case" | "where" | "on"
            | "by" | "then" | "else" | "select" | "perform" | "return" | "execute" | "distinct"
            | "as" | "default" => to(open, end),
            _ if is_query => to(open, end),
            _ => None,
        }
    }

    /// As an argument of a function.
    fn as_argument(&self, value: Value) -> Option<Step> {
        let piece = self.piece;
        let open = piece.open_at(value.start)?;
        let close = piece.closing(open)?;
        if piece.symbol_before(open, '=') && self.finds(piece.column_before(open - 1)) {
            return Some(Step::End(Goes::Nowhere));
        }
        let function = piece.name(open.checked_sub(1)?)?;
        let commas = piece.symbols((open + 1, close), ',');
        let starts = std::iter::once(open).chain(commas.iter().copied());
        let starts = starts.map(|at| at + 1).collect::<Vec<_>>();
        let position = starts.iter().position(|at| *at == value.start)?;
        let end = commas.get(position).copied().unwrap_or(close);
        if end != value.end {
            return None;
        }
        let start = match (open - 1).checked_sub(2) {
            Some(at) if piece.is_word(at, "pg_catalog") && piece.is_symbol(at + 1, '.') => at,
            _ => open - 1,
        };
        let call = (start, close + 1);
        let whole = |is_literal: bool| {
            Some(Step::To(Value {
                start: call.0,
                end: call.1,
                is_literal,
                ..value
            }))
        };
        let first = piece.text(open + 1);
        match function.as_str() {
            "quote_ident" => whole(false),
            "quote_literal" | "quote_nullable" => whole(true),
            "coalesce" | "nullif" | "array_to_string" | "unnest" => whole(value.is_literal),
            "format" => Some(self.formatted(value, position, &first?, call)),
            "concat" | "concat_ws" => {
                let between = first.filter(|_| function == "concat_ws");
                Some(self.concatenated(value, (&starts, close), between.as_deref(), call))
            }
            // A lock lasts no longer than the run.
            "hashtext" | "hashtextextended" if self.locks(open) => Some(Step::End(Goes::Nowhere)),
            "in" => Some(Step::End(self.in_list(open))),
            name if LOOKUPS.contains(&name) => Some(Step::End(Goes::Nowhere)),
            name if self.functions.contains(name) => {
                let goes = Goes::Argument(function, position + 1, value.form);
                Some(Step::End(goes))
            }
            _ => Some(Step::End(self.used())),
        }
    }

    /// In the list behind `IN`, which opens here.
    fn in_list(&self, open: usize) -> Goes {
        let before = if self.piece.word_before(open - 1, "not") {
            open - 2
        } else {
            open - 1
        };
        if self.finds(self.piece.column_before(before)) {
            Goes::Nowhere
        } else {
            Goes::Used(NamePurpose::Condition)
        }
    }

    /// Whether an advisory lock is taken with what a function gives that is called with the
    /// parenthesis at `open`.
    fn locks(&self, open: usize) -> bool {
        let outer = self.piece.open_at(open);
        let name = outer.and_then(|outer| self.piece.name(outer.checked_sub(1)?));
        name.is_some_and(|name| name.contains("advisory"))
    }

    fn formatted(&self, value: Value, position: usize, format: &str, call: (usize, usize)) -> Step {
        let (parts, rest) = parts(format);
        let mut template = Template::default();
        for part in parts {
            template.text(&part.before);
            if part.argument == position {
                template.name(value.form, value.is_literal || part.kind == 'L');
            } else {
                template.other();
            }
        }
        template.text(&rest);
        self.put_together(&template, call)
    }

    fn concatenated(
        &self,
        value: Value,
        (starts, close): (&[usize], usize),
        between: Option<&str>,
        call: (usize, usize),
    ) -> Step {
        let mut template = Template::default();
        let skipped = usize::from(between.is_some());
        for (number, start) in starts.iter().enumerate().skip(skipped) {
            if number > skipped {
                template.text(between.unwrap_or_default());
            }
            let end = starts.get(number + 1).map_or(close, |next| next - 1);
            match self.piece.text(*start).filter(|_| end == start + 1) {
                _ if *start == value.start => template.name(value.form, value.is_literal),
                Some(text) => template.text(&text),
                None => template.other(),
            }
        }
        self.put_together(&template, call)
    }

    /// Where a value goes that is in nothing larger.
    fn at_the_end(&self, value: Value) -> Goes {
        let piece = self.piece;
        let first = piece.first();
        let Value {
            start, end, form, ..
        } = value;
        let is_set = piece.symbol_before(start, '=') && piece.symbol_before(start - 1, ':')
            || piece.word_before(start, "default")
            || piece.symbol_before(start, '=') && self.is_variable_set(start - 1);
        if is_set && !STATEMENTS.contains(&first.as_str()) {
            return Goes::Into(vec![target(piece)], form);
        }
        if first == "execute" {
            return self.executed(value);
        }
        let is_item = piece.word_before(start, "select")
            || piece.word_before(start, "perform")
            || start >= 2 && piece.is_word(start - 2, "into") && first != "insert"
            || piece.symbol_before(start, ',') && piece.open_at(start).is_none();
        let from = piece.word_from(0, "from").unwrap_or(piece.0.len());
        if is_item && start < from {
            if first == "for" {
                let record = piece.name(1).unwrap_or_default();
                let at = if piece.is_word(end, "as") {
                    end + 1
                } else {
                    end
                };
                let field = piece.name(at).filter(|_| at < from && at > end);
                let field = field.or_else(|| piece.name(end - 1));
                let names = [format!("{record}.{}", field.unwrap_or_default()), record];
                return Goes::Into(names.to_vec(), form);
            }
            let into = piece.word_from(0, "into").filter(|_| first != "insert");
            if let Some(into) = into {
                return Goes::Into(variables_at(piece, into + 1), form);
            }
            let is_query = ["select", "with", "perform"].contains(&first.as_str());
            if is_query && (self.discards || first == "perform") {
                return Goes::Nowhere;
            }
        }
        self.used()
    }

    fn executed(&self, value: Value) -> Goes {
        let piece = self.piece;
        let using = piece.word_from(0, "using");
        match using.filter(|using| *using < value.start) {
            None if value.form == Form::Qualifier => Goes::Nowhere,
            None => self.used(),
            Some(using) => {
                let number = piece.symbols((using + 1, value.start), ',').len() + 1;
                let parameter = format!("${number}");
                let texts = (1..using).filter_map(|at| piece.text(at));
                let text = texts.collect::<String>();
                let mut template = Template::default();
                for (place, part) in text.split(&parameter).enumerate() {
                    if place > 0 {
                        template.name(Form::Name, true);
                    }
                    template.text(part);
                }
                match template.form() {
                    Some(Form::Qualifier) => Goes::Nowhere,
                    _ => self.used(),
                }
            }
        }
    }
}
