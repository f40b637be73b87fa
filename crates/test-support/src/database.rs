//! A database for one test, with the questions that tests ask.

use std::sync::atomic::{AtomicU32, Ordering};

use local_postgres::ThrowawayServer;
use tenant_testing::ScratchDatabase;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// An empty database, dropped at the end of the test.
#[derive(Debug)]
pub struct TestDatabase(ScratchDatabase);

/// A role that can log in, dropped at the end of the test with what it owns.
#[derive(Debug)]
pub struct Role {
    name: String,
    database_url: String,
}

impl TestDatabase {
    /// Makes it.
    ///
    /// # Panics
    ///
    /// When the server cannot be started, or refuses.
    pub async fn new() -> Self {
        Self(ScratchDatabase::new().await)
    }

    /// Makes it on a server of the test's own.
    ///
    /// # Panics
    ///
    /// When the server refuses.
    pub async fn on(server: &ThrowawayServer) -> Self {
        Self(ScratchDatabase::on(server).await)
    }

    /// Creates a copy. No session may be connected to this database.
    ///
    /// # Panics
    ///
    /// When the server refuses.
    pub async fn copy(&self) -> Self {
        Self(self.0.copy().await)
    }

    /// The URL, as the server's superuser.
    #[must_use]
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// A connection of the test's own.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub async fn client(&self) -> Client {
        connect(&self.url()).await
    }

    /// Runs one statement or several.
    ///
    /// # Panics
    ///
    /// When one fails.
    pub async fn execute(&self, sql: &str) {
        run(&self.url(), sql).await;
    }

    /// The first column of all rows, as text; NULL is "NULL".
    ///
    /// # Panics
    ///
    /// When the query fails.
    pub async fn column(&self, sql: &str) -> Vec<String> {
        let answers = self.client().await.simple_query(sql).await;
        let answers = answers.expect("a query of the test runs");
        let rows = answers.iter().filter_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("NULL").to_owned()),
            _ => None,
        });
        rows.collect()
    }

    /// The only value that `sql` gives, as text.
    ///
    /// # Panics
    ///
    /// When there is not exactly one row.
    pub async fn value(&self, sql: &str) -> String {
        let mut rows = self.column(sql).await;
        let value = rows.pop().filter(|_| rows.is_empty());
        value.expect("the query gives exactly one row")
    }

    /// The names of the schemas that are not the system's, sorted.
    ///
    /// # Panics
    ///
    /// When the query fails.
    pub async fn schemas(&self) -> Vec<String> {
        self.column(
            "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' \
             AND nspname NOT IN ('public', 'information_schema') ORDER BY nspname COLLATE \"C\"",
        )
        .await
    }

    /// The registered tenants, sorted.
    ///
    /// # Panics
    ///
    /// When the query fails.
    pub async fn tracked(&self) -> Vec<String> {
        self.column("SELECT name FROM public.schema_tracker ORDER BY name COLLATE \"C\"")
            .await
    }

    /// A role without any rights, that logs in with `password`.
    ///
    /// # Panics
    ///
    /// When the server refuses.
    pub async fn role(&self, password: &str) -> Role {
        let name = unique_role();
        self.execute(&format!("CREATE ROLE {name} LOGIN PASSWORD '{password}'"))
            .await;
        Role {
            name,
            database_url: self.url(),
        }
    }
}

impl Role {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The URL of the database it was made for, as this role.
    #[must_use]
    pub fn url(&self) -> String {
        self.database_url
            .replacen("postgres@", &format!("{}@", self.name), 1)
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        clean_up(
            &self.database_url,
            &format!("DROP OWNED BY {0}; DROP ROLE {0}", self.name),
        );
    }
}

/// Runs `sql` from a place that cannot wait. What fails is left to the end of
/// the server.
fn clean_up(url: &str, sql: &str) {
    let (url, sql) = (url.to_owned(), sql.to_owned());
    let cleaner = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        if let Ok(runtime) = runtime {
            runtime.block_on(async {
                let Ok((client, connection)) = tokio_postgres::connect(&url, NoTls).await else {
                    return;
                };
                drop(tokio::spawn(connection));
                drop(client.batch_execute(&sql).await);
            });
        }
    });
    drop(cleaner.join());
}

/// A name that no other test uses, also not one of another process.
fn unique_role() -> String {
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("diesel_tenants_role_{}_{number}", std::process::id())
}

async fn connect(url: &str) -> Client {
    let connected = tokio_postgres::connect(url, NoTls).await;
    let (client, connection) = connected.expect("the test's database takes a connection");
    drop(tokio::spawn(connection));
    client
}

async fn run(url: &str, sql: &str) {
    let done = connect(url).await.batch_execute(sql).await;
    done.expect("a statement of the test runs");
}
