//! Creates a tenant from a file.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use tenant_archive::{ArchiveError, Manifest, TableSummary};

use super::expected::Trust;
use super::handle::Tenants;
use super::known_shapes::Applied;
use crate::engine::{self, Plan, Source};
use crate::events::Call;
use crate::migration::MigrationSet;
use crate::name::{Schema, Target};
use crate::report::{ArchiveProgress, Imported, TableRows};
use crate::shape::{FORMAT, Shape, compare_with_migrations};
use crate::{Answer, ArchiveFailure, Error, SchemaName, TenantName, Version};

/// An import of a tenant. Returned by [`Tenants::import`].
#[must_use = "nothing is made until it is awaited"]
pub struct Import<'a> {
    tenants: &'a Tenants,
    file: Result<Box<dyn Read + Send>, ArchiveError>,
    name: Option<&'a TenantName>,
    schema: Option<&'a SchemaName>,
    drift: Drift,
    observe: Box<dyn Fn(&ArchiveProgress<'_>) + Send + Sync + 'a>,
}

/// What to do if the tenant in the file differs from what its migrations create.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Drift {
    Refuse,
    Allow,
}

impl<'a> Import<'a> {
    /// Gives the tenant another name than the tenant in the file.
    pub fn named(mut self, name: &'a TenantName) -> Self {
        self.name = Some(name);
        self
    }

    /// Names the tenant's schema, if only the list of tenants knows which schema belongs to which
    /// tenant: see [`Naming::mapped`](crate::Naming::mapped).
    pub fn in_schema(mut self, schema: &'a SchemaName) -> Self {
        self.schema = Some(schema);
        self
    }

    /// Imports a tenant that differed from what its migrations create, or that has partitions which
    /// no migration creates. The import adds missing objects by the definitions in the file. Columns that neither can create are still an error.
    /// Use it for files that you trust: the definitions run as SQL.
    pub fn allow_drift(mut self) -> Self {
        self.drift = Drift::Allow;
        self
    }

    /// Sets a function to run as rows are copied, about once for each megabyte.
    pub fn observe(mut self, observe: impl Fn(&ArchiveProgress<'_>) + Send + Sync + 'a) -> Self {
        self.observe = Box::new(observe);
        self
    }
}

impl<'a> IntoFuture for Import<'a> {
    type Output = Result<Imported, Error>;
    type IntoFuture = Answer<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let Import {
            tenants,
            file,
            name,
            schema,
            drift,
            observe,
        } = self;
        Box::pin(async move {
            let opened = async {
                let source = Source::open(file?).await?;
                let name = match name {
                    Some(name) => name.clone(),
                    None => tenants.name(&source.manifest().tenant)?,
                };
                Ok::<_, Error>((tenants.new_target(&name, schema).await?, source))
            };
            let (target, source) = match opened.await {
                Ok(opened) => opened,
                Err(error) => return Call::Import.tell(async { Err(error) }).await,
            };
            let imported = tenants.import_target(&target, source, drift, &*observe);
            Call::Import
                .tell_of(Schema::Tenant(&target), imported)
                .await
        })
    }
}

impl Tenants {
    /// Creates a tenant from an archive of [`Tenants::export`], in this database or in another one
    /// whose program has the same migrations.
    ///
    /// The call creates the schema by the migrations of the archive, copies the rows, and then
    /// applies the migrations that the archive lacks. Before the commit it reads all rows again and
    /// compares counts, checksums and the definition. Rows come in exactly as they were: no trigger
    /// fires, and foreign keys are checked once at the end. Hooks run as for a new tenant. All of
    /// it is one transaction, except for migrations outside a transaction.
    ///
    /// # Errors
    ///
    /// [`Error::Archive`] if the file is no archive, is damaged or cut off, has migrations that
    /// this program does not have, or differs from what the migrations create, or if rows of
    /// `public` that it refers to do not exist here. The errors of [`Tenants::create`]. No new
    /// tenant exists then, except after [`Error::HalfMade`] and if a pending migration that cannot
    /// share the transaction fails.
    pub fn import(&self, file: impl Read + Send + 'static) -> Import<'_> {
        self.import_of(Ok(Box::new(file)))
    }

    /// The same from a file on the disk.
    pub fn import_file(&self, path: impl AsRef<Path>) -> Import<'_> {
        let action = "read";
        let file = File::open(path);
        let file = file.map_err(|source| ArchiveError::Io { action, source });
        self.import_of(file.map(|file| Box::new(BufReader::new(file)) as _))
    }

    fn import_of(&self, file: Result<Box<dyn Read + Send>, ArchiveError>) -> Import<'_> {
        Import {
            tenants: self,
            file,
            name: None,
            schema: None,
            drift: Drift::Refuse,
            observe: Box::new(|_| {}),
        }
    }

    async fn import_target(
        &self,
        target: &Target,
        mut source: Source,
        drift: Drift,
        observe: &(dyn Fn(&ArchiveProgress<'_>) + Send + Sync),
    ) -> Result<Imported, Error> {
        if self.database.is_cluster() {
            return Err(ArchiveFailure::Cluster.into());
        }
        self.look_for_columns().await?;
        self.prepare_references().await?;
        self.surroundings.forget();
        let migrations = self.migrations_of(source.manifest())?;
        let shape = readable_shape(source.manifest());
        if let (Some(shape), Drift::Refuse) = (&shape, drift) {
            self.refuse_drift(target, shape, &migrations).await?;
        }
        let session = self.session().await?;
        let work = self.work(&session, Schema::Tenant(target));
        let plan = Plan {
            target,
            migrations: &migrations,
            shape: shape.as_ref(),
            trusts_definitions: matches!(drift, Drift::Allow),
            observe,
        };
        let done = engine::import(work, &mut source, &plan).await;
        drop(session);
        self.directory.forget(&target.name);
        match done {
            Ok(tables) => Ok(self.imported(target, source.manifest(), &migrations, &tables)),
            Err(error) => Err(self.told_apart(error).await),
        }
    }

    /// The migrations of this program that the file has.
    fn migrations_of(&self, manifest: &Manifest) -> Result<MigrationSet, Error> {
        let ours = &self.migrations.tenant;
        let versions = manifest.migrations.iter().map(|it| it.version.as_str());
        let unknown = versions.clone().filter(|it| ours.find(it).is_none());
        let versions = versions.collect::<Vec<_>>();
        let unknown = unknown.map(Version::recorded).collect::<Vec<_>>();
        match unknown.is_empty() {
            true => Ok(ours.only(&versions)),
            false => Err(ArchiveFailure::Newer { versions: unknown }.into()),
        }
    }

    /// Compares the definition in the file with what the migrations create.
    async fn refuse_drift(
        &self,
        target: &Target,
        found: &Shape,
        migrations: &MigrationSet,
    ) -> Result<(), Error> {
        let applied = migrations.iter().map(|it| it.version().clone());
        let applied = applied.collect::<Applied>();
        let mut differences = Vec::new();
        // What was kept of an earlier trial may be out of date.
        for trust in [Trust::Kept, Trust::TriedIfPossible] {
            let set = BTreeSet::from([applied.clone()]);
            let shapes = self.expected(set, trust).await?;
            let Some(expected) = shapes.get(&applied) else {
                return Ok(());
            };
            differences = compare_with_migrations(&expected.shape_of(found.schema()), found);
            if differences.is_empty() {
                return Ok(());
            }
        }
        let differences = differences.iter().map(ToString::to_string);
        let failure = ArchiveFailure::Differs {
            name: target.name.clone(),
            differences: differences.collect(),
        };
        Err(failure.into())
    }

    fn imported(
        &self,
        target: &Target,
        manifest: &Manifest,
        migrations: &MigrationSet,
        tables: &[TableSummary],
    ) -> Imported {
        let ours = self.migrations.tenant.iter();
        let later = ours.filter(|it| migrations.find(it.version().as_str()).is_none());
        let edited = manifest.migrations.iter().filter(|it| {
            let ours = migrations.find(&it.version);
            let ours = ours.map(|it| it.fingerprint().to_owned());
            it.fingerprint.is_some() && it.fingerprint != ours
        });
        let rows = manifest.tables.iter().zip(tables);
        Imported {
            name: target.name.clone(),
            schema: target.schema.clone(),
            from: manifest.tenant.clone(),
            exported_at: manifest.exported_at.clone(),
            tables: rows
                .map(|(table, summary)| TableRows::new(&table.name, summary))
                .collect(),
            rows: tables.iter().map(|it| it.rows).sum(),
            applied: later.map(|it| it.version().clone()).collect(),
            edited: edited.map(|it| Version::recorded(&*it.version)).collect(),
        }
    }
}

/// The definition in the file, if it is in the form of this program.
fn readable_shape(manifest: &Manifest) -> Option<Shape> {
    let definition = &manifest.definition;
    let is_known = definition.form == FORMAT;
    Shape::from_text(&definition.text).filter(|_| is_known)
}
