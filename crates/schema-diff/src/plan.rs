//! From two schemas to the steps between them.

mod changed;
mod foreign;
mod gone;
mod matching;
mod new_table;
mod tables;
mod views;

use std::collections::BTreeMap;

use thiserror::Error;

use crate::answers::Answers;
use crate::catalog::{Catalog, StoredType};
use crate::filter::Filter;
use crate::model::{Schema, Type};
use crate::question::Question;
use crate::step::{self, Step};
use crate::views::view_differences;
pub(crate) use changed::{Change, Changed, Named};
use matching::Matches;

/// The steps of a migration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    steps: Vec<Step>,
    notes: Vec<String>,
    pub(crate) conversions: Vec<Conversion>,
    pub(crate) changed: Vec<Changed>,
    /// The types that it makes: what follows `CREATE TYPE name AS`.
    pub(crate) new_types: BTreeMap<String, String>,
}

/// A column, by its names in the database, that gets another type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conversion {
    pub(crate) table: String,
    pub(crate) column: String,
    pub(crate) to: Type,
}

/// The reason why no plan exists.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanError {
    /// The user must answer these questions, in this order.
    #[error("could not plan the migration: {} without an answer", count(.0.len(), "question", "questions"))]
    Questions(Vec<Question>),
    /// An answer names a table, column or type that does not exist.
    #[error("{0}")]
    Answer(String),
    /// A view reads a table or column that the plan would drop or change.
    #[error("{0}")]
    InUse(String),
    /// No migration can produce what the file contains.
    #[error("{reason} (schema.rs, line {line})")]
    Impossible {
        /// The line, from 1.
        line: usize,
        /// The reason.
        reason: String,
    },
}

/// The steps from the schema of the migrations to `wanted`. The same input gives the
/// same steps.
///
/// # Arguments
/// * `wanted` - the edited `schema.rs`.
/// * `catalog` - the schema that the migrations create.
/// * `filter` - the tables that belong in the file.
/// * `answers` - the answers that are already known.
///
/// # Errors
///
/// [`PlanError::Questions`] with everything that is not answered yet, or why
/// there can be no plan.
pub fn plan(
    wanted: &Schema,
    catalog: &Catalog,
    filter: &Filter,
    answers: &Answers,
) -> Result<Plan, PlanError> {
    check_views_exist(wanted, catalog)?;
    let of_views = view_differences(wanted, catalog);
    let wanted = &wanted.without_views(catalog);
    check_nullable_keys(wanted)?;
    let there = catalog.as_diesel_sees_it(filter);
    let mut questions = Vec::new();
    let matches = Matches::find(wanted, &there, catalog, filter, answers, &mut questions)?;
    let planner = Planner {
        wanted,
        there: &there,
        catalog,
        answers,
        matches: &matches,
    };
    planner.check_types()?;
    planner.check_keys()?;
    let mut plan = planner.plan(&mut questions);
    planner.check_answers()?;
    hold_back(&mut questions);
    if !questions.is_empty() {
        return Err(PlanError::Questions(questions));
    }
    planner.check_views()?;
    if plan.is_empty() {
        plan.notes.extend(of_views.into_iter().map(on_a_view));
    }
    Ok(plan)
}

/// The made-up key of a view may be NULL, and that of a table may not.
fn check_nullable_keys(wanted: &Schema) -> Result<(), PlanError> {
    for table in &wanted.tables {
        let columns = table.columns.iter();
        let mut nullable = columns.filter(|column| column.nullable);
        if let Some(key) = nullable.find(|column| table.primary_key.contains(&column.name)) {
            return Err(PlanError::Impossible {
                line: table.line,
                reason: format!(
                    "column `{}` of the primary key of `{}` is `Nullable`, but a key cannot be \
                     NULL",
                    key.name, table.name
                ),
            });
        }
    }
    Ok(())
}

/// What a `view!` is about has to exist: its query stands in no `schema.rs`.
fn check_views_exist(wanted: &Schema, catalog: &Catalog) -> Result<(), PlanError> {
    let views = wanted.tables.iter().filter(|table| table.is_view);
    let mut missing = views.filter(|view| catalog.view(&view.name).is_none());
    missing.next().map_or(Ok(()), |view| {
        Err(PlanError::Impossible {
            line: view.line,
            reason: format!(
                "no migration creates the view `{}`, and schema.rs does not contain its query \
                 (write its `CREATE VIEW` by hand)",
                view.name
            ),
        })
    })
}

fn on_a_view(difference: String) -> String {
    format!(
        "{difference} (correct schema.rs, or change the view in a migration written by \
             hand)"
    )
}

impl Plan {
    /// Whether nothing has to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The steps, in their order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// What each step does, in a few words.
    pub fn summaries(&self) -> impl Iterator<Item = &str> {
        let summaries = self.steps.iter().map(|step| step.summary.as_str());
        summaries.filter(|summary| !summary.is_empty())
    }

    /// What the user should know about it.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The statements that make the change, in order.
    pub fn up_statements(&self) -> impl Iterator<Item = &str> {
        let statements = self.steps.iter().flat_map(|step| &step.up);
        statements.map(String::as_str)
    }

    /// The statements that take it back, in order.
    pub fn down_statements(&self) -> impl Iterator<Item = &str> {
        let statements = self.steps.iter().rev().flat_map(|step| &step.down);
        statements.map(String::as_str)
    }

    /// The text of `up.sql`.
    #[must_use]
    pub fn up(&self) -> String {
        lines(self.up_statements())
    }

    /// The text of `down.sql`.
    #[must_use]
    pub fn down(&self) -> String {
        lines(self.down_statements())
    }
}

/// A new column may turn out to be an old one. As long as that is open, it is not
/// asked what its rows get.
fn hold_back(questions: &mut Vec<Question>) {
    let open = questions.iter().filter_map(|question| match question {
        Question::GoneColumn {
            table, candidates, ..
        } => Some((table.clone(), candidates.clone())),
        _ => None,
    });
    let open = open.collect::<Vec<_>>();
    questions.retain(|question| match question {
        Question::Default { table, column, .. } => !open
            .iter()
            .any(|(other, candidates)| other == table && candidates.contains(column)),
        _ => true,
    });
}

fn lines<'a>(statements: impl Iterator<Item = &'a str>) -> String {
    statements
        .map(|statement| format!("{statement}\n"))
        .collect()
}

fn count(number: usize, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

/// What planning looks at.
#[derive(Clone, Copy)]
struct Planner<'a> {
    wanted: &'a Schema,
    there: &'a Schema,
    catalog: &'a Catalog,
    answers: &'a Answers,
    matches: &'a Matches,
}

impl<'a> Planner<'a> {
    /// The order of the steps: foreign keys out of the way, names, types, new
    /// tables, changed tables (between views that are in the way), foreign keys, and at last what is to go, so that
    /// its values are at hand until then.
    fn plan(self, questions: &mut Vec<Question>) -> Plan {
        let mut plan = Plan::default();
        let foreign = self.foreign_keys(&mut plan.notes);
        self.notes_on_vanishing(&mut plan.notes);
        self.notes_on_idle_answers(&mut plan.notes);
        plan.steps.extend(foreign.first);
        plan.steps.extend(self.restored());
        plan.steps.extend(self.renamed());
        plan.steps.extend(self.new_types(questions));
        plan.steps.extend(self.new_tables());
        let around = self.around_views(&mut plan.notes);
        plan.steps.extend(around.before);
        plan.steps
            .extend(self.changed_tables(&mut plan.notes, questions));
        plan.steps.extend(around.after);
        plan.steps.extend(foreign.last);
        plan.steps.extend(self.dropped_columns());
        plan.steps.extend(self.dropped_tables());
        plan.steps.extend(self.unused_types(&mut plan.notes));
        plan.conversions = self.conversions();
        plan.changed = self.named_otherwise();
        plan.new_types = self.answers.types.clone();
        plan
    }

    /// A type from elsewhere has to exist: no migration of tables makes it.
    fn check_types(self) -> Result<(), PlanError> {
        let foreign = self.wanted.types.iter().filter(|ty| !ty.own);
        let mut unknown = foreign.filter(|ty| !self.catalog.knows_type(&ty.name));
        match unknown.next() {
            None => Ok(()),
            Some(ty) => Err(PlanError::Impossible {
                line: ty.line,
                reason: format!(
                    "unknown type `{}`: neither Diesel nor the migrations have a type `{}` \
                     (create its extension in a public migration, or declare your own type in \
                     the module `sql_types`)",
                    ty.written, ty.name
                ),
            }),
        }
    }

    /// An answer about something that is not there is most likely a slip.
    fn check_answers(self) -> Result<(), PlanError> {
        let columns = self.answers.defaults.keys();
        for (table, column) in columns.chain(self.answers.conversions.keys()) {
            let found = self.wanted.table(table);
            if found.and_then(|table| table.column(column)).is_none() {
                return Err(PlanError::Answer(format!(
                    "schema.rs has no column `{table}.{column}`, for which an expression was \
                     given"
                )));
            }
        }
        for name in self.answers.types.keys() {
            if !self
                .wanted
                .types
                .iter()
                .any(|ty| ty.own && ty.name == *name)
            {
                return Err(PlanError::Answer(format!(
                    "the module `sql_types` of schema.rs has no type `{name}`, for which a \
                     definition was given"
                )));
            }
        }
        Ok(())
    }

    /// An answer without a question may be a slip.
    fn notes_on_idle_answers(self, notes: &mut Vec<String>) {
        let converted = |(table, column): &&(String, String)| self.is_converted(table, column);
        let idle = self.answers.conversions.keys();
        notes.extend(idle.filter(|it| !converted(it)).map(|(table, column)| {
            format!("--using for `{table}.{column}` has no effect: the type does not change")
        }));
        let idle = self.answers.types.keys();
        let idle = idle.filter(|name| self.catalog.custom_type(name).is_some());
        notes.extend(idle.map(|name| {
            format!("the definition of the type `{name}` has no effect: the type already exists")
        }));
        let idle = self.answers.defaults.keys();
        notes.extend(
            idle.filter(|(table, column)| !self.is_filled(table, column))
                .map(|(table, column)| {
                    format!(
                        "--default for `{table}.{column}` has no effect: the column is not new \
                         and does not become NOT NULL"
                    )
                }),
        );
    }

    fn new_types(self, questions: &mut Vec<Question>) -> Vec<Step> {
        let mut steps = Vec::new();
        for name in self.wanted.own_types_in_use() {
            if self.catalog.custom_type(name).is_some() {
                continue;
            }
            match self.answers.types.get(name) {
                Some(definition) => {
                    steps.push(step::custom_type::create(
                        &self.catalog.quote,
                        name,
                        definition,
                    ));
                }
                None => questions.push(Question::Type {
                    name: name.to_owned(),
                }),
            }
        }
        steps
    }

    /// Types that columns had and no column has any more.
    fn unused_types(self, notes: &mut Vec<String>) -> Vec<Step> {
        let kept = self.idle_types().filter(|ty| !self.is_droppable(ty));
        notes.extend(kept.map(|ty| {
            format!(
                "the type `{}` stays, although no table of schema.rs uses it any more",
                ty.name
            )
        }));
        let dropped = self.dropped_types();
        let steps = dropped.filter_map(|ty| {
            let labels = ty.labels.as_ref()?;
            Some(step::custom_type::drop(&self.catalog.quote, ty, labels))
        });
        steps.collect()
    }

    /// The types that no column of the file has any more, and that are dropped.
    fn dropped_types(self) -> impl Iterator<Item = &'a StoredType> {
        self.idle_types().filter(move |ty| self.is_droppable(ty))
    }

    fn idle_types(self) -> impl Iterator<Item = &'a StoredType> {
        let used = self.there.own_types_in_use().into_iter();
        let unused = used.filter(move |name| !self.wanted.uses(name));
        unused.filter_map(move |name| self.catalog.custom_type(name))
    }

    /// Only enums can be made again on the way back.
    fn is_droppable(self, ty: &StoredType) -> bool {
        ty.labels.is_some() && !ty.used_elsewhere && !self.is_used_out_of_sight(&ty.name)
    }

    /// Whether a table uses the type that schema.rs does not know of.
    fn is_used_out_of_sight(self, name: &str) -> bool {
        let tables = self.catalog.tables.iter();
        let mut tables = tables.filter(|table| self.there.table(&table.name).is_none());
        tables.any(|table| table.columns.iter().any(|column| column.ty.name == name))
    }
}
