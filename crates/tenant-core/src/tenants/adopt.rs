//! Registers existing schemas as tenants.

mod extensions;
mod lost;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::expected::Trust;
use super::handle::Tenants;
use super::known_shapes::Applied;
use super::ledgers::{Unreached, read_ledgers};
use super::others_tables::has_others_tables;
use super::reading::Reading;
use super::state;
use crate::engine::{self, Evidence, require_known};
use crate::events::Call;
use crate::migration::Migration;
use crate::name::{Schema, Target};
use crate::report::Note;
use crate::shape::{Compared, Difference, Expectation, Shape, compare};
use crate::{Answer, At, Error, ForeignSign, SchemaName, TenantName, Version};
use extensions::extensions_inside;

/// The result of adopting a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Adopted {
    /// The newest migration of the schema; `None` if it has none.
    pub version: Option<Version>,
    /// Whether the version was found by comparing the schema definition. If not, the migration
    /// history or the caller gave it.
    pub by_shape: bool,
    /// How the schema differs from what its migrations create, in words. Only if the migration
    /// history or the caller gave the version.
    pub differences: Vec<String>,
    /// Extensions in the schema ([`Note::ExtensionInside`]), and schemas that could not be compared
    /// ([`Note::NothingCompared`]).
    pub notes: Vec<Note>,
}

/// The version that a schema is said to have.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Said {
    /// No version was given.
    Nothing,
    /// The schema has this many of the migrations.
    Count(usize),
}

/// What migrations make that the schema may have.
struct Steps {
    /// Each number of migrations, from the oldest.
    of_counts: Vec<(usize, Arc<Expectation>)>,
    /// Those that its table of applied migrations names, as it was found.
    of_ledger: Option<(Applied, Arc<Expectation>)>,
    /// Those that the history or the registry lists, if the history lacks entries.
    of_both: Option<(Applied, Arc<Expectation>)>,
}

/// A schema to register as a tenant. Returned by [`Tenants::adopt`].
#[must_use = "nothing is adopted until it is awaited"]
pub struct Adopt<'a> {
    tenants: &'a Tenants,
    name: &'a TenantName,
    schema: Option<&'a SchemaName>,
    at: Option<At>,
}

impl<'a> Adopt<'a> {
    /// Names the schema, if only the list of tenants knows which schema belongs to which tenant:
    /// see [`Naming::mapped`](crate::Naming::mapped).
    pub fn in_schema(mut self, schema: &'a SchemaName) -> Self {
        self.schema = Some(schema);
        self
    }

    /// Sets the version of the schema, whatever its definition. It must be a version of this
    /// program.
    pub fn at(mut self, at: impl Into<At>) -> Self {
        self.at = Some(at.into());
        self
    }
}

impl<'a> IntoFuture for Adopt<'a> {
    type Output = Result<Adopted, Error>;
    type IntoFuture = Answer<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let target = self
                .tenants
                .new_target_for(Call::Adopt, self.name, self.schema);
            let target = target.await?;
            let adopted = self.tenants.take_in(&target, self.at);
            Call::Adopt
                .tell_about(Schema::Tenant(&target), adopted)
                .await
        })
    }
}

impl Tenants {
    /// Registers an existing schema as the tenant `name`.
    ///
    /// A schema with a migration history keeps its version, and is compared with what its
    /// migrations create. For a schema without a history, the call finds the version that matches
    /// the schema definition, and records it. [`Adopt::at`] sets the version instead.
    ///
    /// A registered tenant without a recorded migration gets its history in the same way. If the
    /// history lacks entries that the registry records, the call adds them. For other lost entries,
    /// [`Adopt::at`] adds the entries up to that version. The schema must match these migrations.
    ///
    /// # Errors
    ///
    /// [`Error::NoSchema`], [`Error::MissingSchema`], [`Error::NothingToAdopt`] if it already is a
    /// complete tenant, [`Error::IsSpare`], [`Error::NoVersionFits`],
    /// [`Error::SeveralVersionsFit`], [`Error::NoVersion`], [`Error::HasLedger`] if `at` is set
    /// although the schema has a history, [`Error::OtherProgram`] or [`Error::AheadOfProgram`] if
    /// another program has migrated it, [`Error::Busy`], or a failed trial run. Nothing is changed
    /// then.
    pub fn adopt<'a>(&'a self, name: &'a TenantName) -> Adopt<'a> {
        Adopt {
            tenants: self,
            name,
            schema: None,
            at: None,
        }
    }

    async fn take_in(&self, target: &Target, at: Option<At>) -> Result<Adopted, Error> {
        let schema = &target.schema;
        self.require_sole(target).await?;
        self.look_for_columns().await?;
        let reading = self.reading().await?;
        let spares = state::names_of_spares(&reading, &self.registry).await?;
        if spares.iter().any(|spare| spare == schema.as_str()) {
            return Err(Error::IsSpare(schema.clone()));
        }
        let elsewhere = self.settings.extensions.as_ref().map(|it| it.name());
        let notes = extensions_inside(&reading, schema, elsewhere).await?;
        let applied = applied_in(&reading, schema).await;
        drop(reading);
        let said = self.said(at)?;
        let both = match said {
            Said::Nothing => self.in_either_record(target, &applied).await?,
            Said::Count(_) => None,
        };
        let steps = self.steps(&said, &applied, both).await?;
        let adopted = Mutex::new(None);
        let decide = |evidence: &Evidence<'_>| {
            let (versions, decided) = self.decide(target, evidence, &said, &steps)?;
            let mut adopted = adopted.lock().unwrap_or_else(PoisonError::into_inner);
            *adopted = Some(decided);
            Ok(versions)
        };
        let session = self.session().await?;
        let done = engine::adopt(self.work(&session, Schema::Tenant(target)), &decide).await;
        self.directory.forget(&target.name);
        done?;
        let adopted = adopted.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut adopted = adopted.ok_or_else(|| Error::NoSchema(schema.clone()))?;
        adopted.notes.extend(notes);
        Ok(adopted)
    }

    fn said(&self, at: Option<At>) -> Result<Said, Error> {
        let version = match at {
            None => return Ok(Said::Nothing),
            Some(At::Nothing) => return Ok(Said::Count(0)),
            Some(At::Version(version)) => version,
        };
        let mut versions = self.migrations.tenant.iter().map(Migration::version);
        match versions.position(|known| *known == version) {
            Some(position) => Ok(Said::Count(position + 1)),
            None => Err(Error::NoVersion(version)),
        }
    }

    /// The shapes that the schema may have.
    async fn steps(
        &self,
        said: &Said,
        applied: &[String],
        both: Option<Applied>,
    ) -> Result<Steps, Error> {
        let newest = self.newest();
        let counts = match said {
            // Its table says it.
            Said::Nothing if !applied.is_empty() => Vec::new(),
            Said::Nothing => (0..=newest.len()).collect::<Vec<_>>(),
            Said::Count(count) => vec![*count],
        };
        let of = |count: &usize| newest.iter().take(*count).cloned().collect::<Applied>();
        let of_ledger = self.known_of(applied);
        let of_ledger = of_ledger.filter(|it| !it.is_empty());
        let sets = counts.iter().map(of).chain(of_ledger.clone());
        let sets = sets.chain(both.clone());
        let shapes = self.expected(sets.collect(), Trust::Tried).await?;
        let of_counts = counts.iter().filter_map(|count| {
            let shape = shapes.get(&of(count))?;
            Some((*count, Arc::clone(shape)))
        });
        let with_shape = |set: Applied| {
            let shape = Arc::clone(shapes.get(&set)?);
            Some((set, shape))
        };
        Ok(Steps {
            of_counts: of_counts.collect(),
            of_ledger: of_ledger.and_then(with_shape),
            of_both: both.and_then(with_shape),
        })
    }

    /// The versions `applied`, if this program has all of them.
    fn known_of(&self, applied: &[String]) -> Option<Applied> {
        let ours = &self.migrations.tenant;
        let all = ours.unknown(applied).is_empty();
        all.then(|| applied.iter().map(Version::recorded).collect())
    }

    /// Which of the migrations the schema has, and what to say of it.
    fn decide(
        &self,
        target: &Target,
        evidence: &Evidence<'_>,
        said: &Said,
        steps: &Steps,
    ) -> Result<(Applied, Adopted), Error> {
        let name = &target.schema;
        if let Some(completed) = self.completed_by_list(target, evidence, steps) {
            return completed;
        }
        let (found, is_registered) = match evidence {
            Evidence::Ledger(versions, found, is_registered) => {
                if let Some(completed) = self.completed(target, versions, found, said, steps) {
                    return completed;
                }
                if *is_registered {
                    return Err(Error::NothingToAdopt(target.name.clone()));
                }
                // Where it cannot be adopted, that it needs no version would lead nowhere.
                let adopted = self.as_recorded(target, versions, found, steps)?;
                if *said != Said::Nothing {
                    return Err(Error::HasLedger(name.clone()));
                }
                return Ok((Applied::new(), adopted));
            }
            Evidence::Shape(found, is_registered) => (found, is_registered),
        };
        let differing = steps.of_counts.iter().map(|(count, expected)| {
            let differing = differing(&expected.of(name.as_str()), found);
            (*count, in_words(&differing))
        });
        let differing = differing.collect::<Vec<_>>();
        if let (Said::Count(count), [(_, differences)]) = (said, differing.as_slice()) {
            let adopted = self.adopted(*count, false, differences.clone());
            return Ok((self.first(*count), adopted));
        }
        let fits = differing
            .iter()
            .filter(|(_, differences)| differences.is_empty());
        let fits = fits.map(|(count, _)| *count).collect::<Vec<_>>();
        match fits.as_slice() {
            [count] => Ok((self.first(*count), self.adopted(*count, true, Vec::new()))),
            [] => Err(self.no_version(name, *is_registered, &differing)),
            several => Err(Error::SeveralVersionsFit {
                name: name.clone(),
                versions: several.iter().map(|count| self.version(*count)).collect(),
            }),
        }
    }

    /// A schema whose table of applied migrations holds `versions`. Nothing is known of their
    /// texts, so what is in it shows whose it is.
    fn as_recorded(
        &self,
        target: &Target,
        versions: &[String],
        found: &Shape,
        steps: &Steps,
    ) -> Result<Adopted, Error> {
        let (schema, allowed) = (Schema::Tenant(target), self.settings.unknown_migrations);
        require_known(schema, &self.migrations.tenant, versions, allowed)?;
        let adopted = Adopted {
            version: versions.last().map(Version::recorded),
            by_shape: false,
            differences: Vec::new(),
            notes: Vec::new(),
        };
        let Some(known) = self.known_of(versions) else {
            let schema = target.schema.to_string();
            let notes = vec![Note::NothingCompared { schema }];
            return Ok(Adopted { notes, ..adopted });
        };
        let expected = steps.of_ledger.as_ref().filter(|(set, _)| *set == known);
        let Some((versions, expected)) = expected else {
            // Another run has changed it since it was looked at.
            return Err(Error::Busy {
                schema: schema.to_string(),
                waited: Duration::ZERO,
                holders: Vec::new(),
            });
        };
        let expected = expected.of(target.schema.as_str());
        let differing = differing(&expected, found);
        if has_others_tables(&differing, &expected) {
            return Err(Error::OtherProgram {
                schema: schema.to_string(),
                versions: versions.clone(),
                sign: ForeignSign::OtherTables,
            });
        }
        let differences = in_words(&differing);
        Ok(Adopted {
            differences,
            ..adopted
        })
    }

    fn adopted(&self, count: usize, by_shape: bool, differences: Vec<String>) -> Adopted {
        Adopted {
            version: self.version(count),
            by_shape,
            differences,
            notes: Vec::new(),
        }
    }

    fn no_version(
        &self,
        name: &SchemaName,
        is_registered: bool,
        differing: &[(usize, Vec<String>)],
    ) -> Error {
        // Of several that are as near, the newest.
        let nearest = differing
            .iter()
            .rev()
            .min_by_key(|(_, differences)| differences.len());
        let (count, differences) = nearest.cloned().unwrap_or_default();
        let alike = differing
            .iter()
            .filter(|(other, same)| *other != count && *same == differences);
        Error::NoVersionFits {
            name: name.clone(),
            nearest: self.version(count),
            alike: alike.map(|(count, _)| self.version(*count)).collect(),
            is_registered,
            differences,
        }
    }

    /// The first `count` migrations.
    fn first(&self, count: usize) -> Applied {
        self.newest().into_iter().take(count).collect()
    }

    /// The version of a tenant that has the first `count` migrations.
    fn version(&self, count: usize) -> Option<Version> {
        let newest = self.migrations.tenant.iter().take(count).next_back();
        newest.map(|migration| migration.version().clone())
    }
}

/// How a schema differs from what migrations make. Whom it belongs to is no question of the
/// version.
fn differing(expected: &Shape, found: &Shape) -> Vec<Difference> {
    let compared = Compared::WithMigrations { grants: false };
    let differences = compare(expected, found, compared).into_iter();
    differences.filter(|it| !it.is_about_owner()).collect()
}

fn in_words(differences: &[Difference]) -> Vec<String> {
    differences.iter().map(Difference::to_string).collect()
}

/// The versions in the schema's table of applied migrations; none where it cannot be read.
async fn applied_in(reading: &Reading<'_>, schema: &SchemaName) -> Vec<String> {
    let (schemas, mut ledgers) = ([schema.clone()], Vec::new());
    read_ledgers(reading, &schemas, &Unreached::default(), &mut ledgers).await;
    let read = ledgers.into_iter().next();
    read.and_then(|(_, read)| read.ok()).unwrap_or_default()
}
