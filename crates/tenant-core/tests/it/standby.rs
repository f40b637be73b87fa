//! What works on a standby, and what says that it cannot.

use tenant_core::remedy::Advice;
use tenant_core::{Error, ErrorKind, FleetReport, ProblemKind, Settings, Status, Tenants};
use test_support::Replicated;

use crate::fixture::{
    Stream, create, migrate, name, open_at, outcome, two_steps, two_steps_and_back,
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

/// Of a run over tenants: it has an error for itself, or each of its tenants has one.
fn all_refused(done: Result<FleetReport, Error>) {
    match done {
        Err(error) => is_standby(&error),
        Ok(report) => {
            assert!(report.failures().count() > 0, "{report:?}");
            report.failures().for_each(|(_, error)| is_standby(error));
        }
    }
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
    let public = standby.migrate_public().dry_run().await.unwrap();
    assert!(public.pending.is_empty(), "{public:?}");
    let contents = standby.contents(&name("acme")).await.unwrap();
    assert_eq!(contents.tables.len(), 1, "{contents:?}");

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
    assert!(
        notes.concat().contains("the server is a standby"),
        "{notes:?}"
    );

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
    let kinds = async |tenants: &Tenants| {
        let health = tenants.health().await.unwrap();
        assert!(!health.is_healthy(), "{health:?}");
        let kinds = health.problems.iter().map(|it| it.kind.code());
        kinds.collect::<Vec<_>>()
    };
    assert_eq!(kinds(&standby).await, ["tables_not_checked"]);
    let client = tokio_postgres_client(&servers.primary("postgres")).await;
    client
        .batch_execute(
            "DROP SCHEMA globex CASCADE; \
             DELETE FROM acme.__diesel_schema_migrations WHERE version = '20260202000000'; \
             INSERT INTO acme.__diesel_schema_migrations VALUES ('20270101000000')",
        )
        .await
        .unwrap();
    servers.caught_up().await;
    let found = kinds(&standby).await;
    for kind in ["missing_schema", "pending_migrations", "unknown_migration"] {
        assert!(found.contains(&kind), "{kind} in {found:?}");
    }
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
    all_refused(behind.migrate().await);
    let table = "CREATE TABLE tasks (id int PRIMARY KEY, title text, due date);";
    let baseline = Stream::new().named(BASELINE, table);
    let url = servers.standby("postgres");
    let squashing = open_at(&url, &baseline, Settings::default()).await;
    all_refused(squashing.squash().await);
    all_refused(squashing.squash().dry_run().await);
    let edited = Stream::new()
        .with("CREATE TABLE tasks (id int PRIMARY KEY, title text);")
        .with("ALTER TABLE tasks ADD due date NULL;");
    let editing = open_at(&url, &edited, Settings::default()).await;
    all_refused(editing.accept_edits().await);
    refused(standby.create(&name("new")).await);
    all_refused(standby.create_many([name("new"), name("newer")]).await);
    refused(standby.clone_tenant(&acme, &name("copy")).await);
    refused(standby.rename(&acme, &name("renamed")).await);
    refused(standby.drop_tenant(&acme).await);
    refused(standby.repair(&acme).await);
    refused(standby.try_repair(&acme).await);
    refused(standby.adopt(&name("public_schema")).await);
    let plan = standby.plan_rollback().await.unwrap();
    all_refused(standby.rollback(plan).await);
    let spares = standby.spares().keep(3).await;
    match spares {
        Err(error) => is_standby(&error),
        Ok(report) => {
            let errors = report.outcomes.iter().filter_map(|it| it.error.as_ref());
            let errors = errors.collect::<Vec<_>>();
            assert!(!errors.is_empty(), "{report:?}");
            errors.into_iter().for_each(is_standby);
        }
    }
    let empty = servers.primary("template1");
    let client = tokio_postgres_client(&empty).await;
    client.batch_execute("CREATE DATABASE empty").await.unwrap();
    servers.caught_up().await;
    let empty = open_at(&servers.standby("empty"), &two_steps(), Settings::default()).await;
    refused(empty.migrate_public().await);

    let names = primary.list().await.unwrap();
    assert_eq!(names.len(), 2);
    assert!(primary.health().await.unwrap().is_healthy());
}

async fn tokio_postgres_client(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .unwrap();
    drop(tokio::spawn(connection));
    client
}
