//! [`Tenants`]: the tenants of one database, and what all calls on them need.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_postgres::types::{ToSql, Type};

use super::known_shapes::KnownShapes;
use crate::engine::{Settings, Work};
use crate::events::Call;
use crate::fleet::DEFAULT_JOBS;
use crate::link::{Database, Lease, Session, SessionPool};
use crate::migration::{MigrationSet, Migrations};
use crate::name::Schema;
use crate::pool::{Directory, TenantPool, TenantPoolBuilder};
use crate::{Answer, Error, Node, registry};

/// The tenants of one database.
///
/// Cheap to clone; the clones share their connections.
///
/// A call whose future is dropped before it ends may still take effect: the
/// transaction can be on its way to the server. It then takes effect wholly.
#[derive(Clone)]
pub struct Tenants {
    pub(super) database: Database,
    pub(super) sessions: Arc<SessionPool>,
    pub(super) migrations: Arc<Migrations>,
    pub(super) settings: Settings,
    /// The server of the cluster that new tenants are put on; any when `None`.
    pub(super) placement: Option<Node>,
    /// Whether the list of tenants has a column for fingerprints. A database
    /// that was set up by an older program has none, and gets it with the next
    /// public migrations.
    pub(super) fingerprints: Arc<AtomicBool>,
    /// What the pools know of the tenants, to be told when one is changed.
    pub(super) directory: Arc<Directory>,
    /// What the migrations make, as it was found lately.
    pub(super) known: Arc<KnownShapes>,
}

impl Tenants {
    /// The tenants of `database`, whose schemas `migrations` make.
    ///
    /// Connects once, to know that it can.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], or [`Error::NoExtensionsSchema`] when `settings`
    /// names a schema that is not there.
    pub fn open(
        database: Database,
        migrations: Migrations,
        settings: Settings,
    ) -> Answer<'static, Result<Self, Error>> {
        let opened = Self::open_quietly(database, migrations, settings);
        Call::Open.tell(opened)
    }

    async fn open_quietly(
        database: Database,
        migrations: Migrations,
        settings: Settings,
    ) -> Result<Self, Error> {
        let sessions = Arc::new(database.sessions(DEFAULT_JOBS));
        let migrations = Migrations {
            public: migrations.public,
            tenant: migrations.tenant.confined(),
        };
        let tenants = Self {
            sessions,
            database,
            migrations: Arc::new(migrations),
            settings,
            placement: None,
            fingerprints: Arc::default(),
            directory: Arc::default(),
            known: Arc::default(),
        };
        tenants.look_for_cluster().await?;
        tenants.require_extensions().await?;
        tenants.look_for_fingerprints().await?;
        Ok(tenants)
    }

    /// Looks whether the list of tenants has a column for fingerprints, unless
    /// that is known.
    pub(super) async fn look_for_fingerprints(&self) -> Result<(), Error> {
        if self.fingerprints.load(Ordering::Relaxed) {
            return Ok(());
        }
        let exists = "SELECT count(*) FROM pg_catalog.pg_attribute \
                      WHERE attrelid = pg_catalog.to_regclass($1) AND attname = 'fingerprints' \
                      AND NOT attisdropped";
        let session = self.session().await?;
        let table = (&registry::TABLE as &(dyn ToSql + Sync), Type::TEXT);
        let row = session.client().query_typed_one(exists, &[table]).await;
        let count = row.and_then(|row| row.try_get::<_, i64>(0));
        let count =
            count.map_err(|error| Error::database("looking at the list of tenants", error))?;
        self.fingerprints.store(count > 0, Ordering::Relaxed);
        Ok(())
    }

    async fn look_for_cluster(&self) -> Result<(), Error> {
        let session = self.session().await?;
        let looked = self.database.look_for_cluster(session.client()).await;
        looked.map_err(|error| Error::database("looking for Citus", error))
    }

    /// Connects, and looks for the schema with extensions if there is to be one.
    async fn require_extensions(&self) -> Result<(), Error> {
        let session = self.session().await?;
        let Some(extensions) = &self.settings.extensions else {
            return Ok(());
        };
        let exists = "SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = $1";
        let parameter = (&extensions.name() as &(dyn ToSql + Sync), Type::TEXT);
        let row = session.client().query_typed_one(exists, &[parameter]).await;
        match row.and_then(|row| row.try_get::<_, i64>(0)) {
            Ok(0) => Err(Error::NoExtensionsSchema(extensions.name().to_owned())),
            Ok(_) => Ok(()),
            Err(error) => Err(Error::database(
                "looking for the schema with extensions",
                error,
            )),
        }
    }

    /// A pool for the application's own queries on the same database, with the
    /// same schema for extensions. It hears at once of the tenants that are
    /// created, cloned, migrated, rolled back, renamed and dropped here.
    pub fn pool(&self) -> TenantPoolBuilder {
        let pool = TenantPool::builder(self.database.clone());
        let pool = pool.directory(Arc::clone(&self.directory));
        match &self.settings.extensions {
            Some(extensions) => pool.extensions(extensions.clone()),
            None => pool,
        }
    }

    /// The tenants of `database`, which is a copy of this one, over connections of
    /// their own. Nothing is connected yet, and what was found out about this
    /// database is taken to hold for the copy: for tests, which copy a database
    /// for each.
    #[must_use]
    pub fn of_copy(&self, database: Database) -> Self {
        let fingerprints = self.fingerprints.load(Ordering::Relaxed);
        Self {
            sessions: Arc::new(database.sessions(DEFAULT_JOBS)),
            database,
            migrations: Arc::clone(&self.migrations),
            settings: self.settings.clone(),
            placement: self.placement.clone(),
            fingerprints: Arc::new(AtomicBool::new(fingerprints)),
            directory: Arc::default(),
            known: Arc::default(),
        }
    }

    /// The database whose tenants they are.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The migrations of both streams.
    #[must_use]
    pub fn migrations(&self) -> &Migrations {
        &self.migrations
    }

    /// A connection for the work on one schema, or for a question.
    pub(super) async fn session(&self) -> Result<Lease<'_>, Error> {
        Ok(self.sessions.get().await?)
    }

    /// One schema, to work on it over `session`.
    pub(super) fn work<'a>(&'a self, session: &'a Session, schema: Schema<'a>) -> Work<'a> {
        Work {
            session,
            schema,
            migrations: self.stream(schema),
            settings: &self.settings,
            database: &self.database,
            fingerprints: self.fingerprints.load(Ordering::Relaxed),
        }
    }

    fn stream(&self, schema: Schema<'_>) -> &MigrationSet {
        match schema {
            Schema::Public => &self.migrations.public,
            Schema::Tenant(_) | Schema::Spare(_) | Schema::Rehearsal(_) => &self.migrations.tenant,
        }
    }
}
