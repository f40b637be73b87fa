//! One of the servers of a cluster, and the database on it.

use local_postgres::ThrowawayServer;
use tenant_core::{Database, Node};
use tokio_postgres::Client;

/// What the databases are called that are made on a cluster that was there.
const PREFIX: &str = "diesel_tenants_test_";

pub(super) struct Member {
    url: String,
    pub(super) node: Node,
    /// That of another one's cluster is not ours to stop.
    server: Option<ThrowawayServer>,
}

/// A connection to it.
pub(super) async fn client(member: &Member) -> Client {
    client_at(&member.url).await
}

async fn client_at(url: &str) -> Client {
    Database::parse(url).unwrap().driver().await.unwrap()
}

impl Member {
    /// One that is started, and stops with its value.
    pub(super) fn started() -> Self {
        let server = ThrowawayServer::builder()
            .setting("shared_preload_libraries", "citus")
            .setting("wal_level", "logical")
            .setting("max_prepared_transactions", "200")
            .setting("max_connections", "120")
            .setting("citus.node_conninfo", "sslmode=disable")
            .setting("citus.enable_statistics_collection", "off")
            .tcp()
            .start()
            .unwrap();
        let port = server.tcp_port().unwrap();
        Self {
            url: server.url("postgres"),
            node: format!("127.0.0.1:{port}").parse().unwrap(),
            server: Some(server),
        }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Stops it as a crash does.
    pub(super) fn stop(&mut self) {
        self.server.as_mut().unwrap().stop_immediate().unwrap();
    }

    pub(super) fn restart(&mut self) {
        self.server.as_mut().unwrap().restart().unwrap();
    }
}

/// The coordinator of the cluster that `url` leads to, and its workers, with a database of
/// their own on each. What an earlier test has left there goes.
pub(super) async fn given(url: &str) -> (Member, Vec<Member>) {
    let there = client_at(url).await;
    let rows = "SELECT nodename, nodeport, groupid FROM pg_dist_node WHERE noderole = 'primary'";
    let mut members = Vec::new();
    for row in there.query(rows, &[]).await.unwrap() {
        let (host, port) = (row.get::<_, String>(0), row.get::<_, i32>(1));
        let host = if host.contains(':') {
            format!("[{host}]")
        } else {
            host
        };
        let node = format!("{host}:{port}").parse::<Node>().unwrap();
        members.push((row.get::<_, i32>(2) != 0, node));
    }
    let name = format!("{PREFIX}{}", std::process::id());
    let mut coordinator = None;
    let mut workers = Vec::new();
    for (is_worker, node) in members {
        // The coordinator is reached as we were told; it may call itself otherwise.
        let server = if is_worker {
            at(url, Some(&node), None)
        } else {
            url.to_owned()
        };
        make_database(&server, &name).await;
        let member = Member {
            url: at(&server, None, Some(&name)),
            node,
            server: None,
        };
        if is_worker {
            workers.push(member);
        } else {
            coordinator = Some(member);
        }
    }
    assert!(
        coordinator.is_some() && workers.len() > 1,
        "CITUS_DATABASE_URL has to lead to a coordinator with two workers"
    );
    (coordinator.unwrap(), workers)
}

async fn make_database(server: &str, name: &str) {
    let admin = client_at(server).await;
    let mine = format!("{PREFIX}%");
    let old = "SELECT datname::text FROM pg_database WHERE datname LIKE $1";
    for row in admin.query(old, &[&mine]).await.unwrap() {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", row.get::<_, String>(0));
        admin.batch_execute(&drop).await.unwrap();
    }
    // Newer ones would make it on the other servers as well, where it is made apart.
    for statement in [
        "SET citus.enable_ddl_propagation TO off",
        &format!("CREATE DATABASE {name}"),
    ] {
        admin.batch_execute(statement).await.unwrap();
    }
}

/// The URL with another server or database in it.
fn at(url: &str, node: Option<&Node>, database: Option<&str>) -> String {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let (scheme, rest) = base.split_once("://").unwrap();
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (role, server) = authority.rsplit_once('@').unwrap_or(("", authority));
    let server = node.map_or_else(|| server.to_owned(), Node::to_string);
    let path = database.unwrap_or(path);
    format!("{scheme}://{role}@{server}/{path}?{query}")
}
