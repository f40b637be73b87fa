//! The answers of the user about a change.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::model::Schema;

/// The answers to the [`Question`](crate::Question)s of a change. Tables and columns
/// have their names from the edited `schema.rs`.
#[derive(Debug, Clone)]
pub struct Answers {
    /// Renamed tables and columns.
    pub renames: Vec<Rename>,
    /// The value for rows without one: an SQL expression per column. For a new column it
    /// becomes the default.
    pub defaults: BTreeMap<(String, String), String>,
    /// The conversion of a column to its new type: an SQL expression in which the column
    /// has its old value.
    pub conversions: BTreeMap<(String, String), String>,
    /// The definition of a new type, after `CREATE TYPE name AS`.
    pub types: BTreeMap<String, String>,
    /// Whether every table and column that the file does not have may be dropped with its
    /// data.
    pub allow_drop: bool,
    /// Tables and columns that may be dropped even if `allow_drop` is false.
    pub drops: BTreeSet<(String, Option<String>)>,
    /// Whether a key named `id` gets automatic values: identity for integers,
    /// `gen_random_uuid()` for a UUID.
    pub identity: bool,
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            renames: Vec::new(),
            defaults: BTreeMap::new(),
            conversions: BTreeMap::new(),
            types: BTreeMap::new(),
            allow_drop: false,
            drops: BTreeSet::new(),
            identity: true,
        }
    }
}

/// A new name for a table or a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rename {
    /// `OLD:NEW`
    Table {
        /// What it was called.
        old: String,
        /// What it is called in the file.
        new: String,
    },
    /// `TABLE.OLD:NEW`
    Column {
        /// The table, by the name it has in the file.
        table: String,
        /// What it was called.
        old: String,
        /// What it is called in the file.
        new: String,
    },
}

/// An answer that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("invalid answer `{given}`: expected the form {form}")]
pub struct AnswerError {
    given: String,
    form: &'static str,
}

impl Answers {
    /// Adds `OLD:NEW` for a table, or `TABLE.OLD:NEW` for a column. The last
    /// colon counts, and the first dot before it.
    ///
    /// # Errors
    ///
    /// [`AnswerError`] when it has another form.
    pub fn add_rename(&mut self, text: &str) -> Result<(), AnswerError> {
        let form = "TABLE.OLD:NEW (a column) or OLD:NEW (a table)";
        let (old, new) = split(text, text.rsplit_once(':'), form)?;
        let rename = match old.split_once('.') {
            Some((table, old)) if !table.is_empty() && !old.is_empty() => Rename::Column {
                table: table.to_owned(),
                old: old.to_owned(),
                new: new.to_owned(),
            },
            Some(_) => return Err(AnswerError::new(text, form)),
            None => Rename::Table {
                old: old.to_owned(),
                new: new.to_owned(),
            },
        };
        self.renames.push(rename);
        Ok(())
    }

    /// Adds `TABLE.COLUMN=EXPRESSION`: see [`Answers::defaults`].
    ///
    /// # Errors
    ///
    /// [`AnswerError`] when it has another form.
    pub fn add_default(&mut self, text: &str) -> Result<(), AnswerError> {
        let (column, expression) = column_expression(text)?;
        self.defaults.insert(column, expression);
        Ok(())
    }

    /// Adds `TABLE.COLUMN=EXPRESSION`: see [`Answers::conversions`].
    ///
    /// # Errors
    ///
    /// [`AnswerError`] when it has another form.
    pub fn add_conversion(&mut self, text: &str) -> Result<(), AnswerError> {
        let (column, expression) = column_expression(text)?;
        self.conversions.insert(column, expression);
        Ok(())
    }

    /// Adds `NAME=DEFINITION`: what follows `CREATE TYPE NAME AS`.
    ///
    /// # Errors
    ///
    /// [`AnswerError`] when it has another form.
    pub fn add_type(&mut self, text: &str) -> Result<(), AnswerError> {
        let form = "NAME=DEFINITION, such as mood=\"ENUM ('good', 'bad')\"";
        let (name, definition) = split(text, text.split_once('='), form)?;
        self.types.insert(name.to_owned(), definition.to_owned());
        Ok(())
    }

    /// Adds `NAME=LABEL,LABEL`: an enum with these labels, in this order.
    ///
    /// # Errors
    ///
    /// [`AnswerError`] when it has another form.
    pub fn add_enum(&mut self, text: &str) -> Result<(), AnswerError> {
        let form = "NAME=LABEL,LABEL,..., such as mood=good,bad";
        let (name, labels) = split(text, text.split_once('='), form)?;
        let labels = labels.split(',').map(str::trim);
        let labels = labels.map(sql_text::literal).collect::<Vec<_>>();
        let definition = format!("ENUM ({})", labels.join(", "));
        self.types.insert(name.to_owned(), definition);
        Ok(())
    }

    /// The answers that concern `file`, and the answers that concern none of `others`: those must
    /// be reported as unused.
    #[must_use]
    pub fn about(&self, file: &Schema, others: &[&Schema]) -> Self {
        let concerns = |knows: &dyn Fn(&Schema) -> bool| {
            knows(file) || !others.iter().any(|other| knows(other))
        };
        let column = |table: &str, column: &str| {
            concerns(&|file| {
                let found = file.table(table);
                found.is_some_and(|table| table.column(column).is_some())
            })
        };
        let mut answers = self.clone();
        answers.renames.retain(|rename| match rename {
            Rename::Table { new, .. } => concerns(&|file| file.table(new).is_some()),
            Rename::Column { table, new, .. } => column(table, new),
        });
        answers
            .defaults
            .retain(|(table, name), _| column(table, name));
        answers
            .conversions
            .retain(|(table, name), _| column(table, name));
        answers.types.retain(|name, _| {
            concerns(&|file| file.types.iter().any(|ty| ty.own && ty.name == *name))
        });
        answers
    }

    /// What rows without a value in the column are given.
    pub(crate) fn filling(&self, table: &str, column: &str) -> Option<&str> {
        let key = (table.to_owned(), column.to_owned());
        self.defaults.get(&key).map(String::as_str)
    }

    pub(crate) fn conversion(&self, table: &str, column: &str) -> Option<&str> {
        let key = (table.to_owned(), column.to_owned());
        self.conversions.get(&key).map(String::as_str)
    }

    /// Whether the table, or the column of it, may be dropped.
    pub(crate) fn may_drop(&self, table: &str, column: Option<&str>) -> bool {
        let key = (table.to_owned(), column.map(str::to_owned));
        self.allow_drop || self.drops.contains(&key)
    }
}

impl AnswerError {
    fn new(given: &str, form: &'static str) -> Self {
        Self {
            given: given.to_owned(),
            form,
        }
    }
}

fn column_expression(text: &str) -> Result<((String, String), String), AnswerError> {
    let form = "TABLE.COLUMN=EXPRESSION";
    let (place, expression) = split(text, text.split_once('='), form)?;
    let (table, column) = split(text, place.split_once('.'), form)?;
    if is_more_than_an_expression(expression) {
        return Err(AnswerError::new(
            text,
            "TABLE.COLUMN=EXPRESSION, without comments and semicolons",
        ));
    }
    Ok(((table.to_owned(), column.to_owned()), expression.to_owned()))
}

/// Whether the text, put into a statement, could change what stands behind it.
fn is_more_than_an_expression(text: &str) -> bool {
    let mut quote = None;
    let mut previous = ' ';
    for c in text.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, ';') => return true,
            (None, '-') if previous == '-' => return true,
            (None, '*') if previous == '/' => return true,
            (None, _) => {}
        }
        previous = c;
    }
    quote.is_some()
}

/// The two parts of `text`, both of which have to be there.
fn split<'a>(
    text: &str,
    parts: Option<(&'a str, &'a str)>,
    form: &'static str,
) -> Result<(&'a str, &'a str), AnswerError> {
    let parts = parts.map(|(one, other)| (one.trim(), other.trim()));
    let whole = parts.filter(|(one, other)| !one.is_empty() && !other.is_empty());
    whole.ok_or_else(|| AnswerError::new(text, form))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_from_text() {
        let mut answers = Answers::default();
        answers.add_rename("users:accounts").unwrap();
        answers.add_rename("tasks.name:title").unwrap();
        answers.add_default("tasks.state='a=b.c:d'").unwrap();
        answers.add_enum("mood=good, it's bad").unwrap();
        assert_eq!(
            answers.renames,
            [
                Rename::Table {
                    old: "users".into(),
                    new: "accounts".into()
                },
                Rename::Column {
                    table: "tasks".into(),
                    old: "name".into(),
                    new: "title".into()
                },
            ]
        );
        answers
            .add_default("tasks.note='it''s -- /* ; fine'")
            .unwrap();
        assert_eq!(answers.filling("tasks", "state"), Some("'a=b.c:d'"));
        assert_eq!(answers.types["mood"], "ENUM ('good', 'it''s bad')");
    }

    #[test]
    fn each_file_gets_its_answers_and_nobodys_go_to_all() {
        let file = |table: &str| {
            let text = format!("diesel::table! {{ {table} {{ id -> Int8, a -> Int8, }} }}");
            Schema::parse(&text).unwrap()
        };
        let (tasks, users) = (file("tasks"), file("users"));
        let mut answers = Answers::default();
        for default in ["tasks.a=1", "users.a=1", "nobody.c=1"] {
            answers.add_default(default).unwrap();
        }
        let tables = |answers: Answers| {
            let tables = answers.defaults.into_keys().map(|(table, _)| table);
            tables.collect::<Vec<_>>()
        };
        assert_eq!(
            tables(answers.about(&tasks, &[&users])),
            ["nobody", "tasks"]
        );
        assert_eq!(
            tables(answers.about(&users, &[&tasks])),
            ["nobody", "users"]
        );
        assert_eq!(
            tables(answers.about(&users, &[])),
            ["nobody", "tasks", "users"]
        );
    }

    #[test]
    fn an_answer_of_another_form_is_refused_with_the_form() {
        let mut answers = Answers::default();
        for wrong in ["", "a", "a:", ":b", ".a:b", "t.:b"] {
            let error = answers.add_rename(wrong).unwrap_err().to_string();
            assert!(error.contains("TABLE.OLD:NEW"), "{error}");
        }
        for wrong in [
            "a=1",
            "a.b",
            "a.b=",
            ".b=1",
            "a.=1",
            "a.b=1 -- c",
            "a.b=1; DROP TABLE a",
            "a.b=/* c",
            "a.b='",
        ] {
            assert!(answers.add_default(wrong).is_err(), "{wrong}");
        }
    }
}
