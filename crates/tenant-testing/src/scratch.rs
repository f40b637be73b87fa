//! [`ScratchDatabase`]: a database of a test's own, whatever is in it.

use std::sync::Arc;

use local_postgres::ThrowawayServer;

use crate::caretaker::{self, small};
use crate::failure::{Failure, or_end};
use crate::server::Server;
use tenant_core::Database;

/// An empty database, or a copy of another, dropped with the value.
///
/// Use it for a test of the public migrations, or without tenants.
/// [`Template::database`](crate::Template::database) returns a database with the migrations
/// applied.
#[derive(Debug)]
pub struct ScratchDatabase {
    name: String,
    server: Arc<Server>,
    database: Database,
}

impl ScratchDatabase {
    /// Creates an empty database on the server that all tests share.
    ///
    /// # Panics
    ///
    /// If there is no server, or if the server refuses.
    pub async fn new() -> Self {
        or_end("no database for the test", small(Self::on_shared()).await)
    }

    /// Creates an empty database on the test's own server.
    ///
    /// # Panics
    ///
    /// If the server refuses.
    pub async fn on(server: &ThrowawayServer) -> Self {
        let server = or_end("no database for the test", Server::of(server));
        or_end("no database for the test", Self::make(server, None).await)
    }

    /// Creates a copy. No connection to this database can be open.
    ///
    /// # Panics
    ///
    /// If the server refuses.
    pub async fn copy(&self) -> Self {
        let copied = Self::make(Arc::clone(&self.server), Some(self.name.clone())).await;
        or_end("no copy of the test's database", copied)
    }

    async fn on_shared() -> Result<Self, Failure> {
        Self::make(Server::shared().await?, None).await
    }

    pub(crate) async fn make(
        server: Arc<Server>,
        template: Option<String>,
    ) -> Result<Self, Failure> {
        // A test that is cut off at this moment leaves nothing: the caretaker
        // finishes, and drops what nobody takes.
        caretaker::run(async move {
            let name = server.create(template.as_deref()).await?;
            let database = Database::parse(&server.url(&name))?;
            Ok(Self {
                name,
                server,
                database,
            })
        })
        .await
    }

    /// Returns its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its URL, with the role that created it. With `TEST_DATABASE_URL`, it can contain a
    /// password.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// Returns the database, to open connections.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }
}

impl Drop for ScratchDatabase {
    /// What fails is left to the end of the server, or to the next process.
    fn drop(&mut self) {
        let (server, name) = (Arc::clone(&self.server), self.name.clone());
        drop(caretaker::run_here(
            async move { server.remove(&name).await },
        ));
    }
}
