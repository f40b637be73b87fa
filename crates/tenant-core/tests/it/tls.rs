//! TLS against a server with a certificate of our own authority.

use diesel_async::RunQueryDsl;
use futures_util::StreamExt;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tenant_core::{ConnectError, Database, TenantPool};
use test_support::{eventually, own_server};

/// An authority's certificate, and a server's that it signed.
struct Certificates {
    authority: String,
    server: String,
    server_key: String,
}

fn certificates(host: &str) -> Certificates {
    let authority_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(params, authority_key);
    let server_key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec![host.to_owned()]).unwrap();
    let server = server.signed_by(&server_key, &issuer).unwrap();
    Certificates {
        authority: authority.pem(),
        server: server.pem(),
        server_key: server_key.serialize_pem(),
    }
}

/// A server that speaks TLS as `host`, and the file of its authority.
struct TlsServer {
    server: local_postgres::ThrowawayServer,
    folder: TempDir,
}

/// A certificate of X.509 version 1 that is its own authority, for localhost, until 2126.
/// No server but those of this test has its key. It was made so, for rcgen makes version 3
/// only:
///
/// ```text
/// openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out server.key
/// openssl req -new -key server.key -subj /CN=localhost -out server.csr
/// openssl x509 -req -in server.csr -signkey server.key -days 36500 -out server.crt
/// ```
fn version_1() -> Certificates {
    let certificate = include_str!("../version_1/server.crt");
    Certificates {
        authority: certificate.to_owned(),
        server: certificate.to_owned(),
        server_key: include_str!("../version_1/server.key").to_owned(),
    }
}

impl TlsServer {
    fn start(host: &str, hba: &str) -> Self {
        Self::with(certificates(host), "TLSv1.3", hba)
    }

    /// With these certificates, and the newest version of TLS that it speaks.
    fn with(certificates: Certificates, newest: &str, hba: &str) -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("ca.pem"), certificates.authority).unwrap();
        let server = own_server()
            .tcp()
            .file("server.crt", certificates.server)
            .file("server.key", certificates.server_key)
            .setting("ssl", "on")
            .setting("ssl_max_protocol_version", newest)
            .hba("local all all trust")
            .hba(hba)
            .start();
        let server = server.unwrap();
        Self { server, folder }
    }

    fn url(&self, host: &str, query: &str) -> String {
        let port = self.server.tcp_port().unwrap();
        format!("postgres://postgres@{host}:{port}/postgres?{query}")
    }

    fn authority(&self) -> String {
        format!(
            "sslrootcert={}",
            self.folder.path().join("ca.pem").display()
        )
    }

    async fn connect(&self, host: &str, query: &str) -> Result<bool, ConnectError> {
        is_encrypted(&self.url(host, query)).await
    }
}

/// Whether the connection is encrypted, or why there is none. It is the same for
/// connections that are made for a pooler.
async fn is_encrypted(url: &str) -> Result<bool, ConnectError> {
    let database = Database::parse(url)?;
    let plain = ask(&database).await;
    let pooled = ask(&database.behind_pooler()).await;
    match (&plain, &pooled) {
        (Ok(one), Ok(other)) => assert_eq!(one, other),
        (Err(one), Err(other)) => {
            assert_eq!(crate::fixture::chain(one), crate::fixture::chain(other));
        }
        _ => panic!("{plain:?}, and for a pooler {pooled:?}"),
    }
    plain
}

async fn ask(database: &Database) -> Result<bool, ConnectError> {
    #[derive(diesel::QueryableByName)]
    struct Answer {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        ssl: bool,
    }
    let mut connection = database.connect().await?;
    let query = diesel::sql_query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
    let answer: Answer = diesel_async::RunQueryDsl::get_result(query, &mut connection)
        .await
        .unwrap();
    Ok(answer.ssl)
}

const ANY: &str = "host all all 127.0.0.1/32 trust";
const TLS_ONLY: &str = "hostssl all all 127.0.0.1/32 trust";
const PLAIN_ONLY: &str = "hostnossl all all 127.0.0.1/32 trust";

#[tokio::test]
async fn the_mode_decides_what_is_encrypted_and_what_is_checked() {
    let server = TlsServer::start("localhost", ANY);
    let authority = server.authority();
    assert!(
        !server
            .connect("127.0.0.1", "sslmode=disable")
            .await
            .unwrap()
    );
    assert!(server.connect("127.0.0.1", "").await.unwrap());
    assert!(
        server
            .connect("127.0.0.1", "sslmode=require")
            .await
            .unwrap()
    );
    for mode in ["require", "verify-ca", "verify-full"] {
        let query = format!("sslmode={mode}&{authority}");
        assert!(server.connect("localhost", &query).await.unwrap(), "{mode}");
    }
}

/// How many other connections are at something.
const AT_WORK: &str = "SELECT count(*)::text AS text FROM pg_stat_activity \
    WHERE state = 'active' AND backend_type = 'client backend' AND pid <> pg_backend_pid()";

#[derive(diesel::QueryableByName)]
struct Text {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

async fn text(pool: &TenantPool, sql: &str) -> String {
    let mut public = pool.public().await.unwrap();
    let answer = diesel::sql_query(sql).get_result::<Text>(&mut public).await;
    answer.unwrap().text
}

#[tokio::test]
async fn a_pool_is_encrypted_as_well_and_can_cancel_a_query_over_it() {
    let server = TlsServer::start("localhost", TLS_ONLY);
    let query = format!("sslmode=verify-full&{}", server.authority());
    let database = Database::parse(&server.url("localhost", &query)).unwrap();
    for database in [database.clone(), database.behind_pooler()] {
        let pool = TenantPool::builder(database).size(1).open().await.unwrap();
        let ssl = "SELECT ssl::text AS text FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        assert_eq!(text(&pool, ssl).await, "true");
        let mut public = pool.public().await.unwrap();
        let slow = "SELECT repeat('x', 10000) || pg_sleep(n)::text AS text \
                    FROM (VALUES (0), (0), (300)) v (n)";
        let mut rows = diesel::sql_query(slow)
            .load_stream::<Text>(&mut public)
            .await
            .unwrap();
        rows.next().await.unwrap().unwrap();
        drop(rows);
        drop(public);
        eventually("it is cancelled", async || {
            text(&pool, AT_WORK).await == "0"
        })
        .await;
    }
}

#[tokio::test]
async fn a_certificate_made_out_to_another_host_passes_verify_ca_and_fails_verify_full() {
    let server = TlsServer::start("db.example", ANY);
    let authority = server.authority();
    assert!(
        server
            .connect("localhost", &format!("sslmode=verify-ca&{authority}"))
            .await
            .unwrap()
    );
    let error = server
        .connect("localhost", &format!("sslmode=verify-full&{authority}"))
        .await;
    let text = crate::fixture::chain(&error.unwrap_err());
    assert!(
        text.contains("could not open a TLS connection to postgres@localhost"),
        "{text}"
    );
    assert!(text.contains("not valid for name"), "{text}");
}

#[tokio::test]
async fn an_authority_that_is_not_trusted_fails_every_check() {
    let server = TlsServer::start("localhost", ANY);
    let other = TlsServer::start("localhost", ANY);
    for mode in ["require", "verify-ca", "verify-full"] {
        let query = format!("sslmode={mode}&{}", other.authority());
        let error = server.connect("localhost", &query).await.unwrap_err();
        assert!(matches!(error, ConnectError::Tls { .. }), "{mode}: {error}");
    }
    let system = server
        .connect("localhost", "sslmode=verify-full")
        .await
        .unwrap_err();
    assert!(
        matches!(
            system,
            ConnectError::Tls { .. } | ConnectError::Trust { .. }
        ),
        "{system}"
    );
}

#[tokio::test]
async fn tls_that_one_side_demands_and_the_other_refuses_is_said_so() {
    let strict = TlsServer::start("localhost", TLS_ONLY);
    let error = strict
        .connect("127.0.0.1", "sslmode=disable")
        .await
        .unwrap_err();
    let text = crate::fixture::chain(&error);
    assert!(text.contains("no encryption"), "{text}");
    let plain = own_server()
        .tcp()
        .hba("local all all trust")
        .hba(PLAIN_ONLY)
        .start()
        .unwrap();
    let port = plain.tcp_port().unwrap();
    let url = |mode: &str| format!("postgres://postgres@127.0.0.1:{port}/postgres?sslmode={mode}");
    let required = is_encrypted(&url("require")).await.unwrap_err();
    assert!(matches!(required, ConnectError::Tls { .. }), "{required}");
    assert!(!is_encrypted(&url("prefer")).await.unwrap());
}

#[tokio::test]
async fn a_certificate_of_version_1_will_do_where_it_is_not_verified() {
    for newest in ["TLSv1.2", "TLSv1.3"] {
        let server = TlsServer::with(version_1(), newest, TLS_ONLY);
        for mode in ["prefer", "require"] {
            let query = format!("sslmode={mode}");
            let encrypted = server.connect("127.0.0.1", &query).await;
            assert!(encrypted.unwrap(), "{newest} {mode}");
        }
        for mode in ["require", "verify-ca", "verify-full"] {
            let query = format!("sslmode={mode}&{}", server.authority());
            let error = server.connect("localhost", &query).await.unwrap_err();
            assert!(matches!(error, ConnectError::Tls { .. }), "{mode}: {error}");
            let text = crate::fixture::chain(&error);
            assert!(text.contains("it has X.509 version 1"), "{text}");
            assert!(text.contains("sslmode=require"), "{text}");
        }
    }
}

#[tokio::test]
async fn a_server_that_speaks_an_older_tls_is_reached_too() {
    let server = TlsServer::with(certificates("localhost"), "TLSv1.2", TLS_ONLY);
    for query in ["", &format!("sslmode=verify-full&{}", server.authority())] {
        assert!(server.connect("localhost", query).await.unwrap(), "{query}");
    }
}

#[tokio::test]
async fn a_server_that_takes_one_kind_of_login_only_is_reached_by_allow_and_prefer() {
    let strict = TlsServer::start("localhost", TLS_ONLY);
    assert!(strict.connect("127.0.0.1", "sslmode=allow").await.unwrap());
    let plain = TlsServer::start("localhost", PLAIN_ONLY);
    assert!(!plain.connect("127.0.0.1", "sslmode=allow").await.unwrap());
    assert!(!plain.connect("127.0.0.1", "sslmode=prefer").await.unwrap());
    let error = plain
        .connect("127.0.0.1", "sslmode=require")
        .await
        .unwrap_err();
    assert!(matches!(error, ConnectError::Login { .. }), "{error}");
}

/// A server that knows its users by certificates of its authority, and the files of the
/// certificate of `postgres`.
fn mutual() -> (TlsServer, String) {
    let authority_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(params, authority_key);
    let signed = |names: Vec<String>, role: &str| {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, role);
        let certificate = params.signed_by(&key, &issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    };
    let (server, server_key) = signed(vec!["localhost".to_owned()], "localhost");
    let (client, client_key) = signed(Vec::new(), "postgres");
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("ca.pem"), authority.pem()).unwrap();
    std::fs::write(path("client.pem"), client).unwrap();
    std::fs::write(path("client.key"), client_key).unwrap();
    permit(&path("client.key"), 0o600);
    let files = format!(
        "sslcert={}&sslkey={}",
        path("client.pem").display(),
        path("client.key").display()
    );
    let server = own_server()
        .tcp()
        .file("server.crt", server)
        .file("server.key", server_key)
        .file("ca.crt", authority.pem())
        .setting("ssl", "on")
        .setting("ssl_ca_file", "ca.crt")
        .hba("local all all trust")
        .hba("hostssl all all 127.0.0.1/32 cert")
        .start();
    let server = server.unwrap();
    (TlsServer { server, folder }, files)
}

fn permit(file: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn a_certificate_of_the_client_is_the_login() {
    let (server, files) = mutual();
    let full = format!("sslmode=verify-full&{}&{files}", server.authority());
    for query in [
        &full,
        &format!("sslmode=require&{files}&channel_binding=prefer"),
    ] {
        assert!(server.connect("localhost", query).await.unwrap(), "{query}");
    }
    for query in ["sslmode=require", &format!("{full}&sslcertmode=disable")] {
        let error = server.connect("localhost", query).await.unwrap_err();
        assert!(
            crate::fixture::chain(&error).contains("certificate"),
            "{error}"
        );
    }
    let key = server.folder.path().join("client.key");
    permit(&key, 0o644);
    let error = Database::parse(&server.url("localhost", &full)).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, ConnectError::Identity { .. }), "{text}");
    assert!(text.contains("client.key: others can read it"), "{text}");
    permit(&key, 0o600);
    std::fs::write(&key, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n").unwrap();
    let error = Database::parse(&server.url("localhost", &full)).unwrap_err();
    assert!(
        error.to_string().contains("without a passphrase"),
        "{error}"
    );
}

#[tokio::test]
async fn channel_binding_is_demanded_where_the_url_says_so() {
    let server = TlsServer::start("localhost", "host all all 127.0.0.1/32 scram-sha-256");
    let local = Database::parse(&server.server.url("postgres")).unwrap();
    let role = "CREATE ROLE ann LOGIN PASSWORD 'p'";
    local
        .driver()
        .await
        .unwrap()
        .batch_execute(role)
        .await
        .unwrap();
    let port = server.server.tcp_port().unwrap();
    let url = format!("postgres://ann:p@localhost:{port}/postgres?channel_binding=require");
    assert!(is_encrypted(&url).await.unwrap());
    let error = is_encrypted(&format!("{url}&sslmode=disable")).await;
    assert!(
        matches!(error, Err(ConnectError::Login { .. })),
        "{error:?}"
    );
}

#[test]
fn an_authority_file_that_cannot_be_used_is_named() {
    let url = "postgres://h/d?sslmode=verify-full&sslrootcert=/nowhere/ca.pem";
    let text = Database::parse(url).unwrap_err().to_string();
    assert!(text.contains("/nowhere/ca.pem"), "{text}");
}
