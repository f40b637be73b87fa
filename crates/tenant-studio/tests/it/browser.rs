//! A studio that is served, and what a browser would do with it.

use std::time::Duration;

use tenant_core::{Database, MigrationSet, Migrations, Settings, Tenants};
use tenant_studio::{Options, Start, Studio};
use test_support::{Role, TestDatabase};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How many scripts a page has: files of the studio's own.
pub(crate) const SCRIPTS: usize = 2;

/// A studio on a database of its own, with the tenants acme and globex.
pub(crate) struct Site {
    role: Option<Role>,
    pub(crate) database: TestDatabase,
    pub(crate) tenants: Tenants,
    pub(crate) port: u16,
    pub(crate) session: Session,
    pub(crate) studio: Studio,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<std::io::Result<()>>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: String,
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let database = TestDatabase::new().await;
        let tenants = two_tenants(&database).await;
        Self::serve(database, None, tenants, options).await
    }

    /// One whose role may read everything, and nothing else.
    pub(crate) async fn as_reader() -> Self {
        let database = TestDatabase::new().await;
        two_tenants(&database).await;
        let role = database.role("secret").await;
        let grant = format!("GRANT pg_read_all_data TO {}", role.name());
        database.execute(&grant).await;
        let tenants = open(&role.url()).await;
        Self::serve(database, Some(role), tenants, Options::default()).await
    }

    /// One that writes, on a database that does not know what its bytes mean, with these
    /// tables in acme.
    pub(crate) async fn in_sql_ascii(tables: &str) -> Self {
        let beside = TestDatabase::new().await;
        let name = format!("{}_bytes", beside.name());
        let create = format!(
            "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' \
             LC_COLLATE 'C' LC_CTYPE 'C'"
        );
        beside.execute(&create).await;
        let tenants = open(&beside.url().replace(beside.name(), &name)).await;
        set_up(&tenants).await;
        let pool = tenants.pool().size(1).open().await.unwrap();
        let acme = "acme".parse().unwrap();
        let filling = pool.tenant(&acme).on_driver().await.unwrap();
        filling.batch_execute(tables).await.unwrap();
        filling.commit().await.unwrap();
        drop(pool);
        let options = Options {
            write: true,
            ..Options::default()
        };
        Self::serve(beside, None, tenants, options).await
    }

    /// Ends the studio, and drops the database of [`in_sql_ascii`](Self::in_sql_ascii).
    pub(crate) async fn end_and_drop(self) {
        let drop = format!("DROP DATABASE {}_bytes WITH (FORCE)", self.database.name());
        self.database.execute(&drop).await;
        self.end().await;
    }

    /// One for these tenants of the database, with the role that made it.
    pub(crate) async fn of(database: TestDatabase, tenants: Tenants, options: Options) -> Self {
        Self::serve(database, None, tenants, options).await
    }

    async fn serve(
        database: TestDatabase,
        role: Option<Role>,
        tenants: Tenants,
        options: Options,
    ) -> Self {
        let pool = tenants.pool().size(4).open().await.unwrap();
        let studio = Studio::new(tenants.clone(), pool, options);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = studio.invite(port, &Start::Tenants).url();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = studio.clone();
        let served = tokio::spawn(async move {
            let stopped = async move { drop(stopped.await) };
            served.serve(listener, stopped).await
        });
        let session = Session::enter(port, &url).await;
        Self {
            role,
            database,
            tenants,
            port,
            session,
            studio,
            stop: Some(stop),
            served,
        }
    }

    /// An address that opens it once.
    pub(crate) fn url(&self) -> String {
        self.studio.invite(self.port, &Start::Tenants).url()
    }

    /// The name of the role that it logs in as, if it has one of its own.
    pub(crate) fn role(&self) -> &str {
        self.role.as_ref().unwrap().name()
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
        let host = format!("127.0.0.1:{}", self.port);
        let cookie = self.session.cookie.as_str();
        self.send("GET", path, &[("Host", &host), ("Cookie", cookie)])
            .await
    }

    /// What a page of the studio's own sends.
    pub(crate) async fn post(&self, path: &str, kind: &str, body: &str) -> Answer {
        let host = format!("127.0.0.1:{}", self.port);
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nCookie: {}\r\n\
             Content-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}",
            self.session.cookie,
            path = self.session.at(path),
        );
        answer_to(self.port, &request).await
    }

    /// A request in the session with exactly these headers.
    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut stream = self.ask(method, path, headers).await;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        Answer::of(&String::from_utf8(answer).unwrap())
    }

    /// The same without waiting for the answer.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> TcpStream {
        let path = self.session.at(path);
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let headers = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"));
        let headers = headers.collect::<String>();
        let request = format!("{method} {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    /// Ends the studio, as Ctrl-C does.
    pub(crate) async fn end(mut self) {
        drop(self.stop.take());
        let ended = tokio::time::timeout(Duration::from_secs(30), &mut self.served);
        ended.await.unwrap().unwrap().unwrap();
    }
}

async fn open(url: &str) -> Tenants {
    let migrations = Migrations {
        public: MigrationSet::from_source(&schema_public::MIGRATIONS).unwrap(),
        tenant: MigrationSet::from_source(&schema_tenant::MIGRATIONS).unwrap(),
    };
    let database = Database::parse(url).unwrap();
    let tenants = Tenants::open(database, migrations, Settings::default());
    tenants.await.unwrap()
}

async fn two_tenants(database: &TestDatabase) -> Tenants {
    let tenants = open(&database.url()).await;
    set_up(&tenants).await;
    tenants
}

async fn set_up(tenants: &Tenants) {
    tenants.migrate_public().await.unwrap();
    for name in ["acme", "globex"] {
        tenants.create(&name.parse().unwrap()).await.unwrap();
    }
}

/// What a browser that was let in has.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// With a slash before it.
    pub(crate) path: String,
    pub(crate) cookie: String,
}

impl Session {
    /// Opens the address that was printed, and what it leads to.
    pub(crate) async fn enter(port: u16, url: &str) -> Self {
        let (_, key) = url.split_once("/enter?key=").unwrap();
        let answer = Self::exchange(port, &format!("key={key}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        Self::of(&answer)
    }

    /// Sends the form of the page that lets a browser in.
    pub(crate) async fn exchange(port: u16, form: &str) -> Answer {
        let request = format!(
            "POST /enter HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: null\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{form}",
            form.len()
        );
        answer_to(port, &request).await
    }

    /// What an answer hands out.
    pub(crate) fn of(answer: &Answer) -> Self {
        let given = between(&answer.headers, "set-cookie: ", "; HttpOnly").next();
        let (cookie, path) = given.unwrap().split_once("; Path=").unwrap();
        Self {
            path: path.trim_end_matches('/').to_owned(),
            cookie: cookie.to_owned(),
        }
    }

    /// A page of the session.
    pub(crate) fn at(&self, path: &str) -> String {
        match path.starts_with("/assets/") {
            true => path.to_owned(),
            false => format!("{}{path}", self.path),
        }
    }
}

/// The answer to a request.
pub(crate) async fn answer_to(port: u16, request: &str) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    Answer::of(&String::from_utf8(answer).unwrap())
}

impl Answer {
    fn of(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let (line, headers) = head.split_once("\r\n").unwrap();
        let status = line.split(' ').nth(1).unwrap().parse().unwrap();
        let is_chunked = headers.contains("transfer-encoding: chunked");
        Self {
            status,
            headers: headers.to_owned(),
            body: if is_chunked {
                unchunked(body)
            } else {
                body.to_owned()
            },
        }
    }
}

fn unchunked(mut body: &str) -> String {
    let mut text = String::new();
    loop {
        let (size, rest) = body.split_once("\r\n").unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return text;
        }
        text.push_str(&rest[..size]);
        body = &rest[size + 2..];
    }
}

/// The texts of the cells of a grid, row by row, without markup.
pub(crate) fn cells(page: &str) -> Vec<Vec<String>> {
    let body = between(page, "<tbody>", "</tbody>")
        .next()
        .unwrap_or_default();
    let rows = between(body, "<tr>", "</tr>");
    let cells = |row: &str| {
        between(row, "<div class=\"cell\">", "</div>")
            .map(text)
            .collect()
    };
    rows.map(cells).collect()
}

/// The first column of a grid.
pub(crate) fn first_cells(page: &str) -> Vec<String> {
    let rows = cells(page).into_iter();
    rows.map(|row| row.into_iter().next().unwrap()).collect()
}

/// The address behind a link that has `attribute`, if the page has one, below the path
/// of the session.
pub(crate) fn link(page: &str, attribute: &str) -> Option<String> {
    let tags = between(page, "<a ", ">");
    let mut found = tags.filter(|tag| tag.contains(attribute));
    let tag = found.next()?;
    let address = between(tag, "href=\"", "\"").next()?.replace("&amp;", "&");
    assert!(
        !address.starts_with('/'),
        "{address} leads out of the session"
    );
    Some(format!("/{address}"))
}

pub(crate) fn between<'a>(
    text: &'a str,
    start: &'a str,
    end: &'a str,
) -> impl Iterator<Item = &'a str> {
    let parts = text.split(start).skip(1);
    parts.filter_map(move |part| part.split_once(end).map(|(inside, _)| inside))
}

/// What a browser shows of markup.
fn text(markup: &str) -> String {
    let mut text = String::new();
    let mut is_tag = false;
    for letter in markup.chars() {
        match letter {
            '<' => is_tag = true,
            '>' => is_tag = false,
            letter if !is_tag => text.push(letter),
            _ => {}
        }
    }
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&amp;", "&"),
    ];
    entities
        .iter()
        .fold(text, |text, (entity, letter)| text.replace(entity, letter))
}
