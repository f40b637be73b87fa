//! What becomes of foreign keys.

use super::matching::TableMatch;
use super::{PlanError, Planner};
use crate::catalog::{ForeignKey, StoredTable};
use crate::model::{Reference, Table};
use crate::order::order;
use crate::step::{self, Step};

/// The steps about foreign keys, before everything else and after.
#[derive(Default)]
pub(super) struct ForeignSteps {
    pub(super) first: Vec<Step>,
    pub(super) last: Vec<Step>,
}

/// What happens to an existing foreign key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Nothing happens to it.
    Kept,
    /// It vanishes by itself, with its column or its table.
    Vanishes,
    /// It would vanish, and is dropped before because it is in the way.
    Cleared,
    /// It is dropped.
    Dropped,
    /// It is dropped because it is in the way, and added again.
    Renewed,
}

impl Planner<'_> {
    pub(super) fn foreign_keys(self, notes: &mut Vec<String>) -> ForeignSteps {
        let quote = &self.catalog.quote;
        let mut steps = ForeignSteps::default();
        for table in &self.catalog.tables {
            for key in &table.foreign_keys {
                match self.fate(table, key) {
                    Fate::Kept => {}
                    Fate::Vanishes => {
                        steps
                            .first
                            .push(step::key::restore_foreign(quote, &table.name, key));
                    }
                    Fate::Cleared => {
                        let dropped = step::key::drop_foreign(quote, &table.name, key);
                        steps.first.push(quietly(dropped));
                    }
                    Fate::Dropped => {
                        steps
                            .first
                            .push(step::key::drop_foreign(quote, &table.name, key));
                        notes.extend(self.note_on_dropped(table, key));
                    }
                    Fate::Renewed => {
                        let (child, renewed) = self.renewed(table, key);
                        let dropped = step::key::drop_foreign(quote, &table.name, key);
                        steps.first.push(quietly(dropped));
                        steps
                            .last
                            .push(quietly(step::key::add_foreign(quote, &child, &renewed)));
                    }
                }
            }
        }
        for table in &self.wanted.tables {
            steps.last.extend(self.added_keys(table));
        }
        steps
    }

    fn fate(&self, table: &StoredTable, key: &ForeignKey) -> Fate {
        if key.is_inherited {
            return Fate::Kept;
        }
        let child = self.matches.of_old(&table.name);
        let parent = self.matches.of_old(&key.parent);
        let child_is_gone = self.matches.gone.contains(&table.name);
        let key_changes = parent.is_some_and(|parent| self.loses_its_key(parent, key));
        let is_converted = self.is_any_converted(child, &key.columns)
            || self.is_any_converted(parent, &key.parent_columns);
        if child_is_gone || child.is_some_and(|child| child.loses(&key.columns)) {
            return if key_changes || is_converted || self.closes_a_circle(table, key) {
                Fate::Cleared
            } else {
                Fate::Vanishes
            };
        }
        let parent_is_gone = self.matches.gone.contains(&key.parent);
        let parent_loses = parent.is_some_and(|parent| parent.loses(&key.parent_columns));
        if parent_is_gone || parent_loses || key_changes || self.is_unwanted(table, key) {
            Fate::Dropped
        } else if is_converted {
            Fate::Renewed
        } else {
            Fate::Kept
        }
    }

    /// A foreign key that the file keeps must not come to mean other rows: its
    /// values are those of the old key.
    pub(super) fn check_keys(self) -> Result<(), PlanError> {
        for table in &self.catalog.tables {
            for key in &table.foreign_keys {
                let parent = self.matches.of_old(&key.parent);
                let loses = parent.is_some_and(|parent| self.loses_its_key(parent, key));
                let reference = self.catalog.joinable(table, key).filter(|_| loses);
                let kept = reference.and_then(|it| self.in_the_file(&table.name, &it));
                if let Some((child, reference)) = kept
                    && child.references.contains(&reference)
                {
                    return Err(PlanError::Impossible {
                        line: child.line,
                        reason: format!(
                            "`{}` ({}) references the primary key of `{}`, which changes, and \
                             its values belong to the old key (remove the `joinable!` in a \
                             separate migration, or write this migration by hand)",
                            child.name, reference.column, reference.parent
                        ),
                    });
                }
            }
        }
        Ok(())
    }

    /// Whether the key refers to a primary key that is taken off.
    fn loses_its_key(&self, parent: &TableMatch, key: &ForeignKey) -> bool {
        let old_key = self
            .catalog
            .table(&key.parent)
            .and_then(|parent| parent.key());
        old_key == Some(key.parent_columns.as_slice()) && self.changes_key(&parent.new)
    }

    fn is_any_converted(&self, found: Option<&TableMatch>, columns: &[String]) -> bool {
        found.is_some_and(|found| {
            let mut columns = columns.iter().map(|column| found.new_column(column));
            columns.any(|column| self.is_converted(&found.new, column))
        })
    }

    /// A table goes before those that it refers to, and its keys with it. In a
    /// circle that is impossible for one of them.
    fn closes_a_circle(&self, table: &StoredTable, key: &ForeignKey) -> bool {
        let names = self.matches.gone.iter().map(String::as_str);
        let references = self.gone_references();
        let order = order(&names.collect::<Vec<_>>(), &references);
        let pair = (table.name.as_str(), key.parent.as_str());
        order.against.contains(&pair)
    }

    /// Whether Diesel sees the key, and the file does not have it any more.
    fn is_unwanted(&self, table: &StoredTable, key: &ForeignKey) -> bool {
        let seen = self.there.table(&table.name);
        let reference = self.catalog.joinable(table, key);
        let Some((seen, reference)) = seen.zip(reference) else {
            return false;
        };
        seen.references.contains(&reference)
            && self
                .in_the_file(&table.name, &reference)
                .is_some_and(|(child, reference)| !child.references.contains(&reference))
    }

    /// The table that has the reference, and the reference, as the file names
    /// them.
    fn in_the_file(&self, table: &str, reference: &Reference) -> Option<(&Table, Reference)> {
        let child = self.matches.of_old(table)?;
        let parent = self.matches.of_old(&reference.parent)?;
        let reference = Reference {
            column: child.new_column(&reference.column).to_owned(),
            parent: parent.new.clone(),
        };
        Some((self.wanted.table(&child.new)?, reference))
    }

    /// The key with the names that its table and columns have in the end.
    fn renewed(&self, table: &StoredTable, key: &ForeignKey) -> (String, ForeignKey) {
        let child = self.matches.of_old(&table.name);
        let parent = self.matches.of_old(&key.parent);
        let columns = |found: Option<&TableMatch>, columns: &[String]| {
            found.map_or_else(|| columns.to_vec(), |found| found.new_columns(columns))
        };
        let name = |found: Option<&TableMatch>, name: &str| {
            found.map_or_else(|| name.to_owned(), |found| found.new.clone())
        };
        let renewed = ForeignKey {
            columns: columns(child, &key.columns),
            parent: name(parent, &key.parent),
            parent_columns: columns(parent, &key.parent_columns),
            ..key.clone()
        };
        (name(child, &table.name), renewed)
    }

    /// The foreign keys that are in the file and not in the database, except for keys that are
    /// created together with their table.
    fn added_keys(&self, table: &Table) -> Vec<Step> {
        let mut taken = self.taken_names(table);
        let missing = table.references.iter();
        let missing = missing.filter(|reference| !self.is_there(table, reference));
        let mut steps = Vec::new();
        for reference in missing.filter(|reference| !self.is_inline(&table.name, reference)) {
            let name = step::key::foreign_name(&table.name, &reference.column, &taken);
            taken.push(name.clone());
            let parent = self.wanted.table(&reference.parent);
            let key = ForeignKey {
                name,
                columns: vec![reference.column.clone()],
                parent: reference.parent.clone(),
                parent_columns: parent.map(|it| it.primary_key.clone()).unwrap_or_default(),
                options: String::new(),
                comment: None,
                is_inherited: false,
            };
            steps.push(step::key::add_foreign(
                &self.catalog.quote,
                &table.name,
                &key,
            ));
        }
        steps
    }

    fn taken_names(&self, table: &Table) -> Vec<String> {
        let old = self.matches.of_new(&table.name);
        let Some(stored) = old.and_then(|found| self.catalog.table(&found.old)) else {
            return Vec::new();
        };
        let keys = stored.foreign_keys.iter().map(|key| key.name.clone());
        let others = stored.constraints.iter().map(|it| it.name.clone());
        keys.chain(others).collect()
    }

    /// Whether the foreign key is there and stays.
    fn is_there(&self, table: &Table, reference: &Reference) -> bool {
        let found = self.matches.of_new(&table.name);
        let Some(stored) = found.and_then(|found| self.catalog.table(&found.old)) else {
            return false;
        };
        let key = self
            .wanted
            .table(&reference.parent)
            .map(|it| &it.primary_key);
        stored.foreign_keys.iter().any(|existing| {
            let stays = matches!(self.fate(stored, existing), Fate::Kept | Fate::Renewed);
            let (_, there) = self.renewed(stored, existing);
            stays
                && there.parent == reference.parent
                && there.columns.as_slice() == [reference.column.as_str()]
                && Some(&there.parent_columns) == key
        })
    }

    /// A foreign key that the file cannot say is not missed there.
    fn note_on_dropped(&self, table: &StoredTable, key: &ForeignKey) -> Option<String> {
        let seen = self.there.table(&table.name)?;
        let reference = self.catalog.joinable(table, key);
        let was_seen = reference.is_some_and(|reference| seen.references.contains(&reference));
        (!was_seen).then(|| {
            format!(
                "foreign key `{}` of `{}` is dropped, because its target is dropped",
                key.name, table.name
            )
        })
    }
}

/// The step without words: it is only part of another change.
fn quietly(step: Step) -> Step {
    Step {
        summary: String::new(),
        ..step
    }
}
