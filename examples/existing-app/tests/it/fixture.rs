//! The application on its own port and database.

use std::ops::Deref;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::{AsyncConnection as _, AsyncPgConnection, RunQueryDsl};
use existing_app::{Database, migrate_all, serve};
use local_postgres::ThrowawayServer;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

use crate::client::Client;

/// The database that tests copy. It is migrated and has no organizations.
const TEMPLATE: &str = "existing_app";

/// The server of this process, unless `TEST_DATABASE_URL` names another.
static SERVER: OnceCell<Server> = OnceCell::const_new();
static NUMBER: AtomicU32 = AtomicU32::new(0);

pub(crate) type Blocking = AsyncConnectionWrapper<AsyncPgConnection>;

/// A running application, and a client of it.
pub(crate) struct App {
    /// The URL of its database.
    pub(crate) url: String,
    pub(crate) database: Database,
    client: Client,
    /// Drops the database on a server that outlives the process.
    _cleaner: Option<Cleaner>,
}

/// Where databases are created.
enum Server {
    /// A server that ends with the process, with a migrated database to copy.
    Own(ThrowawayServer),
    /// The URL of another server.
    Given(String),
}

struct Cleaner {
    server: String,
    name: String,
}

#[derive(QueryableByName)]
struct Cell {
    #[diesel(sql_type = Text)]
    cell: String,
}

impl Server {
    async fn find() -> Self {
        if let Ok(url) = std::env::var("TEST_DATABASE_URL") {
            return Self::Given(url);
        }
        let start = || {
            let builder = ThrowawayServer::builder().setting("max_connections", "300");
            builder.start().unwrap()
        };
        let server = spawn_blocking(start).await.unwrap();
        let create = format!("CREATE DATABASE {TEMPLATE}");
        execute(&server.url("postgres"), &create).await;
        migrate(server.url(TEMPLATE)).await;
        Self::Own(server)
    }

    /// Creates a migrated database. Returns its URL, and the value that drops it.
    async fn create(&self) -> (String, Option<Cleaner>) {
        match self {
            Self::Own(_) => self.copy(TEMPLATE).await,
            Self::Given(_) => {
                let (url, cleaner) = self.copy("template1").await;
                migrate(url.clone()).await;
                (url, cleaner)
            }
        }
    }

    /// Creates a database that is a copy of `template`.
    async fn copy(&self, template: &str) -> (String, Option<Cleaner>) {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("existing_app_{}_{number}", std::process::id());
        let copy = format!("CREATE DATABASE {name} TEMPLATE {template}");
        match self {
            Self::Own(server) => {
                execute(&server.url("postgres"), &copy).await;
                (server.url(&name), None)
            }
            Self::Given(server) => {
                execute(server, &copy).await;
                let (address, _) = server.rsplit_once('/').unwrap();
                let url = format!("{address}/{name}");
                let server = server.clone();
                (url, Some(Cleaner { server, name }))
            }
        }
    }
}

impl Drop for Cleaner {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let server = self.server.clone();
        let done = std::thread::spawn(move || {
            let mut connection = <Blocking as Connection>::establish(&server)?;
            connection.batch_execute(&drop).map_err(anyhow::Error::from)
        });
        done.join().unwrap().unwrap();
    }
}

impl App {
    /// Starts without organizations.
    pub(crate) async fn start() -> Self {
        let server = SERVER.get_or_init(Server::find).await;
        Self::on(server.create().await).await
    }

    /// Starts in a database that was filled before the application moved in.
    pub(crate) async fn before(slugs: &[String]) -> Self {
        let server = SERVER.get_or_init(Server::find).await;
        let (url, cleaner) = server.copy("template1").await;
        let (at, slugs) = (url.clone(), slugs.to_vec());
        let filled = spawn_blocking(move || crate::before::fill(&at, &slugs)).await;
        filled.unwrap().unwrap();
        Self::on((url, cleaner)).await
    }

    async fn on((url, cleaner): (String, Option<Cleaner>)) -> Self {
        let database = Database::connect(&url).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(tokio::spawn(serve(
            listener,
            database.clone(),
            std::future::pending(),
        )));
        Self {
            url,
            database,
            client: Client::new(address),
            _cleaner: cleaner,
        }
    }

    /// Starts with these organizations.
    pub(crate) async fn with(slugs: &[&str]) -> Self {
        let app = Self::start().await;
        for slug in slugs {
            app.sign_up(slug).await;
        }
        app
    }

    /// Signs an organization up.
    pub(crate) async fn sign_up(&self, slug: &str) {
        let owner = json!({ "email": "olga@example.org", "name": "Olga" });
        let body = json!({ "slug": slug, "name": slug, "owner": owner });
        self.post("/orgs", body).await.created();
    }

    /// Returns the column `cell` of all rows.
    pub(crate) async fn cells(&self, sql: &str) -> Vec<String> {
        let mut connection = AsyncPgConnection::establish(&self.url).await.unwrap();
        let rows = diesel::sql_query(sql).load::<Cell>(&mut connection).await;
        rows.unwrap().into_iter().map(|row| row.cell).collect()
    }

    /// Runs a statement.
    pub(crate) async fn execute(&self, sql: &str) {
        execute(&self.url, sql).await;
    }

    /// Lists the schemas of organizations by name.
    pub(crate) async fn schemas(&self) -> Vec<String> {
        self.cells(
            "SELECT nspname::text AS cell FROM pg_namespace WHERE nspname LIKE 'org\\_%' \
             ORDER BY nspname",
        )
        .await
    }

    /// Runs blocking work on the URL of the database.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&str) -> anyhow::Result<T> + Send + 'static,
    ) -> T {
        let url = self.url.clone();
        spawn_blocking(move || work(&url)).await.unwrap().unwrap()
    }
}

impl Deref for App {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

async fn migrate(url: String) {
    crate::moved_in::migrate_public(&url).await;
    let migrated = spawn_blocking(move || migrate_all(&url)).await.unwrap();
    assert_eq!(migrated.unwrap(), 0);
}

async fn execute(url: &str, sql: &str) {
    let mut connection = AsyncPgConnection::establish(url).await.unwrap();
    let done = diesel::sql_query(sql).execute(&mut connection).await;
    done.unwrap();
}
