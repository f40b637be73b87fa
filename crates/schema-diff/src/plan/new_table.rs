//! New tables.

use super::Planner;
use super::tables::filling;
use crate::model::{Reference, Table};
use crate::order::order;
use crate::step::{self, Step};

impl Planner<'_> {
    /// New tables, those referred to first. A foreign key that closes a circle
    /// comes later, by itself.
    pub(super) fn new_tables(self) -> Vec<Step> {
        let new = self.matches.new.iter();
        let new = new.filter_map(|name| self.wanted.table(name));
        let names = self.matches.new.iter().map(String::as_str);
        let order = order(&names.collect::<Vec<_>>(), &self.new_references());
        let mut tables = new.collect::<Vec<_>>();
        let place = |table: &&Table| order.tables.iter().position(|name| *name == table.name);
        tables.sort_by_key(place);
        let steps = tables.iter().map(|table| {
            let lines = self.lines(table);
            step::table::create(&self.catalog.quote, &table.name, &lines)
        });
        steps.collect()
    }

    /// The pairs (child, parent) of the new tables.
    pub(super) fn new_references(&self) -> Vec<(&str, &str)> {
        let new = self.matches.new.iter();
        let new = new.filter_map(|name| self.wanted.table(name));
        let pairs = new.flat_map(|table| {
            let parents = table.references.iter();
            parents.map(|reference| (table.name.as_str(), reference.parent.as_str()))
        });
        pairs.collect()
    }

    /// Whether the foreign key can be written into `CREATE TABLE`. The table that it refers to must
    /// exist by then, with its final key.
    pub(super) fn is_inline(&self, child: &str, reference: &Reference) -> bool {
        if !self.matches.new.iter().any(|name| name == child) {
            return false;
        }
        if self.matches.new.contains(&reference.parent) {
            let names = self.matches.new.iter().map(String::as_str);
            let order = order(&names.collect::<Vec<_>>(), &self.new_references());
            return !order.against.contains(&(child, reference.parent.as_str()));
        }
        !self.changes_key(&reference.parent) && !self.key_is_converted(&reference.parent)
    }

    /// The lines between the parentheses of `CREATE TABLE`.
    fn lines(&self, table: &Table) -> Vec<String> {
        let quote = &self.catalog.quote;
        let mut lines = Vec::new();
        for column in &table.columns {
            let filling = filling(table, column, self.answers);
            let is_key = table.primary_key.as_slice() == [column.name.as_str()];
            // A key takes no NULL in any case.
            let nullable = column.nullable || is_key;
            let mut line =
                step::column::definition(quote, &column.name, &column.ty, nullable, &filling);
            if is_key {
                line.push_str(" PRIMARY KEY");
            }
            let references = table.references.iter();
            for reference in references.filter(|reference| reference.column == column.name) {
                if self.is_inline(&table.name, reference) {
                    line.push_str(&self.references_clause(reference));
                }
            }
            lines.push(line);
        }
        if table.primary_key.len() > 1 {
            lines.push(format!(
                "PRIMARY KEY ({})",
                quote.idents(&table.primary_key)
            ));
        }
        lines
    }

    fn references_clause(&self, reference: &Reference) -> String {
        let quote = &self.catalog.quote;
        let key = self.wanted.table(&reference.parent);
        let key = key.map(|parent| quote.idents(&parent.primary_key));
        format!(
            " REFERENCES {} ({})",
            quote.ident(&reference.parent),
            key.unwrap_or_default()
        )
    }
}
