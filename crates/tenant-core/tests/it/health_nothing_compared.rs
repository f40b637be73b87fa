//! A check that compared nothing is not healthy.

use tenant_core::remedy::Advice;
use tenant_core::{Error, ErrorKind, ProblemKind, Settings, Status};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, migrate, name, open_at, tenants, two_steps};

#[tokio::test]
async fn on_a_standby_nothing_is_healthy_that_could_not_be_tried() {
    let mut server = local_postgres::ThrowawayServer::builder()
        .setting("wal_level", "replica")
        .setting("hot_standby", "on")
        .start()
        .unwrap();
    let url = server.url("postgres");
    let primary = open_at(&url, &two_steps(), Settings::default()).await;
    primary.migrate_public().await.unwrap();
    create(&primary, &["acme"]).await;
    drop(primary);
    std::fs::write(server.data_dir().join("standby.signal"), "").unwrap();
    server.restart().unwrap();
    let standby = open_at(&url, &two_steps().with("SELECT 1;"), Settings::default()).await;
    assert_eq!(standby.list().await.unwrap().len(), 1);
    let health = standby.health().await.unwrap();
    assert!(!health.is_healthy(), "{health:?}");
    let not_checked = health.problems.iter().find_map(|it| match &it.kind {
        ProblemKind::TablesNotChecked(error) => Some(error),
        _ => None,
    });
    let error = not_checked.unwrap();
    assert!(matches!(error, Error::Standby { .. }), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.remedies(), [Advice::UsePrimary.into()]);
    let quick = standby.health().quick().await.unwrap();
    assert!(!quick.is_healthy(), "{quick:?}");
    let same = open_at(&url, &two_steps(), Settings::default()).await;
    assert_eq!(migrate(&same).await.count(Status::UpToDate), 1);
    let error = standby.migrate().await.unwrap_err();
    assert!(matches!(error, Error::Standby { .. }), "{error:?}");
    let error = standby.create(&name("globex")).await.unwrap_err();
    assert!(matches!(error, Error::Standby { .. }), "{error:?}");
}

#[tokio::test]
async fn a_check_in_which_every_tenant_was_busy_is_not_healthy() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with("CREATE TABLE tasks (id int DEFAULT 1, CHECK (id > 0));");
    let tenants = tenants(&database, &stream).await;
    assert!(tenants.health().await.unwrap().is_healthy(), "no tenants");
    create(&tenants, &["acme", "globex"]).await;
    let holder = database.client().await;
    let hold = "BEGIN; LOCK TABLE acme.tasks IN ACCESS EXCLUSIVE MODE";
    holder.batch_execute(hold).await.unwrap();
    let health = tenants.health().await.unwrap();
    assert_eq!(health.busy, ["acme"]);
    assert!(health.is_healthy(), "{health:?}");
    let hold = "LOCK TABLE globex.tasks IN ACCESS EXCLUSIVE MODE";
    holder.batch_execute(hold).await.unwrap();
    let health = tenants.health().await.unwrap();
    assert_eq!(health.busy, ["acme", "globex"]);
    assert!(
        !health.is_healthy() && health.compared_nothing(),
        "{health:?}"
    );
}
