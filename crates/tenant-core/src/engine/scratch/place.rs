//! The database that migrations are tried in.

use sql_text::ident;

use super::abandoned::{Abandon, drop_abandoned};
use super::extensions::Extensions;
use crate::Error;
use crate::engine::send::execute;
use crate::engine::surroundings::Surroundings;
use crate::engine::work::Work;
use crate::link::{ConnectError, Database, Lease, SessionPool};
use crate::registry::Registry;

/// How often a database is created again that was taken for abandoned before its first session
/// connected.
const ATTEMPTS: usize = 3;

/// A database to try migrations in.
pub(super) struct TrialDatabase {
    database: Database,
    registry: Registry,
    pub(super) surroundings: Surroundings,
    /// The extensions of the database beside it.
    pub(super) extensions: Extensions,
    /// Connected for as long as the database is used, which shows that it is in use.
    sessions: SessionPool,
    abandon: Abandon,
}

impl TrialDatabase {
    /// Creates the database, and drops the databases of programs that were killed.
    ///
    /// # Errors
    ///
    /// A server error.
    pub(super) async fn make(work: Work<'_>) -> Result<Self, Error> {
        drop_abandoned(work).await;
        let mut attempts = 1;
        loop {
            match Self::make_once(work).await {
                Err(Error::Connect(ConnectError::NoDatabase { .. })) if attempts < ATTEMPTS => {
                    attempts += 1;
                }
                made => return made,
            }
        }
    }

    async fn make_once(work: Work<'_>) -> Result<Self, Error> {
        let extensions = Extensions::read(work).await?;
        let name = work.schema.schema_name();
        let abandon = Abandon::new(work.database, name);
        let make = format!("CREATE DATABASE {} TEMPLATE template0", ident(name));
        let action = "create a scratch database for the migrations";
        if let Err(error) = execute(work.session, action, &make).await {
            abandon.done();
            return Err(error);
        }
        let database = work.database.named(name);
        let alike = database.clone();
        let alike = alike.with_settings_of(work.session.client()).await;
        let place = Self {
            sessions: alike.as_ref().unwrap_or(&database).sessions(1),
            database: alike.as_ref().unwrap_or(&database).clone(),
            registry: work.registry.elsewhere(),
            surroundings: Surroundings::default(),
            extensions,
            abandon,
        };
        let opened = match alike {
            Ok(_) => place.session().await.map(drop),
            Err(error) => {
                let action = "copy the settings of the database";
                Err(Error::database(action, error))
            }
        };
        match opened {
            Ok(()) => Ok(place),
            Err(error) => place.remove(work, Err(error)).await,
        }
    }

    /// The connection to it.
    ///
    /// # Errors
    ///
    /// That there is none.
    pub(super) async fn session(&self) -> Result<Lease<'_>, Error> {
        Ok(self.sessions.get().await?)
    }

    /// The same work there.
    pub(super) fn there<'a>(&'a self, work: Work<'a>) -> Work<'a> {
        Work {
            database: &self.database,
            registry: &self.registry,
            surroundings: &self.surroundings,
            ..work
        }
    }

    /// Drops the database. The result of the trial is more useful than the reason why the
    /// database cannot be dropped.
    ///
    /// # Errors
    ///
    /// The errors of `tried`, and server errors.
    pub(super) async fn remove<T>(
        self,
        work: Work<'_>,
        tried: Result<T, Error>,
    ) -> Result<T, Error> {
        let name = ident(work.schema.schema_name());
        let remove = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        let removed = execute(work.session, "drop the scratch database", &remove).await;
        self.abandon.done();
        let tried = tried?;
        removed?;
        Ok(tried)
    }
}
