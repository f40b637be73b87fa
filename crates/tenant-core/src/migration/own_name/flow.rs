//! Where the schema's name goes that a piece of SQL reads.

use std::collections::BTreeSet;

use super::NamePurpose;
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

/// Schemas that are no tenant's: the answer to whether it is one of these is the same in every
/// tenant.
const SHARED: [&str; 3] = ["public", "pg_catalog", "information_schema"];

/// The first words of statements that are no variables.
const STATEMENTS: [&str; 23] = [
    "select", "with", "insert", "update", "delete", "merge", "values", "call", "perform",
    "execute", "if", "elsif", "elseif", "while", "for", "foreach", "return", "raise", "case",
    "when", "assert", "exit", "create",
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
    /// Whether the result of a query is given to nobody.
    pub(super) discards: bool,
}

/// A value that has the name in it, and its tokens.
#[derive(Clone, Copy)]
struct Value {
    start: usize,
    end: usize,
    form: Form,
    is_literal: bool,
}

enum Step {
    To(Value),
    End(Goes),
}

impl Around<'_> {
    /// Where what is read goes.
    pub(super) fn goes(&self, read: &Read) -> Goes {
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

    fn compared(&self, value: Value) -> Option<Step> {
        let piece = self.piece;
        let end = |is_lookup: bool| {
            let goes = if is_lookup {
                Goes::Nowhere
            } else {
                Goes::Used(NamePurpose::Condition)
            };
            Some(Step::End(goes))
        };
        let is_operator = |at: usize| {
            ['=', '<', '>', '!']
                .iter()
                .any(|symbol| piece.is_symbol(at, *symbol))
        };
        let mut before = value.start;
        while before.checked_sub(1).is_some_and(is_operator) {
            before -= 1;
        }
        let is_assigned = piece.symbol_before(before, ':') || self.is_variable_set(before);
        if before < value.start && !is_assigned {
            return end(self.finds(piece.column_before(before)) || self.is_shared(before - 1));
        }
        if piece.word_before(value.start, "from")
            && value
                .start
                .checked_sub(2)
                .is_some_and(|at| piece.is_word(at, "distinct"))
        {
            let is = (0..value.start).rev().find(|at| piece.is_word(*at, "is"))?;
            return end(self.finds(piece.column_before(is)));
        }
        let mut after = value.end;
        while is_operator(after) {
            after += 1;
        }
        if after > value.end {
            return end(self.finds(piece.column_at(after)) || self.is_shared(after));
        }
        if piece.is_word(after, "is") {
            let at = if piece.is_word(after + 1, "not") {
                after + 2
            } else {
                after + 1
            };
            if piece.is_word(at, "null") {
                return end(true);
            }
            return end(self.finds(piece.column_at(at + 2)) || self.is_shared(at + 2));
        }
        let at = if piece.is_word(after, "not") {
            after + 1
        } else {
            after
        };
        if piece.is_word(at, "in") && piece.is_symbol(at + 1, '(') {
            let close = piece.closing(at + 1)?;
            let mut values = (at + 2..close).filter(|at| !piece.is_symbol(*at, ','));
            return end(values.all(|at| self.is_shared(at)));
        }
        None
    }

    fn finds(&self, is_column: bool) -> bool {
        is_column && self.piece.asks_catalogs()
    }

    fn is_shared(&self, at: usize) -> bool {
        let text = self.piece.text(at);
        text.is_some_and(|text| SHARED.contains(&text.as_str()))
    }

    /// Whether a variable is set by a single `=` at this place.
    fn is_variable_set(&self, at: usize) -> bool {
        at == 1 && !STATEMENTS.contains(&self.piece.first().as_str())
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
        if !piece.is_symbol(value.end, ')') {
            return None;
        }
        let end = value.end + 1;
        let Some(function) = open.checked_sub(1).and_then(|at| piece.name(at)) else {
            return to(open, end);
        };
        match function.as_str() {
            "any" | "all" | "some" => to(open - 1, end),
            "in" => {
                let before = if piece.word_before(open - 1, "not") {
                    open - 2
                } else {
                    open - 1
                };
                Some(Step::End(if self.finds(piece.column_before(before)) {
                    Goes::Nowhere
                } else {
                    Goes::Used(NamePurpose::Condition)
                }))
            }
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
            "set_config" if first.is_some_and(|it| it.eq_ignore_ascii_case("search_path")) => {
                Some(Step::End(Goes::Nowhere))
            }
            name if LOOKUPS.contains(&name) => Some(Step::End(Goes::Nowhere)),
            name if self.functions.contains(name) => {
                let goes = Goes::Argument(function, position + 1, value.form);
                Some(Step::End(goes))
            }
            _ => Some(Step::End(self.used())),
        }
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
        if first == "raise" {
            return Goes::Nowhere;
        }
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

/// The variable that a declaration or an assignment sets.
fn target(piece: Piece<'_>) -> String {
    let name = piece.name(0).unwrap_or_default();
    match piece.name(2).filter(|_| piece.is_symbol(1, '.')) {
        Some(field) => format!("{name}.{field}"),
        None => name,
    }
}

/// The names of a list.
fn variables_at(piece: Piece<'_>, at: usize) -> Vec<String> {
    let mut at = if piece.is_word(at, "strict") {
        at + 1
    } else {
        at
    };
    let mut names = Vec::new();
    while let Some(name) = piece.name(at) {
        names.push(name);
        if !piece.is_symbol(at + 1, ',') {
            break;
        }
        at += 2;
    }
    names
}

/// Where the operand begins that ends before `end`.
fn operand_start(piece: Piece<'_>, end: usize) -> Option<usize> {
    let mut at = end.checked_sub(1)?;
    if piece.is_symbol(at, ')') || piece.is_symbol(at, ']') {
        at = piece.open_at(at)?;
        let before = at.checked_sub(1);
        if let Some(before) = before.filter(|at| piece.get(*at).is_some_and(|it| it.is_name())) {
            at = before;
        }
    }
    while at >= 2 && (piece.symbol_before(at, '.') || piece.twice_before(at, ':')) {
        let width = if piece.symbol_before(at, '.') { 1 } else { 2 };
        at = operand_start(piece, at - width)?;
    }
    Some(at)
}

/// Where the operand ends that begins at `start`.
fn operand_end(piece: Piece<'_>, start: usize) -> Option<usize> {
    piece.get(start)?;
    let mut at = if piece.is_symbol(start, '(') {
        piece.closing(start)? + 1
    } else {
        start + 1
    };
    loop {
        if piece.is_symbol(at, '(') || piece.is_symbol(at, '[') {
            at = piece.closing(at)? + 1;
        } else if piece.is_symbol(at, '.') {
            at += 2;
        } else if piece.is_twice(at, ':') {
            at += 3;
        } else {
            return Some(at);
        }
    }
}
