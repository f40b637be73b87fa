//! [`Tenants`]: the tenants of one database, and what all calls on them need.

use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{SimpleColumn, SimpleQueryMessage};

use super::known_shapes::{Applied, KnownShapes};
use super::one_statement::require_one_statement;
use crate::engine::{Listener, Settings, Surroundings, Work};
use crate::events::Call;
use crate::fleet::DEFAULT_JOBS;
use crate::link::{Database, Lease, Session, SessionPool};
use crate::migration::{MigrationSet, Migrations};
use crate::name::Schema;
use crate::path::RuntimePath;
use crate::pool::{Directory, TenantPool, TenantPoolBuilder};
use crate::registry::Registry;
use crate::report::Waiting;
use crate::{Answer, Error, InvalidName, InvalidSchemaName, Node, SchemaName, TenantName};

/// The tenants of one database.
///
/// Clones are cheap and share their connections.
///
/// If you drop the future of a call, the call may still take effect, because the transaction can be
/// on its way to the server. It then takes effect completely.
#[derive(Clone)]
pub struct Tenants {
    pub(super) database: Database,
    pub(super) sessions: Arc<SessionPool>,
    pub(super) migrations: Arc<Migrations>,
    pub(super) settings: Settings,
    /// The server of the cluster that new tenants are put on; any when `None`.
    pub(super) placement: Option<Node>,
    /// Returns the lists of tenants and spares.
    pub(super) registry: Registry,
    /// What the pools know of the tenants, to be told when one is changed.
    pub(super) directory: Arc<Directory>,
    /// What the migrations make, as it was found lately.
    pub(super) known: Arc<KnownShapes>,
    /// The same under the name of a schema.
    pub(super) known_names: Arc<KnownShapes<(Applied, String)>>,
    /// What is in the schema of extensions.
    pub(super) surroundings: Arc<Surroundings>,
    /// Hears when a call waits for another run.
    pub(super) listener: Option<Arc<Listener>>,
}

impl Tenants {
    /// Opens the tenants of `database`, whose schemas `migrations` create.
    ///
    /// The call connects once to check the connection.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], [`Error::NoExtensionsSchema`] if `settings` names a schema that does not
    /// exist, or [`Error::InvalidExtensionsSchema`] if the name is not valid.
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
        let database = database.limited(settings.limits());
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
            registry: Registry::default(),
            directory: Arc::default(),
            known: Arc::default(),
            known_names: Arc::default(),
            surroundings: Arc::default(),
            listener: None,
        };
        tenants.look_for_cluster().await?;
        tenants.require_extensions().await?;
        tenants.look_for_columns().await?;
        Ok(tenants)
    }

    /// Looks which columns the lists have, unless they have all of them. A database that
    /// was set up by an older program lacks some, and gets them with the next public
    /// migrations.
    pub(super) async fn look_for_columns(&self) -> Result<(), Error> {
        if self.registry.is_complete() {
            return Ok(());
        }
        let session = self.session().await?;
        let failed = |error| Error::database("read the list of tenants", error);
        if let Some(probe) = self.registry.application_text() {
            require_one_statement(&session, &probe).await?;
        }
        if let Some(describing) = self.registry.describing() {
            match session.client().simple_query(&describing).await {
                Ok(told) => self.registry.learn_query(columns(&told))?,
                // The application's own migrations make its tables.
                Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        let lists = self.registry.lists();
        let lists = (&lists.as_slice() as &(dyn ToSql + Sync), Type::TEXT_ARRAY);
        let rows = session
            .client()
            .query_typed(Registry::COLUMNS, &[lists])
            .await;
        let rows = rows.map_err(failed)?;
        let columns = rows
            .iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
        let columns = columns.collect::<Result<Vec<_>, _>>().map_err(failed)?;
        self.registry.learn(&columns);
        Ok(())
    }

    /// Returns the same tenants with another registry. Its table must exist, or the
    /// public migrations must create it. Open pools from the returned value.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], or a server error.
    pub fn listed_in(&self, registry: Registry) -> Answer<'_, Result<Self, Error>> {
        let listed = Self {
            registry,
            directory: Arc::default(),
            ..self.clone()
        };
        Box::pin(async move {
            listed.look_for_columns().await?;
            Ok(listed)
        })
    }

    /// Returns the lists of tenants and spares.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Reads the name of a new tenant from outside, by the rules of the naming. See
    /// [`Naming::name`](crate::Naming::name).
    ///
    /// # Errors
    ///
    /// [`InvalidName`] with the rule that it breaks.
    pub fn name(&self, text: &str) -> Result<TenantName, InvalidName> {
        self.registry.names().name(text)
    }

    async fn look_for_cluster(&self) -> Result<(), Error> {
        let session = self.session().await?;
        let looked = self.database.look_for_cluster(session.client()).await;
        looked.map_err(|error| Error::database("look for Citus", error))
    }

    /// Connects, and looks for the schema with extensions if there is to be one.
    async fn require_extensions(&self) -> Result<(), Error> {
        let session = self.session().await?;
        let Some(extensions) = &self.settings.extensions else {
            return Ok(());
        };
        require_possible(extensions.name())?;
        let exists = "SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = $1";
        let parameter = (&extensions.name() as &(dyn ToSql + Sync), Type::TEXT);
        let row = session.client().query_typed_one(exists, &[parameter]).await;
        match row.and_then(|row| row.try_get::<_, i64>(0)) {
            Ok(0) => Err(Error::NoExtensionsSchema(extensions.name().to_owned())),
            Ok(_) => Ok(()),
            Err(error) => Err(Error::database(
                "look for the schema with extensions",
                error,
            )),
        }
    }

    /// Returns the same tenants with other schemas behind each tenant's schema in the application's
    /// search path, instead of [`Settings::runtime_path`].
    #[must_use]
    pub fn behind(&self, path: RuntimePath) -> Self {
        let settings = Settings {
            runtime_path: path,
            ..self.settings.clone()
        };
        Self {
            settings,
            ..self.clone()
        }
    }

    /// Returns the schemas behind each tenant's schema in the application's search path: the
    /// schemas of the settings, and the schema for extensions.
    #[must_use]
    pub fn runtime_path(&self) -> RuntimePath {
        let extensions = self.settings.extensions.as_ref();
        self.settings.runtime_path.with_extensions(extensions)
    }

    /// Returns a builder for the application's pool on the same database, with the same search
    /// path. The pool immediately knows about tenants that this value creates, clones, migrates,
    /// rolls back, renames or drops.
    pub fn pool(&self) -> TenantPoolBuilder {
        let pool = TenantPool::builder(self.database.clone());
        let pool = pool.directory(Arc::clone(&self.directory));
        let pool = pool.registry(self.registry.clone());
        let pool = pool.behind(self.settings.runtime_path.clone());
        match &self.settings.extensions {
            Some(extensions) => pool.extensions(extensions.clone()),
            None => pool,
        }
    }

    /// Returns the tenants of `database`, a copy of this database, with their own connections. The
    /// call does not connect, and assumes that the known facts about this database hold for the
    /// copy. Use it in tests that copy a database.
    #[must_use]
    pub fn of_copy(&self, database: Database) -> Self {
        let database = database.limited(self.settings.limits());
        Self {
            sessions: Arc::new(database.sessions(DEFAULT_JOBS)),
            database,
            migrations: Arc::clone(&self.migrations),
            settings: self.settings.clone(),
            placement: self.placement.clone(),
            registry: self.registry.in_copy(),
            directory: Arc::default(),
            known: Arc::default(),
            known_names: Arc::default(),
            surroundings: Arc::default(),
            listener: self.listener.clone(),
        }
    }

    /// Returns the same tenants, whose calls wait at most `limit` for another run on the same
    /// schema. Zero means no wait. A web request usually waits less than a migration at program
    /// start, for which [`Settings::wait`] is meant.
    #[must_use]
    pub fn waiting_at_most(&self, limit: Duration) -> Self {
        let settings = Settings {
            wait: limit,
            ..self.settings.clone()
        };
        Self {
            settings,
            ..self.clone()
        }
    }

    /// Returns the same tenants, whose calls run `listen` when they wait for another run on the
    /// same schema. `listen` runs once for each wait, about a second after it starts.
    /// [`Settings::wait`] limits the wait.
    #[must_use]
    pub fn on_wait(&self, listen: impl Fn(&Waiting<'_>) + Send + Sync + 'static) -> Self {
        Self {
            listener: Some(Arc::new(listen)),
            ..self.clone()
        }
    }

    /// Returns the database of the tenants.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Returns the migrations of both streams.
    #[must_use]
    pub fn migrations(&self) -> &Migrations {
        &self.migrations
    }

    /// Fails if the server is a standby, where nothing can be changed. Use it before you ask a
    /// person to confirm a change.
    ///
    /// # Errors
    ///
    /// [`Error::Standby`], [`Error::Connect`], or a server error.
    pub fn require_primary(&self) -> Answer<'_, Result<(), Error>> {
        Box::pin(async move {
            let session = self.session().await?;
            let question = "SELECT pg_catalog.pg_is_in_recovery()";
            let row = session.client().query_typed_one(question, &[]).await;
            match row.and_then(|row| row.try_get(0)) {
                Ok(true) => Err(Error::standby(&self.database)),
                Ok(false) => Ok(()),
                Err(error) => Err(Error::database(
                    "check whether the server is a standby",
                    error,
                )),
            }
        })
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
            registry: &self.registry,
            surroundings: &self.surroundings,
            listener: self.listener.as_deref(),
        }
    }

    fn stream(&self, schema: Schema<'_>) -> &MigrationSet {
        match schema {
            Schema::Public => &self.migrations.public,
            Schema::Tenant(_) | Schema::Spare(_) | Schema::Rehearsal(_) => &self.migrations.tenant,
        }
    }
}

/// The columns that a query gives.
fn columns(told: &[SimpleQueryMessage]) -> impl Iterator<Item = &str> + Clone {
    let columns = told.iter().filter_map(|one| match one {
        SimpleQueryMessage::RowDescription(columns) => Some(columns.iter()),
        _ => None,
    });
    columns.flatten().map(SimpleColumn::name)
}

/// Refuses what no schema for extensions can be called: PostgreSQL would cut the name, or
/// look into its own schema first.
fn require_possible(name: &str) -> Result<(), Error> {
    match name.parse::<SchemaName>() {
        Err(InvalidSchemaName { rule, .. }) if name != "public" => {
            Err(Error::InvalidExtensionsSchema {
                name: name.to_owned(),
                rule,
            })
        }
        _ => Ok(()),
    }
}
