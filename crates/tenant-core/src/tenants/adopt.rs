//! Makes tenants of schemas that are there.

mod extensions;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::expected::Trust;
use super::handle::Tenants;
use super::known_shapes::Applied;
use super::state;
use crate::engine::{self, Evidence, require_known};
use crate::events::Call;
use crate::migration::Migration;
use crate::name::{Schema, Target};
use crate::report::Note;
use crate::shape::{Compared, Expectation, Shape, compare};
use crate::{Answer, At, Error, SchemaName, TenantName, Version};
use extensions::extensions_inside;

/// What came of adopting a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Adopted {
    /// The newest migration that it has; `None` for none.
    pub version: Option<Version>,
    /// Whether the version was found by the shape; otherwise a table of applied
    /// migrations, or the caller, has said it.
    pub by_shape: bool,
    /// How the schema differs from what its migrations make, in words, if the caller
    /// has said the version.
    pub differences: Vec<String>,
    /// Extensions that lie in the schema ([`Note::ExtensionInside`]).
    pub notes: Vec<Note>,
}

/// The version that a schema is said to have.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Said {
    /// Nobody has said it.
    Nothing,
    /// So many of the migrations.
    Count(usize),
}

/// What each number of migrations makes.
type Steps = Vec<(usize, Arc<Expectation>)>;

/// A schema to make a tenant of. Made by [`Tenants::adopt`].
#[must_use = "nothing is adopted until it is awaited"]
pub struct Adopt<'a> {
    tenants: &'a Tenants,
    name: &'a TenantName,
    at: Option<At>,
}

impl Adopt<'_> {
    /// How far the schema is, whatever it looks like. The version is one of this
    /// program's.
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
            let target = self.tenants.target(self.name);
            let adopted = self.tenants.take_in(&target, self.at);
            Call::Adopt
                .tell_about(Schema::Tenant(&target), adopted)
                .await
        })
    }
}

impl Tenants {
    /// Registers a schema that is there as the tenant `name`.
    ///
    /// A schema with a table of applied migrations is taken as it is. For one without,
    /// the version is found whose shape it has, and recorded; [`Adopt::at`] says it
    /// instead. A tenant that is registered and has no migration recorded gets its
    /// record in the same way.
    ///
    /// # Errors
    ///
    /// [`Error::NoSchema`], [`Error::MissingSchema`], [`Error::NothingToAdopt`] when it
    /// is a whole tenant, [`Error::IsSpare`], [`Error::NoVersionFits`],
    /// [`Error::SeveralVersionsFit`], [`Error::NoVersion`], [`Error::HasLedger`] when
    /// `at` says what the schema says itself, [`Error::OtherProgram`] or
    /// [`Error::AheadOfProgram`] when another program has migrated it, [`Error::Busy`], or that the migrations
    /// could not be tried. Then nothing was changed.
    pub fn adopt<'a>(&'a self, name: &'a TenantName) -> Adopt<'a> {
        Adopt {
            tenants: self,
            name,
            at: None,
        }
    }

    async fn take_in(&self, target: &Target, at: Option<At>) -> Result<Adopted, Error> {
        let schema = &target.schema;
        self.look_for_columns().await?;
        let reading = self.reading().await?;
        let spares = state::names_of_spares(&reading, &self.registry).await?;
        if spares.iter().any(|spare| spare == schema.as_str()) {
            return Err(Error::IsSpare(schema.clone()));
        }
        let elsewhere = self.settings.extensions.as_ref().map(|it| it.name());
        let notes = extensions_inside(&reading, schema, elsewhere).await?;
        drop(reading);
        let said = self.said(at)?;
        let steps = self.steps(&said).await?;
        let adopted = Mutex::new(None);
        let decide = |evidence: &Evidence<'_>| {
            let (count, decided) = self.decide(target, evidence, &said, &steps)?;
            let mut adopted = adopted.lock().unwrap_or_else(PoisonError::into_inner);
            *adopted = Some(decided);
            Ok(count)
        };
        let session = self.session().await?;
        let done = engine::adopt(self.work(&session, Schema::Tenant(target)), &decide).await;
        self.directory.forget(&target.name);
        done?;
        let adopted = adopted.into_inner().unwrap_or_else(PoisonError::into_inner);
        let adopted = adopted.ok_or_else(|| Error::NoSchema(schema.clone()))?;
        Ok(Adopted { notes, ..adopted })
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
    async fn steps(&self, said: &Said) -> Result<Steps, Error> {
        let newest = self.newest();
        let counts = match said {
            Said::Nothing => (0..=newest.len()).collect::<Vec<_>>(),
            Said::Count(count) => vec![*count],
        };
        let of = |count: &usize| newest.iter().take(*count).cloned().collect::<Applied>();
        let sets = counts.iter().map(of).collect::<BTreeSet<_>>();
        let shapes = self.expected(sets, Trust::Tried).await?;
        let steps = counts.iter().filter_map(|count| {
            let shape = shapes.get(&of(count))?;
            Some((*count, Arc::clone(shape)))
        });
        Ok(steps.collect())
    }

    /// How many of the migrations the schema has, and what to say of it.
    fn decide(
        &self,
        target: &Target,
        evidence: &Evidence<'_>,
        said: &Said,
        steps: &Steps,
    ) -> Result<(usize, Adopted), Error> {
        let name = &target.schema;
        let found = match evidence {
            Evidence::Ledger(_) if *said != Said::Nothing => {
                return Err(Error::HasLedger(name.clone()));
            }
            Evidence::Ledger(versions) => {
                let (schema, allowed) = (Schema::Tenant(target), self.settings.unknown_migrations);
                require_known(schema, &self.migrations.tenant, versions, allowed)?;
                let adopted = Adopted {
                    version: versions.last().map(Version::recorded),
                    by_shape: false,
                    differences: Vec::new(),
                    notes: Vec::new(),
                };
                return Ok((0, adopted));
            }
            Evidence::Shape(found) => found,
        };
        let differing = steps
            .iter()
            .map(|(count, expected)| (*count, differing(&expected.of(name.as_str()), found)));
        let differing = differing.collect::<Vec<_>>();
        if let (Said::Count(count), [(_, differences)]) = (said, differing.as_slice()) {
            return Ok((*count, self.adopted(*count, false, differences.clone())));
        }
        let fits = differing
            .iter()
            .filter(|(_, differences)| differences.is_empty());
        let fits = fits.map(|(count, _)| *count).collect::<Vec<_>>();
        match fits.as_slice() {
            [count] => Ok((*count, self.adopted(*count, true, Vec::new()))),
            [] => Err(self.no_version(name, differing)),
            several => Err(Error::SeveralVersionsFit {
                name: name.clone(),
                versions: several.iter().map(|count| self.version(*count)).collect(),
            }),
        }
    }

    fn adopted(&self, count: usize, by_shape: bool, differences: Vec<String>) -> Adopted {
        Adopted {
            version: self.version(count),
            by_shape,
            differences,
            notes: Vec::new(),
        }
    }

    fn no_version(&self, name: &SchemaName, differing: Vec<(usize, Vec<String>)>) -> Error {
        // Of several that are as near, the newest.
        let nearest = differing
            .into_iter()
            .rev()
            .min_by_key(|(_, differences)| differences.len());
        let (count, differences) = nearest.unwrap_or_default();
        Error::NoVersionFits {
            name: name.clone(),
            nearest: self.version(count),
            differences,
        }
    }

    /// The version that a tenant with so many of the migrations is at.
    fn version(&self, count: usize) -> Option<Version> {
        let newest = self.migrations.tenant.iter().take(count).next_back();
        newest.map(|migration| migration.version().clone())
    }
}

/// How a schema differs from what migrations make, in words. Whom it belongs to is no
/// question of the version.
fn differing(expected: &Shape, found: &Shape) -> Vec<String> {
    let compared = Compared::WithMigrations { grants: false };
    let differences = compare(expected, found, compared).into_iter();
    let differences = differences.filter(|it| !it.is_about_owner());
    differences.map(|it| it.to_string()).collect()
}
