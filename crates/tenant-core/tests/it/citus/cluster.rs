//! A coordinator and workers with Citus: two that a test starts, or those of the cluster
//! that `CITUS_DATABASE_URL` leads to.

use tenant_core::{Settings, Tenants};
use test_support::{citus_url, is_citus_wanted, say_not_run};
use tokio_postgres::types::ToSql;

pub(super) use super::member::client;
use super::member::{Member, given};
use crate::fixture::{Stream, open_at};

/// A coordinator, and its workers.
pub(super) struct Cluster {
    pub(super) coordinator: Member,
    pub(super) workers: Vec<Member>,
}

impl Cluster {
    /// `None` where nobody has asked for it.
    pub(super) async fn start() -> Option<Self> {
        if !is_citus_wanted() {
            say_not_run("a cluster takes Citus: cargo xtask test --citus");
            return None;
        }
        let Some(url) = citus_url() else {
            return Self::start_own().await;
        };
        let (coordinator, workers) = given(&url).await;
        let cluster = Self {
            coordinator,
            workers,
        };
        cluster.join().await;
        Some(cluster)
    }

    /// The same for a test that stops servers, or makes roles that log in. `None` also
    /// where the cluster is another one's.
    pub(super) async fn start_own() -> Option<Self> {
        Self::start_own_after(&[]).await
    }

    /// The same of servers on each of which `statements` were run before they had Citus.
    pub(super) async fn start_own_after(statements: &[&str]) -> Option<Self> {
        if !is_citus_wanted() {
            say_not_run("a cluster takes Citus: cargo xtask test --citus");
            return None;
        }
        if citus_url().is_some() {
            say_not_run("this takes servers of the test's own, without CITUS_DATABASE_URL");
            return None;
        }
        let cluster = Self {
            coordinator: Member::started(),
            workers: vec![Member::started(), Member::started()],
        };
        for one in cluster.workers.iter().chain([&cluster.coordinator]) {
            let admin = client(one).await;
            for statement in statements {
                admin.batch_execute(statement).await.unwrap();
            }
        }
        cluster.join().await;
        Some(cluster)
    }

    /// Makes a cluster of the databases.
    async fn join(&self) {
        for one in self.workers.iter().chain([&self.coordinator]) {
            let admin = client(one).await;
            admin.batch_execute("CREATE EXTENSION citus").await.unwrap();
        }
        let admin = client(&self.coordinator).await;
        let node = &self.coordinator.node;
        let coordinator = "SELECT citus_set_coordinator_host($1, $2)";
        let parameters: [&(dyn ToSql + Sync); 2] = [&node.host(), &i32::from(node.port())];
        admin.query(coordinator, &parameters).await.unwrap();
        for worker in &self.workers {
            self.add(worker).await;
        }
    }

    async fn add(&self, worker: &Member) {
        let node = &worker.node;
        let add = "SELECT citus_add_node($1, $2)";
        let parameters: [&(dyn ToSql + Sync); 2] = [&node.host(), &i32::from(node.port())];
        let admin = client(&self.coordinator).await;
        admin.query(add, &parameters).await.unwrap();
    }

    /// One more worker.
    pub(super) async fn grow(&mut self) {
        let worker = Member::started();
        let admin = client(&worker).await;
        admin.batch_execute("CREATE EXTENSION citus").await.unwrap();
        self.add(&worker).await;
        self.workers.push(worker);
    }

    pub(super) async fn tenants(&self, stream: &Stream, settings: Settings) -> Tenants {
        let tenants = open_at(self.coordinator.url(), stream, settings).await;
        tenants.migrate_public().await.unwrap();
        tenants
    }

    pub(super) async fn value(&self, sql: &str) -> String {
        let client = client(&self.coordinator).await;
        client.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// The worker that the schema is on, by its place in the list.
    pub(super) async fn home(&self, schema: &str) -> usize {
        let sql = format!(
            "SELECT DISTINCT s.nodename || ' ' || s.nodeport FROM citus_shards s \
             WHERE s.table_name::text LIKE '{schema}.%'"
        );
        let home = self.value(&sql).await;
        let mut nodes = self.workers.iter().map(|worker| &worker.node);
        nodes
            .position(|node| home == format!("{} {}", node.host(), node.port()))
            .unwrap()
    }

    /// How many relations of tenants there are on the workers.
    pub(super) async fn on_workers(&self, schema: &str) -> i64 {
        let mut count = 0;
        for worker in &self.workers {
            let sql = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                       WHERE n.nspname = $1";
            let row = client(worker)
                .await
                .query_one(sql, &[&schema])
                .await
                .unwrap();
            count += row.get::<_, i64>(0);
        }
        count
    }
}

/// Tables that refer to each other, with an enum, an index and a function.
pub(super) fn stream() -> Stream {
    Stream::new()
        .with(
            "CREATE TYPE state AS ENUM ('open', 'done'); \
             CREATE TABLE lists (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, name text NOT NULL); \
             CREATE TABLE tasks (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, \
                 list bigint REFERENCES lists, title text NOT NULL, state state NOT NULL DEFAULT 'open'); \
             CREATE INDEX tasks_title_idx ON tasks (title); \
             CREATE VIEW open_tasks AS SELECT id, title FROM tasks WHERE state = 'open'",
        )
        .with("ALTER TABLE tasks ADD COLUMN due date; CREATE INDEX tasks_due_idx ON tasks (due)")
}

/// The same, and a trigger: titles are written in capitals from then on.
pub(super) fn with_trigger() -> Stream {
    stream().with(
        "SET LOCAL citus.enable_unsafe_triggers TO on; \
         CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS \
             'BEGIN NEW.title := upper(NEW.title); RETURN NEW; END'; \
         CREATE TRIGGER cut BEFORE INSERT OR UPDATE ON tasks \
             FOR EACH ROW EXECUTE FUNCTION cut()",
    )
}
