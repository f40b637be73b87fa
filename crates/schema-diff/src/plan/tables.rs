//! Changes to existing tables.

use super::matching::TableMatch;
use super::{Conversion, Planner};
use crate::answers::Answers;
use crate::catalog::{StoredColumn, StoredTable};
use crate::model::{Column, Table};
use crate::question::Question;
use crate::step::column::Filling;
use crate::step::{self, Step, convert};
use crate::types;

/// How a new column is filled: as was said, or by itself when it is the key
/// `id`.
pub(super) fn filling(table: &Table, column: &Column, answers: &Answers) -> Filling {
    if let Some(expression) = answers.filling(&table.name, &column.name) {
        return Filling::Default(expression.to_owned());
    }
    let is_id = column.name == "id" && table.primary_key.as_slice() == ["id"];
    if !is_id || !answers.identity || column.ty.array {
        return Filling::Nothing;
    }
    // A key that refers to another table takes its value from there.
    if table
        .references
        .iter()
        .any(|reference| reference.column == "id")
    {
        return Filling::Nothing;
    }
    match column.ty.name.as_str() {
        "int2" | "int4" | "int8" => Filling::Identity,
        "uuid" => Filling::Default("gen_random_uuid()".to_owned()),
        _ => Filling::Nothing,
    }
}

impl Planner<'_> {
    /// The existing tables, with what happens to each.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&TableMatch, &StoredTable, &Table)> {
        self.matches.tables.iter().filter_map(|found| {
            let stored = self.catalog.table(&found.old)?;
            Some((found, stored, self.wanted.table(&found.new)?))
        })
    }

    /// New names of tables, then of columns.
    pub(super) fn renamed(self) -> Vec<Step> {
        let quote = &self.catalog.quote;
        let mut steps = Vec::new();
        for found in self
            .matches
            .tables
            .iter()
            .filter(|found| found.old != found.new)
        {
            steps.push(step::table::rename(quote, &found.old, &found.new));
        }
        for found in &self.matches.tables {
            for (old, new) in &found.renamed {
                steps.push(step::column::rename(quote, &found.new, old, new));
            }
        }
        steps
    }

    /// Columns added and changed, and the primary key.
    pub(super) fn changed_tables(
        self,
        notes: &mut Vec<String>,
        questions: &mut Vec<Question>,
    ) -> Vec<Step> {
        let mut steps = Vec::new();
        for (found, stored, wanted) in self.pairs() {
            let changes_key = self.changes_key(&found.new);
            let key = stored.key_constraint();
            let key_name =
                key.map_or_else(|| format!("{}_pkey", found.new), |key| key.name.clone());
            if changes_key && let Some(key) = key {
                let columns = found.new_columns(&key.columns);
                let quote = &self.catalog.quote;
                steps.push(step::key::drop_primary(
                    quote, &found.new, &key_name, &columns,
                ));
            }
            for column in &wanted.columns {
                match stored.column(found.old_column(&column.name)) {
                    None => steps.push(self.added(wanted, column, questions)),
                    Some(_) => steps.extend(self.changed(found, column, notes, questions)),
                }
            }
            if changes_key {
                let columns = &wanted.primary_key;
                let quote = &self.catalog.quote;
                steps.push(step::key::add_primary(
                    quote, &found.new, &key_name, columns,
                ));
            }
        }
        steps
    }

    fn added(&self, table: &Table, column: &Column, questions: &mut Vec<Question>) -> Step {
        let quote = &self.catalog.quote;
        let filling = filling(table, column, self.answers);
        if !column.nullable && filling == Filling::Nothing {
            questions.push(self.default_question(&table.name, column, true));
        }
        let definition =
            step::column::definition(quote, &column.name, &column.ty, column.nullable, &filling);
        step::column::add(quote, &table.name, &column.name, &definition)
    }

    fn default_question(&self, table: &str, column: &Column, is_new: bool) -> Question {
        Question::Default {
            table: table.to_owned(),
            column: column.name.clone(),
            ty: types::to_sql(&column.ty, |name| self.catalog.quote.ident(name)),
            is_new,
        }
    }

    fn conversion_question(&self, table: &str, column: &Column, stored: &StoredColumn) -> Question {
        let quote = &self.catalog.quote;
        let to = types::to_sql(&column.ty, |name| quote.ident(name));
        Question::Conversion {
            table: table.to_owned(),
            column: column.name.clone(),
            types: (stored.sql_type.clone(), to),
            usual: convert::usual(self.catalog, &column.name, &stored.ty, &column.ty),
        }
    }

    fn changed(
        &self,
        found: &TableMatch,
        column: &Column,
        notes: &mut Vec<String>,
        questions: &mut Vec<Question>,
    ) -> Vec<Step> {
        let (table, name) = (found.new.as_str(), column.name.as_str());
        let stored = self.catalog.table(&found.old);
        let Some(stored) = stored.and_then(|stored| stored.column(found.old_column(name))) else {
            return Vec::new();
        };
        let mut steps = Vec::new();
        if !column.ty.is(&stored.ty) {
            steps.push(self.converted(table, column, stored, notes, questions));
        }
        let quote = &self.catalog.quote;
        match (stored.nullable, column.nullable) {
            (false, true) => steps.push(step::column::allow_null(quote, table, name)),
            (true, false) => match self.answers.filling(table, name) {
                Some(fill) => steps.push(step::column::forbid_null(quote, table, column, fill)),
                None => questions.push(self.default_question(table, column, false)),
            },
            _ => {}
        }
        steps
    }

    /// The step to another type, and what has to be asked and told about it.
    fn converted(
        &self,
        table: &str,
        column: &Column,
        stored: &StoredColumn,
        notes: &mut Vec<String>,
        questions: &mut Vec<Question>,
    ) -> Step {
        let name = column.name.as_str();
        let conversion = self.answers.conversion(table, name);
        let new_type = self.answers.types.get(&column.ty.name);
        let is_enum = new_type.is_none_or(|definition| is_enum(definition));
        let may_change = convert::may_change_values(self.catalog, stored, &column.ty, is_enum);
        if conversion.is_none() && may_change {
            questions.push(self.conversion_question(table, column, stored));
        }
        notes.extend(note_on_default(table, name, stored));
        if convert::may_refuse(&stored.ty, &column.ty) {
            notes.push(format!(
                "if a value of `{table}.{name}` does not fit the new type, the migration fails \
                 for that tenant and leaves it unchanged"
            ));
        }
        if conversion.is_none() && convert::may_cut_spaces(&stored.ty, &column.ty) {
            notes.push(format!(
                "`{table}.{name}` gets a shorter limit: PostgreSQL removes trailing spaces \
                 beyond it and rejects longer values"
            ));
        }
        convert::convert(self.catalog, (table, name), stored, &column.ty, conversion)
    }

    /// Whether the primary key of the table that the file calls `new` changes.
    pub(super) fn changes_key(&self, new: &str) -> bool {
        let pair = self.pairs().find(|(found, ..)| found.new == new);
        pair.is_some_and(|(found, stored, wanted)| {
            let key = stored.key().unwrap_or_default();
            found.new_columns(key) != wanted.primary_key
        })
    }

    /// Whether a column of that table's primary key gets another type.
    pub(super) fn key_is_converted(&self, new: &str) -> bool {
        let key = self.wanted.table(new).map(|table| table.primary_key.iter());
        key.is_some_and(|mut key| key.any(|column| self.is_converted(new, column)))
    }

    /// Whether the column, by its names in the file, gets another type.
    pub(super) fn is_converted(&self, table: &str, column: &str) -> bool {
        let Some((found, stored, wanted)) = self.pairs().find(|(found, ..)| found.new == table)
        else {
            return false;
        };
        let old = stored.column(found.old_column(column));
        let new = wanted.column(column);
        old.zip(new).is_some_and(|(old, new)| !new.ty.is(&old.ty))
    }

    /// Whether an expression given for the column, by its names in the file, has
    /// something to fill.
    pub(super) fn is_filled(&self, table: &str, column: &str) -> bool {
        let Some((found, stored, wanted)) = self.pairs().find(|(found, ..)| found.new == table)
        else {
            return true;
        };
        let old = stored.column(found.old_column(column));
        let new = wanted.column(column);
        old.is_none_or(|old| old.nullable && new.is_some_and(|new| !new.nullable))
    }

    /// The columns that get another type.
    pub(super) fn conversions(&self) -> Vec<Conversion> {
        let mut conversions = Vec::new();
        for (found, stored, wanted) in self.pairs() {
            for column in &wanted.columns {
                let old = stored.column(found.old_column(&column.name));
                conversions.extend(old.filter(|old| !column.ty.is(&old.ty)).map(|old| {
                    Conversion {
                        table: found.old.clone(),
                        column: old.name.clone(),
                        to: column.ty.clone(),
                    }
                }));
            }
        }
        conversions
    }
}

/// Whether the definition of a new type lists its labels.
fn is_enum(definition: &str) -> bool {
    let word = definition.split(|letter: char| !letter.is_ascii_alphabetic());
    let mut words = word.filter(|word| !word.is_empty());
    words
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("enum"))
}

/// A default is converted as PostgreSQL converts values, whatever is done with
/// the values of the rows.
fn note_on_default(table: &str, column: &str, stored: &StoredColumn) -> Option<String> {
    let default = stored
        .default
        .as_ref()
        .filter(|_| stored.sequence.is_none())?;
    let is_constant = |c: char| c.is_ascii_digit();
    (!default.chars().all(is_constant))
        .then(|| format!("the default of `{table}.{column}`, {default}, is also converted"))
}
