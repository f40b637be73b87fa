//! Views that read what a migration changes.
//!
//! PostgreSQL changes no type of a column that a view reads. Where only that is
//! in the way, the view is dropped and made again around the change, with all
//! views that read it. A view whose column or table is to go cannot be made
//! again: what it should say then is for a person to decide.

use super::{PlanError, Planner};
use crate::catalog::{StoredView, ViewKind};
use crate::order::order;
use crate::step::{self, Step};

/// What stands around the changes of columns.
#[derive(Default)]
pub(super) struct Around {
    pub(super) before: Option<Step>,
    pub(super) after: Option<Step>,
}

impl Planner<'_> {
    /// No view may read what is to go, nor may one have to be made again that
    /// reads what gets another name in the same migration: its definition still
    /// has the old one.
    pub(super) fn check_views(&self) -> Result<(), PlanError> {
        for name in &self.matches.gone {
            if let Some(view) = self.readers(|view| view.reads_relation(name)).first() {
                return Err(self.in_use(&format!("table `{name}`"), view));
            }
        }
        for (found, ..) in self.pairs() {
            for column in &found.gone {
                let readers = self.readers(|view| view.reads_column(&found.old, column));
                if let Some(view) = readers.first() {
                    let what = format!("column `{column}` of `{}`", found.old);
                    return Err(self.in_use(&what, view));
                }
            }
        }
        self.check_renames()
    }

    fn check_renames(&self) -> Result<(), PlanError> {
        for view in self.in_the_way() {
            for (found, ..) in self.pairs() {
                let renamed = found.renamed.iter();
                let mut renamed = renamed.filter(|(old, _)| view.reads_column(&found.old, old));
                let is_renamed = found.old != found.new && view.reads_relation(&found.old);
                if is_renamed || renamed.next().is_some() {
                    return Err(PlanError::InUse(format!(
                        "the {} `{}` reads `{}`, and both a name and a type change there (rename \
                         first, and change the type in the next migration)",
                        view.kind.words(),
                        view.name,
                        found.old
                    )));
                }
            }
        }
        Ok(())
    }

    /// The steps that drop the views in the way of a new type, and make them
    /// again.
    pub(super) fn around_views(&self, notes: &mut Vec<String>) -> Around {
        let views = self.in_the_way();
        if views.is_empty() {
            return Around::default();
        }
        notes.extend(views.iter().map(|view| note(view)));
        Around {
            before: Some(step::view::take_down(&self.catalog.quote, &views)),
            after: Some(step::view::put_back(&self.catalog.quote, &views)),
        }
    }

    /// The views that read a column that gets another type, and those that read
    /// them, in an order in which they can be made.
    fn in_the_way(&self) -> Vec<&StoredView> {
        let conversions = self.conversions();
        let is_direct = |view: &StoredView| {
            let mut conversions = conversions.iter();
            conversions.any(|it| view.reads_column(&it.table, &it.column))
        };
        let mut found = self.readers(is_direct);
        loop {
            let more = self.readers(|view| {
                let is_found = found.iter().any(|known| known.name == view.name);
                !is_found && found.iter().any(|known| view.reads_relation(&known.name))
            });
            if more.is_empty() {
                break;
            }
            found.extend(more);
        }
        in_order(found)
    }

    /// That what goes is read by a view.
    fn in_use(&self, what: &str, view: &StoredView) -> PlanError {
        let (kind, name) = (view.kind.words(), &view.name);
        PlanError::InUse(format!(
            "cannot drop {what}: the {kind} `{name}` reads it (write a migration that drops or \
             redefines the {kind}: `DROP {sql} {quoted}; CREATE {sql} {quoted} AS ...`)",
            sql = view.kind.sql(),
            quoted = self.catalog.quote.ident(name),
        ))
    }

    fn readers(&self, reads: impl Fn(&StoredView) -> bool) -> Vec<&StoredView> {
        let views = self.catalog.views.iter();
        views.filter(|view| reads(view)).collect()
    }
}

/// Those that are read before those that read them.
fn in_order(mut views: Vec<&StoredView>) -> Vec<&StoredView> {
    let names = views.iter().map(|view| view.name.as_str());
    let names = names.collect::<Vec<_>>();
    let reads = views.iter().flat_map(|view| {
        let reads = view.reads.iter();
        reads.map(|read| (view.name.as_str(), read.relation.as_str()))
    });
    let reads = reads.collect::<Vec<_>>();
    let places = order(&names, &reads);
    views.sort_by_key(|view| places.tables.iter().position(|name| *name == view.name));
    views
}

fn note(view: &StoredView) -> String {
    let (kind, name) = (view.kind.words(), &view.name);
    let filled = match view.kind {
        ViewKind::Materialized => " and fills it again, which takes as long as its query",
        _ => "",
    };
    format!(
        "the {kind} `{name}` reads a column with a new type, so the migration drops and \
         recreates it{filled}; privileges that no migration granted are lost"
    )
}
