//! Which migrations are the baseline, which ones it replaces, and of which schemas that can
//! be said.

use std::collections::BTreeSet;

use crate::migration::{Migration, MigrationSet};
use crate::tenants::recording::Job;
use crate::tenants::state::Standing;
use crate::{Error, Version};

/// What replaces what.
#[derive(Debug)]
pub(super) struct Replacing<'a> {
    migrations: &'a MigrationSet,
    /// The migrations up to the baseline, oldest first.
    baseline: Vec<&'a Migration>,
    /// The newest old version that the baseline replaces, if there is one.
    through: Option<Version>,
    /// The old versions that each schema has to have.
    required: BTreeSet<Version>,
}

/// What the caller has said of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    pub(super) baseline: Option<Version>,
    pub(super) through: Option<Version>,
}

impl<'a> Replacing<'a> {
    /// Finds out what replaces what, from where all schemas stand. `None` when none has an
    /// old migration.
    ///
    /// # Errors
    ///
    /// [`Error::NoVersion`] for a baseline that this program lacks,
    /// [`Error::BaselineUnclear`].
    pub(super) fn find(
        migrations: &'a MigrationSet,
        standings: &[&Standing],
        said: &Said,
    ) -> Result<Option<Self>, Error> {
        let named = said
            .baseline
            .as_ref()
            .map(|version| known(migrations, version));
        let named = named.transpose()?;
        let old = standings.iter().flat_map(|standing| &standing.unknown);
        let old = old.collect::<BTreeSet<_>>();
        if old.is_empty() {
            return Ok(None);
        }
        let newest = match named {
            Some(newest) => newest,
            None => oldest_lacking(migrations, standings)?,
        };
        let baseline = migrations
            .iter()
            .filter(|one| one.version() <= newest.version());
        let is_replaced = |version: &&Version| *version < newest.version();
        let (through, required) = match &said.through {
            Some(through) => (Some(through.clone()), BTreeSet::from([through.clone()])),
            None => {
                let replaced = old.into_iter().filter(is_replaced).cloned();
                let replaced = replaced.collect::<BTreeSet<_>>();
                (replaced.last().cloned(), replaced)
            }
        };
        Ok(Some(Self {
            migrations,
            baseline: baseline.collect(),
            through,
            required,
        }))
    }

    /// What is to be recorded of a schema; `None` when it has no old migration.
    ///
    /// # Errors
    ///
    /// [`Error::AheadOfBaseline`], [`Error::BehindBaseline`].
    pub(super) fn job(&self, standing: &Standing) -> Result<Option<Job<'a>>, Error> {
        if standing.unknown.is_empty() {
            return Ok(None);
        }
        let schema = || standing.entry.schema().to_string();
        let is_ahead = |version: &&Version| Some(*version) > self.through.as_ref();
        let ahead = standing.unknown.iter().filter(is_ahead).cloned();
        let ahead = ahead.collect::<Vec<_>>();
        if !ahead.is_empty() {
            return Err(Error::AheadOfBaseline {
                schema: schema(),
                versions: ahead,
            });
        }
        let lacks = |version: &&Version| !standing.unknown.contains(version);
        let lacking = self.required.iter().filter(lacks).cloned();
        let lacking = lacking.collect::<Vec<_>>();
        if !lacking.is_empty() {
            return Err(Error::BehindBaseline {
                schema: schema(),
                versions: lacking,
            });
        }
        Ok(Some(self.recording(standing)))
    }

    fn recording(&self, standing: &Standing) -> Job<'a> {
        let mut job = Job::new(standing, self.migrations);
        let is_pending = |one: &&&Migration| standing.pending.contains(one.version());
        job.record = self.baseline.iter().filter(is_pending).copied().collect();
        job.of
            .extend(job.record.iter().map(|one| one.version().clone()));
        job.of.sort();
        job.forget.clone_from(&standing.unknown);
        job.texts.clone_from(&job.record);
        // A baseline that bears the version of an old migration is recorded already, with
        // the text of that one.
        if let Some(newest) = self.baseline.last().filter(|_| job.record.is_empty()) {
            job.texts.push(newest);
        }
        job
    }
}

fn known<'a>(migrations: &'a MigrationSet, version: &Version) -> Result<&'a Migration, Error> {
    let found = migrations.find(version.as_str());
    found.ok_or_else(|| Error::NoVersion(version.clone()))
}

/// The oldest migration that schemas lack although they have old ones, if it is the same of
/// all of them.
fn oldest_lacking<'a>(
    migrations: &'a MigrationSet,
    standings: &[&Standing],
) -> Result<&'a Migration, Error> {
    let with_old = standings.iter().filter(|it| !it.unknown.is_empty());
    let candidates = with_old.filter_map(|standing| standing.pending.first());
    let candidates = candidates.collect::<BTreeSet<_>>();
    match Vec::from_iter(&candidates).as_slice() {
        [one] => known(migrations, one),
        _ => Err(Error::BaselineUnclear {
            candidates: candidates.into_iter().cloned().collect(),
        }),
    }
}
