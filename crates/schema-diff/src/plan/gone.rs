//! What is to go: columns, tables, and what hangs on them.

use sql_text::literal;

use super::Planner;
use crate::model::Type;
use crate::order::order;
use crate::step::{self, Step};
use crate::types;

impl Planner<'_> {
    /// What goes together with a column although it is about others, too.
    pub(super) fn notes_on_vanishing(&self, notes: &mut Vec<String>) {
        for (found, stored, _) in self.pairs() {
            let shared = |columns: &[String]| {
                found.loses(columns) && columns.iter().any(|column| !found.gone.contains(column))
            };
            let constraints = stored.constraints.iter().filter(|it| !it.is_key);
            let constraints = constraints.map(|it| (&it.name, &it.columns, &it.definition));
            let indexes = stored.indexes.iter();
            let indexes = indexes.map(|it| (&it.name, &it.columns, &it.definition));
            let both = constraints
                .chain(indexes)
                .filter(|(_, columns, _)| shared(columns));
            notes.extend(both.map(|(name, _, definition)| {
                format!(
                    "`{name}` of `{}` is dropped with the column: {definition}",
                    found.new
                )
            }));
            let keys = stored
                .foreign_keys
                .iter()
                .filter(|key| shared(&key.columns));
            notes.extend(keys.map(|key| {
                format!(
                    "foreign key `{}` from `{}` ({}) to `{}` is dropped with the column",
                    key.name,
                    found.new,
                    key.columns.join(", "),
                    key.parent
                )
            }));
        }
    }

    /// What vanishes with columns and tables, to be brought back on the way back.
    pub(super) fn restored(self) -> Vec<Step> {
        let quote = &self.catalog.quote;
        let of_columns = self.pairs().filter_map(|(found, stored, _)| {
            // The primary key is taken off by a step of its own.
            let mut stored = stored.clone();
            stored.constraints.retain(|constraint| !constraint.is_key);
            step::table::restore(quote, &stored, |columns| found.loses(columns), false)
        });
        let gone = self.matches.gone.iter();
        let gone = gone.filter_map(|name| self.catalog.table(name));
        let of_tables = gone.filter_map(|table| step::table::restore(quote, table, |_| true, true));
        of_columns.chain(of_tables).collect()
    }

    pub(super) fn dropped_columns(self) -> Vec<Step> {
        let quote = &self.catalog.quote;
        let mut steps = Vec::new();
        for (found, stored, _) in self.pairs() {
            let gone = found.gone.iter().filter_map(|name| stored.column(name));
            steps.extend(gone.map(|column| {
                let neutral = self.neutral(&column.ty.name, &column.ty);
                step::column::drop(quote, &found.new, column, neutral.as_deref())
            }));
        }
        steps
    }

    /// What rows get on the way back; for an enum its first label.
    fn neutral(&self, name: &str, ty: &Type) -> Option<String> {
        let known = types::neutral(ty).map(str::to_owned);
        known.or_else(|| {
            let labels = self.catalog.custom_type(name)?.labels.as_ref()?;
            labels.first().map(|label| literal(label))
        })
    }

    /// Those that refer before those referred to.
    pub(super) fn dropped_tables(self) -> Vec<Step> {
        let names = self
            .matches
            .gone
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>();
        let references = self.gone_references();
        let order = order(&names, &references);
        let tables = order.tables.iter().rev();
        let tables = tables.filter_map(|name| self.catalog.table(name));
        tables
            .map(|table| step::table::drop(&self.catalog.quote, table))
            .collect()
    }

    /// The pairs (child, parent) of the tables that are to go.
    pub(super) fn gone_references(&self) -> Vec<(&str, &str)> {
        let gone = self.matches.gone.iter();
        let gone = gone.filter_map(|name| self.catalog.table(name));
        let pairs = gone.flat_map(|table| {
            let keys = table.foreign_keys.iter();
            keys.map(|key| (table.name.as_str(), key.parent.as_str()))
        });
        pairs.collect()
    }
}
