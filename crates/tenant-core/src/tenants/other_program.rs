//! Finds the tenants of another program whose versions are those of this one.

use std::collections::{BTreeSet, HashSet};

use super::applied_texts::AppliedTexts;
use super::expected::Trust;
use super::handle::Tenants;
use super::others_tables::with_others_tables;
use super::state::{Standing, State};
use crate::report::{Note, ProblemKind};
use crate::{Error, ForeignSign};

impl Tenants {
    /// Puts [`Error::OtherProgram`] in the place of each of `states` that has migrations, of
    /// whose texts nothing is known, and tables, none of which the migrations create.
    ///
    /// Only where the catalog makes it likely the migrations are tried. Where that is not
    /// possible, nothing is said. A tenant without a migration history whose schema is not
    /// empty gets [`Error::NoHistory`] or [`Error::ForeignObjects`].
    ///
    /// # Errors
    ///
    /// A server error.
    pub(super) async fn tell_apart(&self, states: &mut [State]) -> Result<(), Error> {
        self.refuse_behind(states);
        self.refuse_without_history(states).await?;
        let standings = states.iter().filter_map(|it| it.standing.as_ref().ok());
        let silent = standings.filter(|it| {
            it.texts == AppliedTexts::Silent && it.version.is_some() && it.unknown.is_empty()
        });
        let silent = silent.collect::<Vec<_>>();
        let strange = self.with_strange_tables(&silent).await?;
        for state in states {
            let Ok(standing) = &state.standing else {
                continue;
            };
            if strange.contains(&state.name) {
                let ours = &self.migrations.tenant;
                let error = Error::OtherProgram {
                    schema: standing.entry.schema().to_string(),
                    versions: standing.all_applied(ours).cloned().collect(),
                    sign: ForeignSign::OtherTables,
                };
                state.standing = Err(error);
            }
        }
        Ok(())
    }

    /// Those of `standings` with tables, none of which their migrations create, by what the
    /// list calls them.
    async fn with_strange_tables(&self, standings: &[&Standing]) -> Result<HashSet<String>, Error> {
        let schemas = standings.iter().map(|it| it.entry.schema_name().clone());
        let schemas = schemas.collect::<Vec<_>>();
        if schemas.is_empty() {
            return Ok(HashSet::new());
        }
        let reading = self.reading().await?;
        let likely = with_others_tables(&reading, &schemas, &self.migrations.tenant).await?;
        drop(reading);
        let likely = standings
            .iter()
            .filter(|it| likely.contains(it.entry.schema_name().as_str()))
            .map(|it| (*it).clone())
            .collect::<Vec<_>>();
        if likely.is_empty() {
            return Ok(HashSet::new());
        }
        let sets = likely.iter().map(|it| self.applied(it));
        let sets = sets.collect::<BTreeSet<_>>();
        let Ok(shapes) = self.expected(sets, Trust::Kept).await else {
            return Ok(HashSet::new());
        };
        let problems = self
            .drift(&likely, &shapes, Trust::Kept)
            .await?
            .problems
            .into_iter();
        let others = problems.filter(|it| matches!(it.kind, ProblemKind::OtherProgram { .. }));
        Ok(others.filter_map(|it| it.tenant).collect())
    }

    /// Leaves out of `notes` which migrations of another program's tenants were edited: they
    /// were not.
    pub(super) fn without_others(&self, notes: Vec<Note>, states: &[State]) -> Vec<Note> {
        let is_other = |name: &String| {
            states.iter().any(|state| {
                state.name == *name
                    && match &state.standing {
                        Ok(standing) => standing.is_of_other_program(&self.migrations.tenant),
                        Err(error) => matches!(error, Error::OtherProgram { .. }),
                    }
            })
        };
        let notes = notes.into_iter().filter_map(|note| match note {
            Note::Edited {
                migration,
                version,
                mut tenants,
            } => {
                tenants.retain(|name| !is_other(name));
                (!tenants.is_empty()).then_some(Note::Edited {
                    migration,
                    version,
                    tenants,
                })
            }
            note => Some(note),
        });
        notes.collect()
    }
}
