//! Tenants whose schema is at a later version than their migration history says: entries of the
//! history are lost, or a migration was run by hand.

use std::collections::{BTreeMap, BTreeSet};

use super::expected::{Shapes, Trust};
use super::handle::Tenants;
use super::known_shapes::Applied;
use super::shapes::Seen;
use super::state::Standing;
use crate::name::Entry;
use crate::report::{Problem, ProblemKind};
use crate::shape::{Change, Compared, ObjectName, Shape, compare, compare_with_migrations};
use crate::{Error, Version};

/// With how many later versions a schema is compared at most, from the newest.
const MOST: usize = 16;

/// What a schema is like that holds more than its history says.
struct Ahead {
    /// The oldest later version whose migrations make exactly what is there.
    version: Option<Version>,
    /// What none of the migrations makes.
    others: BTreeSet<ObjectName>,
}

impl Tenants {
    /// Takes what pending migrations create from the objects that should not be there, and tells
    /// which tenants only lack entries of their history.
    ///
    /// # Errors
    ///
    /// That there is no connection.
    pub(super) async fn tell_of_lost_entries(
        &self,
        standings: &[Standing],
        trust: Trust,
        problems: &mut Vec<Problem>,
    ) -> Result<(), Error> {
        let with_more = problems.iter().filter(|it| is_extra(&it.kind));
        let with_more = with_more.filter_map(|it| it.tenant.clone());
        let with_more = with_more.collect::<BTreeSet<_>>();
        let is_suspect = |it: &&Standing| {
            let is_tenant = matches!(it.entry, Entry::Tenant(_));
            is_tenant && self.stopped_inside(it) && with_more.contains(it.entry.key())
        };
        let suspects = standings.iter().filter(is_suspect).collect::<Vec<_>>();
        if suspects.is_empty() {
            return Ok(());
        }
        let mut sets = suspects
            .iter()
            .flat_map(|it| self.later(it))
            .collect::<BTreeSet<_>>();
        sets.insert(self.newest());
        // What cannot be tried is no reason to check nothing.
        let Ok(shapes) = self.expected(sets, trust).await else {
            return Ok(());
        };
        let found = self.ahead(&suspects, &shapes).await?;
        for standing in suspects {
            if let Some(ahead) = found.get(standing.entry.schema_name().as_str()) {
                tell(standing, ahead, problems);
            }
        }
        Ok(())
    }

    /// Whether something is pending that a transaction makes whole or not at all. A migration
    /// outside of one leaves a part when it is cut off, and the next run completes that.
    fn stopped_inside(&self, standing: &Standing) -> bool {
        let next = standing.pending.first();
        let next = next.and_then(|version| self.migrations.tenant.find(version.as_str()));
        next.is_some_and(|migration| migration.in_transaction())
    }

    async fn ahead(
        &self,
        suspects: &[&Standing],
        shapes: &Shapes,
    ) -> Result<BTreeMap<String, Ahead>, Error> {
        let names = suspects.iter().map(|it| it.entry.schema_name().as_str());
        let names = names.collect::<Vec<_>>();
        let later = suspects
            .iter()
            .map(|it| (it.entry.schema_name().as_str(), self.later(it)))
            .collect::<BTreeMap<_, _>>();
        let newest = self.newest();
        let look = |found: Shape| {
            let differences = |set: &Applied| {
                let expected = shapes.get(set)?.shape_of(found.schema());
                Some(compare_with_migrations(&expected, &found))
            };
            let later = later.get(found.schema()).into_iter().flatten();
            let mut fits = later.filter(|set| differences(set).is_some_and(|it| it.is_empty()));
            // By name: what looks like something renamed may be another thing here.
            let newest = shapes.get(&newest).map(|it| it.shape_of(found.schema()));
            let by_name = Compared::WithMigrations { grants: false };
            let others = newest.map(|newest| compare(&newest, &found, by_name));
            let others = others.unwrap_or_default().into_iter();
            let others = others.filter(|it| it.change == Change::Extra);
            Ahead {
                version: fits.next().and_then(|set| set.last().cloned()),
                others: others.map(|it| it.object).collect(),
            }
        };
        let looked = self.look_at_shapes(&names, &look).await?;
        let looked = looked.into_iter().filter_map(|(schema, seen)| match seen {
            Seen::Shape(ahead) => Some((schema, ahead)),
            _ => None,
        });
        Ok(looked.collect())
    }

    /// The sets of migrations up to each version, the oldest first, that have all of the tenant's
    /// and more.
    fn later(&self, standing: &Standing) -> Vec<Applied> {
        let (all, applied) = (self.newest(), self.applied(standing));
        let last = all.iter().rposition(|it| applied.contains(it));
        let fewest = last.map_or(1, |last| last + 1);
        let counts = (fewest..=all.len()).filter(|count| *count > applied.len());
        let counts = counts.rev().take(MOST).collect::<Vec<_>>();
        let sets = counts.into_iter().rev();
        sets.map(|count| all.iter().take(count).cloned().collect())
            .collect()
    }
}

fn is_extra(kind: &ProblemKind) -> bool {
    matches!(kind, ProblemKind::Drift(difference) if difference.change == Change::Extra)
}

/// Whether the registry says which entries are lost, which is more than the shape shows.
fn is_recorded(kind: &ProblemKind) -> bool {
    matches!(kind, ProblemKind::RecordedOnly(_))
}

fn tell(standing: &Standing, ahead: &Ahead, problems: &mut Vec<Problem>) {
    let key = standing.entry.key();
    let is_its = |it: &Problem| it.tenant.as_deref() == Some(key);
    if let Some(version) = &ahead.version {
        let is_explained = |kind: &ProblemKind| {
            matches!(
                kind,
                ProblemKind::Drift(_) | ProblemKind::PendingMigrations(_)
            )
        };
        problems.retain(|it| !(is_its(it) && is_explained(&it.kind)));
        if problems
            .iter()
            .any(|it| is_its(it) && is_recorded(&it.kind))
        {
            return;
        }
        let missing = standing.pending.iter().filter(|it| *it <= version);
        let missing = missing.cloned().collect();
        problems.push(Problem {
            tenant: Some(key.to_owned()),
            kind: ProblemKind::LostEntries {
                version: version.clone(),
                missing,
            },
        });
        return;
    }
    for problem in problems.iter_mut().filter(|it| is_its(it)) {
        let made = match &problem.kind {
            ProblemKind::Drift(it) if is_extra(&problem.kind) => it.object.clone(),
            _ => continue,
        };
        if !ahead.others.contains(&made) {
            let object = made.to_string();
            problem.kind = ProblemKind::MadeByPending { object };
        }
    }
}
