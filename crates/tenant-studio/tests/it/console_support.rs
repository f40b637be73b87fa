//! A studio that is served, and a browser as plain as can be.

use std::time::Duration;

use tenant_core::{Database, MigrationSet, Migrations, Settings, Tenants};
use tenant_studio::{Options, Start, Studio};
use test_support::{PgBouncer, Replicated, Role, TestDatabase};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::browser::Session;

/// A studio at a port of its own, and the database that it shows.
pub(crate) struct Served {
    _role: Option<Role>,
    pub(crate) pooler: Option<PgBouncer>,
    pub(crate) database: TestDatabase,
    port: u16,
    session: Session,
    _servers: Option<Replicated>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Served {
    /// One that only reads, with these tenants.
    pub(crate) async fn reading(tenants: &[&str]) -> Self {
        Self::new(tenants, Options::default()).await
    }

    /// One that may write.
    pub(crate) async fn writing(tenants: &[&str]) -> Self {
        Self::new(tenants, writing()).await
    }

    pub(crate) async fn new(tenants: &[&str], options: Options) -> Self {
        let database = with_tenants(tenants).await;
        let url = database.url();
        Self::serve((database, None, None), &url, options).await
    }

    /// One whose role may read everything and nothing else; it is told that it may
    /// write.
    pub(crate) async fn onlooking(tenants: &[&str]) -> Self {
        let database = with_tenants(tenants).await;
        let role = database.role("secret").await;
        let grant = format!("GRANT pg_read_all_data TO {}", role.name());
        database.execute(&grant).await;
        let url = role.url();
        Self::serve((database, Some(role), None), &url, writing()).await
    }

    /// One that may write, behind a pooler with one connection for all.
    pub(crate) async fn pooled(tenants: &[&str]) -> Self {
        let database = with_tenants(tenants).await;
        let pooler = PgBouncer::start(&database, 1);
        let url = format!("{}?pooler=transaction", pooler.url());
        Self::serve((database, None, Some(pooler)), &url, writing()).await
    }

    /// One that may write, on a standby of the server with the database.
    pub(crate) async fn on_standby(tenants: &[&str]) -> Self {
        let servers = Replicated::start();
        let database = TestDatabase::on(servers.primary_server()).await;
        fill(&database, tenants).await;
        servers.caught_up().await;
        let url = servers.standby(database.name());
        let served = Self::serve((database, None, None), &url, writing()).await;
        Self {
            _servers: Some(servers),
            ..served
        }
    }

    async fn serve(
        (database, role, pooler): (TestDatabase, Option<Role>, Option<PgBouncer>),
        url: &str,
        options: Options,
    ) -> Self {
        let tenants = open(url).await;
        let pool = tenants.pool().open().await.unwrap();
        let studio = Studio::new(tenants, pool, options);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = studio.invite(port, &Start::Public).url();
        tokio::spawn(async move { studio.serve(listener, std::future::pending()).await });
        let session = Session::enter(port, &url).await;
        Self {
            _role: role,
            pooler,
            database,
            port,
            session,
            _servers: None,
        }
    }

    /// Runs statements of the test's own.
    pub(crate) async fn execute(&self, sql: &str) {
        self.database.execute(sql).await;
    }

    /// The only value that `sql` gives.
    pub(crate) async fn value(&self, sql: &str) -> String {
        self.database.value(sql).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask(&format!("GET {} HTTP/1.1", self.session.at(path)), "", "")
            .await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let origin = format!("Origin: http://127.0.0.1:{}\r\n", self.port);
        let request = format!("POST {} HTTP/1.1", self.session.at(path));
        self.ask(&request, &origin, &encoded(fields)).await
    }

    /// As a form of another site would send it.
    pub(crate) async fn post_from_elsewhere(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let origin = "Origin: http://example.org\r\n";
        let request = format!("POST {} HTTP/1.1", self.session.at(path));
        self.ask(&request, origin, &encoded(fields)).await
    }

    /// Sends a form, and leaves it to the caller to read or to go away.
    pub(crate) async fn begin_post(&self, path: &str, fields: &[(&str, &str)]) -> TcpStream {
        let origin = format!("Origin: http://127.0.0.1:{}\r\n", self.port);
        let request = format!("POST {} HTTP/1.1", self.session.at(path));
        self.send(&request, &origin, &encoded(fields)).await
    }

    async fn send(&self, request: &str, headers: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let text = format!(
            "{request}\r\nHost: 127.0.0.1:{}\r\nCookie: {}\r\nConnection: close\r\n{headers}\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.port,
            self.session.cookie,
            body.len()
        );
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    async fn ask(&self, request: &str, headers: &str, body: &str) -> Reply {
        let mut stream = self.send(request, headers, body).await;
        let mut bytes = Vec::new();
        let read = stream.read_to_end(&mut bytes);
        let read = tokio::time::timeout(Duration::from_secs(60), read).await;
        read.unwrap().unwrap();
        Reply::of(&String::from_utf8(bytes).unwrap())
    }
}

fn writing() -> Options {
    Options {
        write: true,
        ..Options::default()
    }
}

async fn open(url: &str) -> Tenants {
    let migrations = Migrations {
        public: MigrationSet::from_source(&schema_public::MIGRATIONS).unwrap(),
        tenant: MigrationSet::from_source(&schema_tenant::MIGRATIONS).unwrap(),
    };
    let database = Database::parse(url).unwrap();
    let tenants = Tenants::open(database, migrations, Settings::default()).await;
    tenants.unwrap()
}

async fn with_tenants(names: &[&str]) -> TestDatabase {
    let database = TestDatabase::new().await;
    fill(&database, names).await;
    database
}

async fn fill(database: &TestDatabase, names: &[&str]) {
    let tenants = open(&database.url()).await;
    tenants.migrate_public().await.unwrap();
    for name in names {
        tenants.create(&name.parse().unwrap()).await.unwrap();
    }
}

impl Reply {
    fn of(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let is_chunked = head.to_lowercase().contains("transfer-encoding: chunked");
        Self {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_owned(),
            body: if is_chunked {
                joined(body)
            } else {
                body.to_owned()
            },
        }
    }

    /// The same, when `text` is in it.
    pub(crate) fn has(&self, text: &str) -> &Self {
        assert!(self.body.contains(text), "no {text:?} in {}", self.body);
        self
    }

    /// The same, when `text` is not in it.
    pub(crate) fn has_no(&self, text: &str) -> &Self {
        assert!(!self.body.contains(text), "{text:?} is in {}", self.body);
        self
    }
}

fn encoded(fields: &[(&str, &str)]) -> String {
    let mut text = form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(fields).finish()
}

/// The body without the sizes of its chunks.
fn joined(mut body: &str) -> String {
    let mut text = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        text.push_str(&rest[..size]);
        body = rest[size..].trim_start_matches("\r\n");
    }
    text
}
