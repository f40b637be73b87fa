//! A connection that is lost during a commit: the report is right nevertheless.

use diesel_async::SimpleAsyncConnection;
use local_postgres::ThrowawayServer;
use tenant_core::{Error, FleetReport, Settings, Status, Tenants};
use test_support::{eventually, own_server};
use tokio_postgres::{Client, NoTls};

use crate::fixture::{Stream, chain, create, migrate, name, open_at, outcome, two_steps};

/// A server on which each commit waits, after it happened, for a standby that does not exist:
/// the work is committed, and the client does not hear of it.
struct Server {
    server: ThrowawayServer,
    client: Client,
}

const OURS: &str = "datname = current_database() AND application_name = 'diesel-tenants'";

impl Server {
    async fn start() -> Self {
        let server = own_server().start().unwrap();
        let (client, connection) = tokio_postgres::connect(&server.url("postgres"), NoTls)
            .await
            .unwrap();
        drop(tokio::spawn(connection));
        Self { server, client }
    }

    async fn open(&self, stream: &Stream) -> Tenants {
        let url = self.server.url("postgres");
        open_at(&url, stream, Settings::default()).await
    }

    async fn run(&self, sql: &str) {
        self.client.batch_execute(sql).await.unwrap();
    }

    /// From here on commits wait, except those of this client.
    async fn wait_for_a_standby(&self) {
        self.run("SET synchronous_commit = local").await;
        self.run("ALTER SYSTEM SET synchronous_standby_names = 'never'")
            .await;
        self.reload().await;
    }

    /// No commit waits any more.
    async fn wait_for_none(&self) {
        self.run("ALTER SYSTEM RESET synchronous_standby_names")
            .await;
        self.reload().await;
    }

    async fn reload(&self) {
        self.run("SELECT pg_reload_conf()").await;
        eventually("the server has read its settings", async || {
            let query = "SELECT count(*) FROM pg_file_settings s JOIN pg_settings p USING (name) \
                         WHERE s.setting <> p.setting AND name = 'synchronous_standby_names'";
            self.count(query).await == 0
        })
        .await;
    }

    async fn count(&self, query: &str) -> i64 {
        self.client.query_one(query, &[]).await.unwrap().get(0)
    }

    /// Until one session `waits`.
    async fn until_one(&self, waits: &str) {
        let count = format!("SELECT count(*) FROM pg_stat_activity WHERE {OURS} AND {waits}");
        eventually("a session waits", async || self.count(&count).await == 1).await;
    }

    /// Ends the session that `waits`, once there is one.
    async fn end(&self, waits: &str) {
        self.until_one(waits).await;
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity";
        self.run(&format!("{end} WHERE {OURS} AND {waits}")).await;
    }
}

/// What waits for the standby has committed.
const COMMITTED: &str = "wait_event = 'SyncRep'";

async fn list(tenants: &Tenants) -> Vec<String> {
    let listed = tenants.list().await.unwrap();
    let names = listed.iter().map(|one| one.name.as_str().to_owned());
    names.collect()
}

/// Makes `acme`, and ends the session that does so when it `waits`.
async fn created(server: &Server, tenants: &Tenants, waits: &str) -> FleetReport {
    let (report, ()) = tokio::join!(tenants.create_many([name("acme")]), server.end(waits));
    report.unwrap()
}

#[tokio::test]
async fn a_tenant_whose_creation_was_committed_is_created() {
    let server = Server::start().await;
    let tenants = server.open(&two_steps()).await;
    tenants.migrate_public().await.unwrap();
    server.wait_for_a_standby().await;
    let report = created(&server, &tenants, COMMITTED).await;
    server.wait_for_none().await;
    assert_eq!(
        outcome(&report, "acme").status,
        Status::Created,
        "{report:?}"
    );
    assert_eq!(list(&tenants).await, ["acme"]);
    assert_eq!(migrate(&tenants).await.count(Status::UpToDate), 1);
}

#[tokio::test]
async fn a_tenant_that_took_a_spare_in_a_lost_commit_is_created() {
    let server = Server::start().await;
    let tenants = server.open(&two_steps()).await;
    tenants.migrate_public().await.unwrap();
    tenants.spares().keep(1).await.unwrap();
    server.wait_for_a_standby().await;
    let report = created(&server, &tenants, COMMITTED).await;
    server.wait_for_none().await;
    let acme = outcome(&report, "acme");
    assert_eq!((acme.status, acme.from_spare), (Status::Created, true));
    assert_eq!(list(&tenants).await, ["acme"]);
    assert_eq!(tenants.spares().count().await.unwrap().ready, 0);
}

#[tokio::test]
async fn a_sign_up_whose_commit_was_lost_is_reported_as_it_ended() {
    let server = Server::start().await;
    let tenants = server.open(&two_steps()).await;
    tenants.migrate_public().await.unwrap();
    let acme = name("acme");
    let sign_up = |sql: &'static str| {
        tenants.create_with(&acme, async move |new| {
            Ok::<_, Error>(new.tenant().await?.batch_execute(sql).await?)
        })
    };
    let slow = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS \
                $$ BEGIN PERFORM pg_sleep(600); RETURN NULL; END $$; \
                CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON tasks \
                DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow(); \
                INSERT INTO tasks VALUES (1)";
    let (done, ()) = tokio::join!(sign_up(slow), server.end("wait_event = 'PgSleep'"));
    assert_eq!(done.unwrap_err().sqlstate(), Some("57P01"));
    assert_eq!(list(&tenants).await, [""; 0]);
    server.wait_for_a_standby().await;
    let insert = "INSERT INTO tasks VALUES (1)";
    let (done, ()) = tokio::join!(sign_up(insert), server.end(COMMITTED));
    server.wait_for_none().await;
    done.unwrap();
    assert_eq!(list(&tenants).await, ["acme"]);
    assert_eq!(server.count("SELECT count(*) FROM acme.tasks").await, 1);
}

#[tokio::test]
async fn a_tenant_whose_migrations_were_committed_is_migrated() {
    let server = Server::start().await;
    let tenants = server.open(&two_steps()).await;
    tenants.migrate_public().await.unwrap();
    create(&tenants, &["acme"]).await;
    let newer = two_steps().with("CREATE TABLE more (id int)");
    let newer = server.open(&newer).await;
    server.wait_for_a_standby().await;
    let (report, ()) = tokio::join!(newer.migrate(), server.end(COMMITTED));
    server.wait_for_none().await;
    let report = report.unwrap();
    let acme = outcome(&report, "acme");
    assert_eq!(acme.status, Status::Migrated, "{report:?}");
    assert_eq!(acme.applied.len(), 1);
    assert_eq!(migrate(&newer).await.count(Status::UpToDate), 1);
}

#[tokio::test]
async fn a_tenant_whose_creation_was_not_committed_has_failed_for_that_reason() {
    let server = Server::start().await;
    let tenants = server.open(&two_steps()).await;
    tenants.migrate_public().await.unwrap();
    let slow = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS \
                $$ BEGIN PERFORM pg_sleep(600); RETURN NULL; END $$; \
                CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON schema_tracker \
                DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()";
    server.run(slow).await;
    let report = created(&server, &tenants, "wait_event = 'PgSleep'").await;
    let acme = outcome(&report, "acme");
    assert_eq!(acme.status, Status::Failed, "{report:?}");
    let error = acme.error.as_ref().unwrap();
    assert_eq!(error.sqlstate(), Some("57P01"), "{error:?}");
    assert_eq!(list(&tenants).await, [""; 0]);
    server.run("DROP TRIGGER slow ON schema_tracker").await;
    create(&tenants, &["acme"]).await;
}

#[tokio::test]
async fn if_the_server_is_gone_the_error_says_that_the_commit_may_have_happened() {
    let mut server = Server::start().await;
    let tenants = server.open(&two_steps()).await;
    tenants.migrate_public().await.unwrap();
    server.wait_for_a_standby().await;
    let new = tenants.create_many([name("acme")]);
    let (report, ()) = tokio::join!(new, async {
        server.until_one(COMMITTED).await;
        server.server.stop_immediate().unwrap();
    });
    let report = report.unwrap();
    let error = outcome(&report, "acme").error.as_ref().unwrap();
    let said = chain(error);
    assert!(said.contains("may have succeeded"), "{said}");
}
