//! Which table became which, and which column.

use super::PlanError;
use crate::answers::{Answers, Rename};
use crate::catalog::Catalog;
use crate::filter::Filter;
use crate::model::{Schema, Table};
use crate::question::Question;

/// What corresponds in the two schemas.
#[derive(Debug, Default)]
pub(super) struct Matches {
    /// Tables that are in both, in the order of the file.
    pub(super) tables: Vec<TableMatch>,
    /// Tables that the file has and the database has not, likewise.
    pub(super) new: Vec<String>,
    /// Tables that are to go, by name.
    pub(super) gone: Vec<String>,
}

/// A table that is in both schemas.
#[derive(Debug)]
pub(super) struct TableMatch {
    /// Its name in the database.
    pub(super) old: String,
    /// Its name in the file.
    pub(super) new: String,
    /// The renamed columns: old, new.
    pub(super) renamed: Vec<(String, String)>,
    /// The columns that are to go.
    pub(super) gone: Vec<String>,
}

impl TableMatch {
    /// The new name of the column that the database calls `old`.
    pub(super) fn new_column<'a>(&'a self, old: &'a str) -> &'a str {
        let found = self.renamed.iter().find(|(name, _)| name == old);
        found.map_or(old, |(_, new)| new)
    }

    /// The name in the database of the column that the file calls `new`.
    pub(super) fn old_column<'a>(&'a self, new: &'a str) -> &'a str {
        let found = self.renamed.iter().find(|(_, name)| name == new);
        found.map_or(new, |(old, _)| old)
    }

    /// The new names of columns.
    pub(super) fn new_columns(&self, old: &[String]) -> Vec<String> {
        let new = old.iter().map(|name| self.new_column(name).to_owned());
        new.collect()
    }

    /// Whether one of these columns is to go.
    pub(super) fn loses(&self, columns: &[String]) -> bool {
        columns.iter().any(|column| self.gone.contains(column))
    }
}

impl Matches {
    pub(super) fn find(
        wanted: &Schema,
        there: &Schema,
        catalog: &Catalog,
        filter: &Filter,
        answers: &Answers,
        questions: &mut Vec<Question>,
    ) -> Result<Self, PlanError> {
        refuse_hidden(wanted, there, catalog, filter)?;
        let renames = table_renames(wanted, there, answers)?;
        let mut matches = Self::default();
        for table in &wanted.tables {
            let renamed = renames.iter().find(|(_, new)| *new == table.name);
            let old = renamed.map_or(table.name.as_str(), |(old, _)| old);
            match there.table(old) {
                Some(existing) => {
                    let found = match_columns(table, existing, answers, questions)?;
                    matches.tables.push(found);
                }
                None => matches.new.push(table.name.clone()),
            }
        }
        for table in &there.tables {
            if wanted.table(&table.name).is_none()
                && !renames.iter().any(|(old, _)| *old == table.name)
            {
                matches.gone.push(table.name.clone());
                matches.ask_about(table, wanted, answers, questions);
            }
        }
        refuse_stray_answers(wanted, answers)?;
        Ok(matches)
    }

    /// The match of the table that the database calls `old`.
    pub(super) fn of_old(&self, old: &str) -> Option<&TableMatch> {
        self.tables.iter().find(|table| table.old == old)
    }

    /// The match of the table that the file calls `new`.
    pub(super) fn of_new(&self, new: &str) -> Option<&TableMatch> {
        self.tables.iter().find(|table| table.new == new)
    }

    fn ask_about(
        &self,
        table: &Table,
        wanted: &Schema,
        answers: &Answers,
        questions: &mut Vec<Question>,
    ) {
        if answers.may_drop(&table.name, None) {
            return;
        }
        let new = self.new.iter().filter_map(|name| wanted.table(name));
        let mut candidates = new.map(|new| (alike(table, new), new)).collect::<Vec<_>>();
        candidates.sort_by_key(|(alike, _)| std::cmp::Reverse(*alike));
        let candidates = candidates.into_iter().map(|(_, table)| table.name.clone());
        questions.push(Question::GoneTable {
            table: table.name.clone(),
            candidates: candidates.collect(),
        });
    }
}

/// How many columns two tables have in common.
fn alike(one: &Table, other: &Table) -> usize {
    let columns = one.columns.iter();
    let same = columns.filter(|column| {
        other
            .column(&column.name)
            .is_some_and(|it| it.ty == column.ty)
    });
    same.count()
}

/// A table may exist without Diesel seeing it.
fn refuse_hidden(
    wanted: &Schema,
    there: &Schema,
    catalog: &Catalog,
    filter: &Filter,
) -> Result<(), PlanError> {
    for table in &wanted.tables {
        let reason = if !filter.includes(&table.name) {
            "the filter in the Diesel configuration excludes it"
        } else if catalog.table(&table.name).is_some() && there.table(&table.name).is_none() {
            "it exists without the primary key that Diesel needs (add the key in a migration \
             written by hand)"
        } else {
            continue;
        };
        return Err(PlanError::Impossible {
            line: table.line,
            reason: format!("table `{}`: {reason}", table.name),
        });
    }
    Ok(())
}

fn table_renames(
    wanted: &Schema,
    there: &Schema,
    answers: &Answers,
) -> Result<Vec<(String, String)>, PlanError> {
    let mut renames: Vec<(String, String)> = Vec::new();
    for rename in &answers.renames {
        let Rename::Table { old, new } = rename else {
            continue;
        };
        let problem = if there.table(old).is_none() {
            Some(format!("the migrations have no table `{old}`"))
        } else if wanted.table(new).is_none() {
            Some(format!("schema.rs has no table `{new}`"))
        } else if wanted.table(old).is_some() {
            Some(format!("schema.rs still has a table `{old}`"))
        } else if there.table(new).is_some() {
            Some(format!("the migrations already have a table `{new}`"))
        } else {
            None
        };
        accept(&mut renames, old, new, problem)?;
    }
    Ok(renames)
}

/// Adds a rename that has no `problem`.
fn accept(
    renames: &mut Vec<(String, String)>,
    old: &str,
    new: &str,
    problem: Option<String>,
) -> Result<(), PlanError> {
    let is_taken = |(one, other): &(String, String)| one == old || other == new;
    let taken = renames.iter().any(is_taken);
    let problem =
        problem.or_else(|| taken.then(|| "another rename uses one of these names".to_owned()));
    match problem {
        Some(problem) => Err(cannot_rename(old, new, &problem)),
        None => {
            renames.push((old.to_owned(), new.to_owned()));
            Ok(())
        }
    }
}

fn cannot_rename(old: &str, new: &str, problem: &str) -> PlanError {
    PlanError::Answer(format!("cannot rename `{old}` to `{new}`: {problem}"))
}

fn match_columns(
    table: &Table,
    existing: &Table,
    answers: &Answers,
    questions: &mut Vec<Question>,
) -> Result<TableMatch, PlanError> {
    let renamed = column_renames(table, existing, answers)?;
    let is_gone =
        |name: &str| table.column(name).is_none() && !renamed.iter().any(|(old, _)| old == name);
    let gone = existing
        .columns
        .iter()
        .filter(|column| is_gone(&column.name));
    let gone = gone.collect::<Vec<_>>();
    for column in &gone {
        if answers.may_drop(&table.name, Some(&column.name)) {
            continue;
        }
        let is_new = |name: &str| {
            existing.column(name).is_none() && !renamed.iter().any(|(_, new)| new == name)
        };
        let new = table.columns.iter().filter(|column| is_new(&column.name));
        let mut candidates = new.collect::<Vec<_>>();
        candidates.sort_by_key(|candidate| candidate.ty != column.ty);
        let candidates = candidates.iter().map(|column| column.name.clone());
        questions.push(Question::GoneColumn {
            table: table.name.clone(),
            column: column.name.clone(),
            candidates: candidates.collect(),
        });
    }
    Ok(TableMatch {
        old: existing.name.clone(),
        new: table.name.clone(),
        gone: gone.iter().map(|column| column.name.clone()).collect(),
        renamed,
    })
}

fn column_renames(
    table: &Table,
    existing: &Table,
    answers: &Answers,
) -> Result<Vec<(String, String)>, PlanError> {
    let mut renames: Vec<(String, String)> = Vec::new();
    for rename in &answers.renames {
        let Rename::Column {
            table: name,
            old,
            new,
        } = rename
        else {
            continue;
        };
        if *name != table.name {
            continue;
        }
        let problem = if existing.column(old).is_none() {
            Some(format!(
                "table `{name}` of the migrations has no column `{old}`"
            ))
        } else if table.column(new).is_none() {
            Some(format!("table `{name}` of schema.rs has no column `{new}`"))
        } else if table.column(old).is_some() {
            Some(format!(
                "table `{name}` of schema.rs still has a column `{old}`"
            ))
        } else if existing.column(new).is_some() {
            Some(format!(
                "table `{name}` of the migrations already has a column `{new}`"
            ))
        } else {
            None
        };
        accept(&mut renames, old, new, problem)?;
    }
    Ok(renames)
}

/// Renames of columns in tables that there are not.
fn refuse_stray_answers(wanted: &Schema, answers: &Answers) -> Result<(), PlanError> {
    for rename in &answers.renames {
        if let Rename::Column { table, old, new } = rename
            && wanted.table(table).is_none()
        {
            let problem = format!("schema.rs has no table `{table}`");
            return Err(cannot_rename(old, new, &problem));
        }
    }
    Ok(())
}
