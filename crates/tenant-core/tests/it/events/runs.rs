//! What is told of runs over many tenants.

use tenant_core::Settings;
use test_support::TestDatabase;
use tracing::Level;

use super::{assert_has_duration, fields, only};
use crate::capture::Ear;
use crate::fixture::{create, migrate, open, tenants, two_steps};

#[tokio::test]
async fn a_run_over_three_tenants_has_a_span_for_each() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["a", "b", "c"]).await;
    let stream = stream.with("CREATE TABLE more (id int);");
    let tenants = open(&database, &stream, Settings::default()).await;
    let ear = Ear::open();
    migrate(&tenants).await;

    let mut spans = ear.spans();
    spans.retain(|span| span.name == "tenant");
    let mut names = fields(&spans, "tenant");
    names.sort_unstable();
    assert_eq!(names, ["a", "b", "c"]);
    assert!(
        spans.iter().all(|span| span.inside == ["migrate"]),
        "{spans:?}"
    );
    for event in ear
        .said("migration applied")
        .iter()
        .chain(&ear.said("schema ended"))
    {
        let span = format!("tenant {}", event.field("tenant"));
        assert_eq!(event.inside, ["migrate", span.as_str()]);
    }
    let ended = ear.said("schema ended");
    assert_eq!(fields(&ended, "outcome"), ["migrated"; 3]);
    let begun = only(ear.said("run begun"));
    assert_eq!((begun.field("schemas"), begun.field("jobs")), ("3", "3"));
    let run = only(ear.said("run ended"));
    assert_eq!(run.level, Level::INFO);
    assert_eq!(run.inside, ["migrate"]);
    assert_eq!((run.field("total"), run.field("failed")), ("3", "0"));
    assert_has_duration(&run);
}

#[tokio::test]
async fn where_nothing_is_pending_the_number_of_tenants_does_not_make_the_log_longer() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    let names = (0..30).map(|number| format!("t{number}"));
    let names = names.collect::<Vec<_>>();
    create(
        &tenants,
        &names.iter().map(String::as_str).collect::<Vec<_>>(),
    )
    .await;
    let ear = Ear::open();
    migrate(&tenants).await;
    let run = only(ear.said("run ended"));
    assert_eq!((run.field("total"), run.field("failed")), ("30", "0"));
    let call = only(ear.said("call ended"));
    assert_eq!((call.field("call"), call.level), ("migrate", Level::DEBUG));
    assert_eq!(ear.events().len(), 2, "{:#?}", ear.events());
    assert_eq!(only(ear.spans()).name, "migrate");
}

#[tokio::test]
async fn a_tenant_that_fails_before_it_is_begun_and_one_that_is_left_alone_are_told() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["broken", "whole"]).await;
    database.execute("DROP SCHEMA broken CASCADE").await;
    let stream = stream.with("CREATE TABLE more (id int);");
    let tenants = open(&database, &stream, Settings::default()).await;
    let ear = Ear::open();
    tenants.migrate().max_failures(1).await.unwrap();
    let ended = ear.said("schema ended");
    assert_eq!(fields(&ended, "tenant"), ["broken", "whole"]);
    assert_eq!(fields(&ended, "outcome"), ["failed", "skipped"]);
    assert_eq!(
        (ended[0].level, ended[1].level),
        (Level::WARN, Level::DEBUG)
    );
    let run = only(ear.said("run ended"));
    assert_eq!((run.field("failed"), run.field("skipped")), ("1", "1"));
}

#[tokio::test]
async fn what_a_dry_run_would_migrate_is_counted_as_skipped() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    let stream = stream.with("CREATE TABLE more (id int);");
    let tenants = open(&database, &stream, Settings::default()).await;
    let ear = Ear::open();
    tenants.migrate().dry_run().await.unwrap();
    assert_eq!(only(ear.said("run ended")).field("skipped"), "1");
    assert!(ear.said("schema ended").is_empty());
}
