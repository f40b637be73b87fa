//! What works on a standby, and what says that it cannot.

use diesel_async::RunQueryDsl;
use tenant_core::remedy::Advice;
use tenant_core::{Error, ErrorKind, Isolation, PoolError, ProblemKind, Settings, Status, Tenants};
use test_support::{Replicated, TestDatabase};

use crate::archive_fixture::{contents, exported};
use crate::fixture::{
    Stream, create, migrate, name, open, open_at, outcome, tenants, two_steps, two_steps_and_back,
};
use crate::squash::BASELINE;

fn is_standby(error: &Error) {
    assert!(matches!(error, Error::Standby { .. }), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.remedies(), [Advice::UsePrimary.into()]);
}

/// Of a call that answers with one error.
fn refused<T: std::fmt::Debug>(done: Result<T, Error>) {
    is_standby(&done.unwrap_err());
}

/// Two tenants and a spare on the primary, and the same tenants on the standby.
async fn replicated(servers: &Replicated, stream: &Stream) -> (Tenants, Tenants) {
    let url = servers.primary("postgres");
    let primary = open_at(&url, stream, Settings::default()).await;
    primary.migrate_public().await.unwrap();
    create(&primary, &["acme", "globex"]).await;
    primary.spares().keep(1).await.unwrap();
    servers.caught_up().await;
    let url = servers.standby("postgres");
    (primary, open_at(&url, stream, Settings::default()).await)
}

#[tokio::test]
async fn a_standby_reads_whatever_can_be_read() {
    let servers = Replicated::start();
    let (primary, standby) = replicated(&servers, &two_steps_and_back()).await;
    let names = standby.list().await.unwrap();
    let names = names.iter().map(|it| it.name.as_str()).collect::<Vec<_>>();
    assert_eq!(names, ["acme", "globex"]);
    assert_eq!(standby.spares().count().await.unwrap().ready, 1);
    let standings = standby
        .standings(tenant_core::Selection::all())
        .await
        .unwrap();
    assert!(
        standings.iter().all(|it| it.error.is_none()),
        "{standings:?}"
    );
    let compared = standby
        .compare(&name("acme"), &name("globex"))
        .await
        .unwrap();
    assert!(compared.is_same(), "{compared:?}");
    assert_eq!(migrate(&standby).await.count(Status::UpToDate), 2);
    // As a program does that migrates whenever it starts.
    let public = standby.migrate_public().await.unwrap();
    assert!(public.applied.is_empty(), "{public:?}");
    let public = standby.migrate_public().dry_run().await.unwrap();
    assert!(public.pending.is_empty(), "{public:?}");

    let newer = two_steps_and_back().with("CREATE TABLE later (id int);");
    let newer = open_at(&servers.standby("postgres"), &newer, Settings::default()).await;
    let dry = newer.migrate().dry_run().await.unwrap();
    assert_eq!(outcome(&dry, "acme").pending.len(), 1, "{dry:?}");
    let plan = standby.plan_rollback().await.unwrap();
    assert_eq!(plan.tenants(), 2);
    assert_eq!(plan.loss(), None);
    let notes = plan
        .notes()
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>();
    assert!(notes.concat().contains("read-only standby"), "{notes:?}");
    let unknown = plan.notes().iter().find(|it| it.code() == "loss_unknown");
    assert_eq!(unknown.unwrap().remedies(), [Advice::UsePrimary.into()]);

    primary
        .rename(&name("globex"), &name("initech"))
        .await
        .unwrap();
    servers.caught_up().await;
    assert_eq!(standby.list().await.unwrap()[1].name, "initech");
}

#[tokio::test]
async fn a_check_on_a_standby_finds_what_needs_no_trial_and_says_what_it_left_out() {
    let servers = Replicated::start();
    let (primary, standby) = replicated(&servers, &two_steps()).await;
    let client = client_of(&servers.primary("postgres")).await;
    let forget = "DELETE FROM public.expected_shapes";
    client.batch_execute(forget).await.unwrap();
    servers.caught_up().await;
    let kinds = async |tenants: &Tenants| {
        let health = tenants.health().await.unwrap();
        assert!(!health.is_healthy(), "{health:?}");
        let kinds = health.problems.iter().map(|it| it.kind.code());
        kinds.collect::<Vec<_>>()
    };
    assert_eq!(kinds(&standby).await, ["tables_not_checked"]);
    client
        .batch_execute(
            "DROP SCHEMA globex CASCADE; \
             UPDATE schema_tracker SET fingerprints = '{}'; \
             DELETE FROM acme.__diesel_schema_migrations WHERE version = '20260202000000'",
        )
        .await
        .unwrap();
    servers.caught_up().await;
    let found = kinds(&standby).await;
    for kind in ["missing_schema", "pending_migrations"] {
        assert!(found.contains(&kind), "{kind} in {found:?}");
    }
    let newer = "INSERT INTO acme.__diesel_schema_migrations VALUES ('20270101000000')";
    client.batch_execute(newer).await.unwrap();
    servers.caught_up().await;
    let found = kinds(&standby).await;
    assert!(found.contains(&"unknown_migration"), "{found:?}");
    let health = standby.health().quick().await.unwrap();
    let not_checked = health.problems.iter().find_map(|it| match &it.kind {
        ProblemKind::TablesNotChecked(error) => Some(error),
        _ => None,
    });
    is_standby(not_checked.unwrap());
    drop(primary);
}

#[tokio::test]
async fn whatever_writes_says_that_the_server_is_a_standby_and_changes_nothing() {
    let servers = Replicated::start();
    let (primary, standby) = replicated(&servers, &two_steps_and_back()).await;
    let later = two_steps_and_back().with("CREATE TABLE later (id int);");
    let behind = open_at(&servers.standby("postgres"), &later, Settings::default()).await;
    let acme = name("acme");
    refused(behind.migrate().await);
    let table = "CREATE TABLE tasks (id int PRIMARY KEY, title text, due date);";
    let baseline = Stream::new().named(BASELINE, table);
    let url = servers.standby("postgres");
    let squashing = open_at(&url, &baseline, Settings::default()).await;
    refused(squashing.squash().await);
    refused(squashing.squash().dry_run().await);
    let edited = Stream::new()
        .with("CREATE TABLE tasks (id int PRIMARY KEY, title text);")
        .with("ALTER TABLE tasks ADD due date NULL;");
    let editing = open_at(&url, &edited, Settings::default()).await;
    refused(editing.accept_edits().await);
    refused(standby.create(&name("new")).await);
    refused(standby.create_many([name("new"), name("newer")]).await);
    refused(standby.clone_tenant(&acme, &name("copy")).await);
    refused(standby.rename(&acme, &name("renamed")).await);
    refused(standby.contents(&acme).await);
    refused(standby.drop_tenant(&acme).await);
    refused(standby.suspend(&acme).await);
    refused(standby.resume(&acme).await);
    // No notification is heard there.
    let pool = standby.pool().listen().open().await;
    assert!(matches!(pool, Err(PoolError::Connect(_))), "{pool:?}");
    refused(standby.repair(&acme).await);
    refused(standby.try_repair(&acme).await);
    refused(standby.adopt(&name("public_schema")).await);
    let plan = standby.plan_rollback().await.unwrap();
    refused(standby.rollback(plan).await);
    refused(standby.spares().keep(3).await);
    let empty = servers.primary("template1");
    let client = client_of(&empty).await;
    client.batch_execute("CREATE DATABASE empty").await.unwrap();
    servers.caught_up().await;
    let empty = open_at(&servers.standby("empty"), &two_steps(), Settings::default()).await;
    refused(empty.migrate_public().await);

    let names = primary.list().await.unwrap();
    assert_eq!(names.len(), 2);
    assert!(primary.health().await.unwrap().is_healthy());
}

/// Of several that could be done in parallel, the error is told once.
#[tokio::test]
async fn a_run_on_a_standby_is_refused_once_and_before_anything() {
    let servers = Replicated::start();
    let (_primary, standby) = replicated(&servers, &two_steps()).await;
    let error = standby.require_primary().await.unwrap_err();
    is_standby(&error);
    assert!(error.to_string().starts_with("postgres@"), "{error}");
    refused(standby.create_many([name("one"), name("two")]).await);
    refused(standby.spares().keep(20).await);
}

#[tokio::test]
async fn a_pool_reads_on_a_standby_and_a_change_is_refused_in_postgresqls_words() {
    let servers = Replicated::start();
    let (_primary, standby) = replicated(&servers, &two_steps()).await;
    let pool = standby.pool().open().await.unwrap();
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    let read = diesel::sql_query("SELECT count(*) FROM tasks");
    RunQueryDsl::execute(read, &mut acme).await.unwrap();
    let write = diesel::sql_query("INSERT INTO tasks (id) VALUES (1)");
    let error = RunQueryDsl::execute(write, &mut acme).await.unwrap_err();
    let error = PoolError::from(error);
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let words = crate::fixture::chain(&error);
    assert!(words.contains("in a read-only transaction"), "{words}");
    drop(acme);
    // No standby has it, in PostgreSQL's words.
    let serializable = pool
        .tenant(&name("acme"))
        .isolation(Isolation::Serializable);
    let error = match serializable.await {
        Err(error) => error,
        Ok(mut acme) => {
            let read = diesel::sql_query("SELECT count(*) FROM tasks");
            let read = RunQueryDsl::execute(read, &mut acme).await;
            read.unwrap_err().into()
        }
    };
    let words = crate::fixture::chain(&error);
    assert!(
        words.contains("serializable mode in a hot standby"),
        "{words}"
    );
    let mut session = pool.tenant_session(&name("globex")).await.unwrap();
    let read = diesel::sql_query("SELECT count(*) FROM tasks");
    RunQueryDsl::execute(read, &mut session).await.unwrap();
}

#[tokio::test]
async fn what_a_check_on_the_primary_found_out_is_used_on_the_standby() {
    let servers = Replicated::start();
    let (primary, standby) = replicated(&servers, &two_steps()).await;
    assert!(primary.health().await.unwrap().is_healthy());
    servers.caught_up().await;
    let health = standby.health().await.unwrap();
    assert!(health.is_healthy(), "{health:?}");
    assert_eq!(health.as_expected, Some(2));
    let client = client_of(&servers.primary("postgres")).await;
    let by_hand = "ALTER TABLE acme.tasks DROP COLUMN due";
    client.batch_execute(by_hand).await.unwrap();
    servers.caught_up().await;
    let health = standby.health().await.unwrap();
    let found = health
        .problems
        .iter()
        .map(|it| (it.tenant.as_deref(), it.kind.code()));
    assert_eq!(
        found.collect::<Vec<_>>(),
        [(Some("acme"), "missing_object")]
    );
}

#[tokio::test]
async fn where_only_new_transactions_of_a_role_read_the_engine_still_writes() {
    let database = TestDatabase::new().await;
    let read_only = format!(
        "ALTER DATABASE {} SET default_transaction_read_only = on",
        database.name()
    );
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    TestDatabase::execute(&database, &read_only).await;
    let tenants = open(&database, &two_steps(), Settings::default()).await;
    create(&tenants, &["globex"]).await;
    assert!(tenants.health().await.unwrap().is_healthy());
    let pool = tenants.pool().open().await.unwrap();
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    let write = diesel::sql_query("INSERT INTO tasks (id) VALUES (1)");
    let error = RunQueryDsl::execute(write, &mut acme).await.unwrap_err();
    let words = error.to_string();
    assert!(words.contains("in a read-only transaction"), "{words}");
}

async fn client_of(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .unwrap();
    drop(tokio::spawn(connection));
    client
}

#[tokio::test]
async fn what_the_primary_found_under_a_tenants_name_is_compared_on_the_standby() {
    let servers = Replicated::start();
    let stream = Stream::new().with(
        "CREATE TABLE items (id int, title text);
         DO $$ BEGIN IF current_schema() LIKE 'acm%' THEN CREATE TABLE gdpr (id int); END IF; END $$;",
    );
    let primary = open_at(&servers.primary("postgres"), &stream, Settings::default()).await;
    primary.migrate_public().await.unwrap();
    create(&primary, &["acme", "globex"]).await;
    assert!(primary.health().await.unwrap().is_healthy());
    servers.caught_up().await;
    let standby = open_at(&servers.standby("postgres"), &stream, Settings::default()).await;
    let found = standby.health().await.unwrap();
    assert!(found.is_healthy(), "{found:?}");
    let client = client_of(&servers.primary("postgres")).await;
    client
        .batch_execute("ALTER TABLE acme.items DROP COLUMN title")
        .await
        .unwrap();
    servers.caught_up().await;
    let found = standby.health().await.unwrap();
    let kinds = found.problems.iter().map(|it| it.kind.to_string());
    assert_eq!(
        kinds.collect::<Vec<_>>(),
        ["column `items.title` is missing"]
    );
}

#[tokio::test]
async fn a_tenant_is_exported_from_a_standby_as_from_the_primary() {
    let servers = Replicated::start();
    let (primary, standby) = replicated(&servers, &two_steps()).await;
    let file = exported(&standby, "acme").await;
    assert_eq!(
        contents(&file).1,
        contents(&exported(&primary, "acme").await).1
    );
    refused(
        standby
            .import(std::io::Cursor::new(file))
            .named(&name("copy"))
            .await,
    );
}
