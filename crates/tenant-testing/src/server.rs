//! The server that the tests of a process share, and what is done on it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use local_postgres::ThrowawayServer;
use tokio::sync::OnceCell;
use tokio_postgres::Client;

use crate::failure::{Failure, or_end};
use crate::{caretaker, environment, maker, sweep};
use tenant_core::Database;
use tenant_core::{quote_ident, quote_literal};

static SHARED: OnceCell<Result<Arc<Server>, String>> = OnceCell::const_new();

/// How often it is looked whether the connections to a database are gone, before
/// the server is left to wait for them itself.
const PATIENCE: u32 = 25;

/// How long to wait in between.
const PAUSE: Duration = Duration::from_millis(2);

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A server on which databases are made for tests.
pub(crate) struct Server {
    /// The URL of a database that is always there.
    url: String,
    database: Database,
    kind: Kind,
}

/// Who sees to it that nothing is left when the process is killed.
enum Kind {
    /// The server's own watchdog, which ends it with the process.
    Ours(ThrowawayServer),
    /// The same, of a server that the test has started.
    OfTheTest,
    /// The next process, which sees that this one's lock is gone.
    Given { _lock: Client },
}

/// Returns the URL of a database on the server that the tests of this process share.
///
/// The server is the one of `TEST_DATABASE_URL`, or a server that starts now and ends with the
/// process.
///
/// # Panics
///
/// If there is no such server. The message has the reason and what to do about it.
#[must_use]
pub fn server_url(database: &str) -> String {
    let found = caretaker::run_here(async { Server::shared().await });
    let server = or_end("no server for the tests", found);
    server.map_or_else(String::new, |server| server.url(database))
}

impl Server {
    /// The one that all tests of this process share.
    pub(crate) async fn shared() -> Result<Arc<Self>, Failure> {
        let found = SHARED.get_or_init(async || {
            let found = caretaker::run(Self::find()).await;
            found.map(Arc::new).map_err(|failure| failure.chain())
        });
        // What one test could not find, the next one would not find either.
        found.await.clone().map_err(Failure::Known)
    }

    /// One of the test's own.
    pub(crate) fn of(server: &ThrowawayServer) -> Result<Arc<Self>, Failure> {
        let new = Self::new(server.url("postgres"), Kind::OfTheTest)?;
        Ok(Arc::new(new))
    }

    async fn find() -> Result<Self, Failure> {
        match environment::test_database_url() {
            Some(url) => Self::given(url).await,
            None => Self::throwaway().await,
        }
    }

    async fn throwaway() -> Result<Self, Failure> {
        // Many tests hold connections at the same time.
        let builder = ThrowawayServer::builder().setting("max_connections", "300");
        let started = tokio::task::spawn_blocking(|| builder.start()).await;
        let started = started.map_err(|error| Failure::Runtime(error.to_string()))?;
        let server = started.map_err(Failure::NoServer)?;
        Self::new(server.url("postgres"), Kind::Ours(server))
    }

    async fn given(url: String) -> Result<Self, Failure> {
        let database = Database::parse(&url).map_err(Failure::Given)?;
        if !database.is_direct().await.map_err(Failure::Given)? {
            return Err(Failure::Pooler);
        }
        let client = database.driver().await.map_err(Failure::Given)?;
        maker::show_that_we_live(&client).await?;
        sweep::sweep(&client).await?;
        Self::new(url, Kind::Given { _lock: client })
    }

    fn new(url: String, kind: Kind) -> Result<Self, Failure> {
        Ok(Self {
            database: Database::parse(&url)?,
            url,
            kind,
        })
    }

    /// Whether it outlives this process.
    pub(crate) fn is_given(&self) -> bool {
        matches!(self.kind, Kind::Given { .. })
    }

    /// The URL of a database on it.
    pub(crate) fn url(&self, database: &str) -> String {
        with_database(&self.url, database)
    }

    /// A connection to the database that is always there.
    pub(crate) async fn client(&self) -> Result<Client, Failure> {
        Ok(self.database.driver().await?)
    }

    /// Makes a database, empty or with what is in `template`; gives back its
    /// name, which says who made it.
    pub(crate) async fn create(&self, template: Option<&str>) -> Result<String, Failure> {
        let name = maker::database_name(NUMBER.fetch_add(1, Ordering::Relaxed));
        let template = quote_ident(template.unwrap_or("template1"));
        let sql = format!("CREATE DATABASE {} TEMPLATE {template}", quote_ident(&name));
        let sql = format!("{sql} {}", self.strategy());
        execute(
            &self.client().await?,
            "create a database for the test",
            &sql,
        )
        .await?;
        Ok(name)
    }

    /// Drops a database, even if sessions are connected to it.
    pub(crate) async fn remove(&self, name: &str) -> Result<(), Failure> {
        let client = self.client().await?;
        disconnect(&client, name).await;
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quote_ident(name));
        execute(&client, "drop the database of a test", &sql).await
    }

    /// Copying files takes half as long where nothing has to reach a disk, and
    /// longer elsewhere. Before version 15 there is nothing to choose.
    fn strategy(&self) -> &'static str {
        match &self.kind {
            Kind::Ours(server) if server.binaries().major >= 15 => "STRATEGY FILE_COPY",
            _ => "",
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_tuple("Server");
        shown.field(&self.database).finish()
    }
}

/// Runs one statement, or several in one message.
pub(crate) async fn execute(client: &Client, action: &str, sql: &str) -> Result<(), Failure> {
    let done = client.batch_execute(sql).await;
    done.map_err(|error| Failure::of_server(action, error))
}

/// Ends the connections to a database, if it may. `DROP DATABASE` does that as
/// well, and then looks only every 100 ms whether they are gone.
async fn disconnect(client: &Client, name: &str) {
    let sql = format!(
        "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity \
         WHERE datname = {} AND backend_type = 'client backend'",
        quote_literal(name)
    );
    for _ in 0..PATIENCE {
        match client.query_typed(&sql, &[]).await {
            Ok(connected) if !connected.is_empty() => tokio::time::sleep(PAUSE).await,
            _ => return,
        }
    }
}

/// `url` with its database replaced.
fn with_database(url: &str, database: &str) -> String {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let after_scheme = address.find("://").map_or(0, |at| at + 3);
    let path = address.get(after_scheme..).and_then(|rest| rest.find('/'));
    let server = address.get(..path.map_or(address.len(), |at| after_scheme + at));
    let server = server.unwrap_or(address);
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{server}/{database}{mark}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_of_a_url_is_replaced_and_the_rest_is_kept() {
        let replaced = |url| with_database(url, "t");
        assert_eq!(
            replaced("postgres://u:p@h:1/d?sslmode=disable"),
            "postgres://u:p@h:1/t?sslmode=disable"
        );
        assert_eq!(
            replaced("postgres://u@%2Ftmp%2Fx"),
            "postgres://u@%2Ftmp%2Fx/t"
        );
    }
}
