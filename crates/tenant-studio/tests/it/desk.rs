//! A studio that is served, and somebody who reads and writes in it.

use tenant_core::{Database, MigrationSet, Migrations, Settings, Tenants};
use tenant_studio::{Options, Start, Studio};
use test_support::TestDatabase;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A studio on a database of its own, with the tenants acme and globex.
pub(crate) struct Desk {
    pub(crate) database: TestDatabase,
    port: u16,
    cookie: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: String,
}

impl Desk {
    /// One at which nothing can be changed.
    pub(crate) async fn reading() -> Self {
        Self::with(Options::default()).await
    }

    /// One at which rows can be changed.
    pub(crate) async fn writing() -> Self {
        let options = Options {
            write: true,
            ..Options::default()
        };
        Self::with(options).await
    }

    async fn with(options: Options) -> Self {
        let database = TestDatabase::new().await;
        let migrations = Migrations {
            public: MigrationSet::from_source(&schema_public::MIGRATIONS).unwrap(),
            tenant: MigrationSet::from_source(&schema_tenant::MIGRATIONS).unwrap(),
        };
        let parsed = Database::parse(&database.url()).unwrap();
        let tenants = Tenants::open(parsed, migrations, Settings::default());
        let tenants = tenants.await.unwrap();
        tenants.migrate_public(false).await.unwrap();
        for name in ["acme", "globex"] {
            tenants.create(&name.parse().unwrap()).await.unwrap();
        }
        let pool = tenants.pool().size(4).open().await.unwrap();
        let studio = Studio::new(tenants, pool, options);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = studio.url(port, &Start::Tenants);
        let (_, token) = url.split_once("token=").unwrap();
        let cookie = format!("studio_{port}={token}");
        drop(tokio::spawn(async move {
            studio.serve(listener, std::future::pending()).await
        }));
        Self {
            database,
            port,
            cookie,
        }
    }

    /// Runs SQL with the tenant's schema in the path.
    pub(crate) async fn sql(&self, tenant: &str, sql: &str) {
        let sql = format!("SET search_path TO {tenant}; {sql}");
        self.database.execute(&sql).await;
    }

    /// A page that must be there.
    pub(crate) async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.body
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(&format!("GET {path}"), "", "").await
    }

    /// What a form of the studio's own page sends.
    pub(crate) async fn post(&self, path: &str, kind: &str, body: &str) -> Answer {
        let origin = format!("Origin: http://127.0.0.1:{}\r\n", self.port);
        let headers = format!("{origin}Content-Type: {kind}\r\n");
        self.send(&format!("POST {path}"), &headers, body).await
    }

    /// A request with the key, and with these headers.
    pub(crate) async fn send(&self, line: &str, headers: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let request = format!(
            "{line} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nCookie: {}\r\n{headers}\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.port,
            self.cookie,
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        Answer::of(&String::from_utf8(answer).unwrap())
    }
}

impl Answer {
    fn of(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let (line, headers) = head.split_once("\r\n").unwrap();
        Self {
            status: line.split(' ').nth(1).unwrap().parse().unwrap(),
            headers: headers.to_owned(),
            body: body.to_owned(),
        }
    }
}
