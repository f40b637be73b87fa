//! The service, as `main` starts it, on a port of its own.

use std::net::SocketAddr;
use std::ops::Deref;
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;
use task_service::{App, Config, serve};
use test_support::TestDatabase;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::client::Client;

pub(crate) const TOKEN: &str = "the operator's";

/// A service that listens, and a client of it.
pub(crate) struct Service {
    pub(crate) database: TestDatabase,
    pub(crate) app: App,
    pub(crate) address: SocketAddr,
    client: Client,
    end: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
}

impl Service {
    /// With a database of its own, and no tenant yet.
    pub(crate) async fn start() -> Self {
        Self::start_with(TestDatabase::new().await, |_| {}).await
    }

    /// The same with spares.
    pub(crate) async fn with_spares(count: usize) -> Self {
        let spares = |config: &mut Config| config.spares = count;
        Self::start_with(TestDatabase::new().await, spares).await
    }

    /// The same on a database that is given, set up otherwise than usual.
    pub(crate) async fn start_with(database: TestDatabase, set: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config {
            domain: "tasks.example".to_owned(),
            operator_token: Some(TOKEN.to_owned()),
            spares: 0,
            // A busy machine is no reason to refuse a request of a test.
            wait: Duration::from_secs(60),
            ..Config::new(database.url())
        };
        set(&mut config);
        let app = App::open(&config).await.unwrap();
        app.migrate().await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (end, ended) = oneshot::channel();
        let until = async { drop(ended.await) };
        Self {
            database,
            served: tokio::spawn(serve(listener, app.clone(), until)),
            app,
            address,
            client: Client::new(address),
            end,
        }
    }

    /// Makes a tenant.
    pub(crate) async fn sign_up(&self, name: &str) {
        let made = self.post("/tenants", json!({ "name": name })).answer();
        made.await.expect(StatusCode::CREATED);
    }

    /// Makes a task, and gives back its path.
    pub(crate) async fn add(&self, tenant: &str, title: &str) -> String {
        let made = self.post("/tasks", json!({ "title": title })).of(tenant);
        let task = made.answer().await.expect(StatusCode::CREATED);
        format!("/tasks/{}", task["id"])
    }

    /// The titles of the tenant's tasks, in the order they were made.
    pub(crate) async fn titles(&self, tenant: &str) -> Vec<String> {
        self.get("/tasks").of(tenant).answer().await.titles()
    }

    /// Whether so many are waiting for a lock on the tasks of acme.
    pub(crate) async fn are_waiting_for_acme(&self, count: usize) -> bool {
        let waiting = "SELECT count(*) FROM pg_locks \
                       WHERE relation = 'acme.tasks'::regclass AND NOT granted";
        self.database.value(waiting).await == count.to_string()
    }

    /// Asks it to end. What comes back ends when it has.
    pub(crate) fn end(self) -> (TestDatabase, JoinHandle<std::io::Result<()>>) {
        self.end.send(()).unwrap();
        (self.database, self.served)
    }
}

impl Deref for Service {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}
