//! What a server hears of its tenants through `tracing`.

mod runs;
mod table;

use std::time::Duration;

use tenant_core::{Error, Settings};
use test_support::TestDatabase;
use tracing::Level;

use crate::capture::{Ear, Told};
use crate::fixture::{chain, create, migrate, name, open, tenants, two_steps, version};

/// The only one of `told`.
fn only(told: Vec<Told>) -> Told {
    let [one] = told.as_slice() else {
        panic!("not one, but {told:#?}");
    };
    one.clone()
}

/// What `field` is in each of `told`.
pub(crate) fn fields<'a>(told: &'a [Told], field: &str) -> Vec<&'a str> {
    told.iter().map(|one| one.field(field)).collect()
}

/// What ended is told with a number of milliseconds.
fn assert_has_duration(told: &Told) {
    assert!(told.field("duration_ms").parse::<u64>().is_ok(), "{told:?}");
}

#[tokio::test]
async fn a_new_tenant_is_told_with_its_outcome_its_duration_and_its_migrations() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    let ear = Ear::open();
    tenants.create(&name("acme")).await.unwrap();

    let ended = only(ear.said("schema ended"));
    assert_eq!(ended.level, Level::INFO);
    assert_eq!(ended.field("tenant"), "acme");
    assert_eq!(ended.field("outcome"), "created");
    assert_eq!(ended.field("migrations"), "2");
    assert!(!ended.fields.contains_key("from_spare"), "{ended:?}");
    assert!(!ended.fields.contains_key("error"), "{ended:?}");
    assert_has_duration(&ended);
    assert_eq!(ended.inside, ["create", "tenant acme"]);

    assert_eq!(only(ear.said("schema begun")).level, Level::DEBUG);
    let applied = ear.said("migration applied");
    assert_eq!(fields(&applied, "version"), [version(1), version(2)]);
    assert_eq!(
        fields(&applied, "migration"),
        ["2026-02-01-000000_step", "2026-02-02-000000_step"]
    );
    assert_eq!(fields(&applied, "tenant"), ["acme", "acme"]);
}

#[tokio::test]
async fn a_failed_migration_is_told_with_its_sqlstate_and_without_its_statement() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    let stream =
        stream.with("ALTER TABLE tasks\n    ADD FOREIGN KEY (id) REFERENCES nothing_there;");
    let tenants = open(&database, &stream, Settings::default()).await;
    let ear = Ear::open();
    let report = migrate(&tenants).await;

    let ended = only(ear.said("schema ended"));
    assert_eq!(ended.level, Level::WARN);
    assert_eq!(ended.field("tenant"), "acme");
    assert_eq!(ended.field("outcome"), "failed");
    assert_eq!(ended.field("migration"), "2026-02-03-000000_step");
    assert_eq!(ended.field("sqlstate"), "42P01");
    assert_eq!(ended.field("migrations"), "0");
    assert_has_duration(&ended);
    assert_eq!(
        ended.field("error"),
        "migration `2026-02-03-000000_step` failed for tenant `acme` (up.sql, line 1; its \
         transaction was rolled back): relation \"nothing_there\" does not exist (SQLSTATE 42P01)"
    );
    assert!(ear.said("migration applied").is_empty());
    let run = only(ear.said("run ended"));
    assert_eq!((run.field("total"), run.field("failed")), ("1", "1"));
    // The whole of it is in what the call gives back.
    let (_, error) = report.failures().next().unwrap();
    assert!(chain(error).contains("ADD FOREIGN KEY"), "{}", chain(error));
}

#[tokio::test]
async fn a_dropped_tenant_is_told_and_so_is_one_that_was_never_there() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    let ear = Ear::open();
    tenants.drop_tenant(&name("acme")).await.unwrap();
    tenants.drop_tenant(&name("acme")).await.unwrap_err();
    let ended = ear.said("schema ended");
    assert_eq!(fields(&ended, "outcome"), ["dropped", "failed"]);
    assert_eq!(fields(&ended, "error"), ["", "there is no tenant `acme`"]);
    let (first, second) = (&ended[0], &ended[1]);
    assert_eq!(first.inside, ["drop_tenant", "tenant acme"]);
    assert_eq!((first.level, second.level), (Level::INFO, Level::WARN));
}

#[tokio::test]
async fn a_renamed_tenant_is_told_with_both_names() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    let ear = Ear::open();
    tenants
        .rename(&name("acme"), &name("globex"))
        .await
        .unwrap();
    let ended = only(ear.said("schema ended"));
    assert_eq!(ended.level, Level::INFO);
    assert_eq!(ended.inside, ["rename", "tenant acme"]);
    let told = ["tenant", "outcome", "renamed_to"].map(|field| ended.field(field));
    assert_eq!(told, ["acme", "renamed", "globex"]);
}

#[tokio::test]
async fn each_migration_is_told_when_it_is_committed_and_the_one_that_failed_is_not() {
    let database = TestDatabase::new().await;
    let stream = two_steps()
        .outside("CREATE INDEX CONCURRENTLY ON tasks (title);")
        .with("SELECT nothing_such();");
    let tenants = tenants(&database, &stream).await;
    let ear = Ear::open();
    tenants.create(&name("acme")).await.unwrap_err();
    let applied = ear.said("migration applied");
    assert_eq!(
        fields(&applied, "version"),
        [version(1), version(2), version(3)]
    );
    let ended = only(ear.said("schema ended"));
    assert_eq!(ended.field("migration"), "2026-02-04-000000_step");
    assert!(
        ended.field("error").contains("the new tenant was removed"),
        "{ended:?}"
    );
}

#[tokio::test]
async fn the_public_schema_is_emptys() {
    let database = TestDatabase::new().await;
    let tenants = open(&database, &two_steps(), Settings::default()).await;
    let ear = Ear::open();
    tenants.migrate_public().await.unwrap();
    tenants.migrate_public().await.unwrap();
    let ended = ear.said("schema ended");
    assert_eq!(fields(&ended, "outcome"), ["migrated", "up_to_date"]);
    assert_eq!(fields(&ended, "tenant"), ["", ""]);
    assert_eq!(ended[0].inside, ["migrate_public"]);
    assert!(!ear.said("migration applied").is_empty());
}

#[tokio::test]
async fn a_spare_is_told_when_it_is_built_and_when_it_is_taken() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    let ear = Ear::open();
    tenants.spares().keep(1).await.unwrap();
    tenants.create(&name("acme")).await.unwrap();
    let ended = ear.said("schema ended");
    assert_eq!(fields(&ended, "outcome"), ["created", "created"]);
    assert_eq!(fields(&ended, "tenant"), ["", "acme"]);
    assert_eq!(fields(&ended, "from_spare"), ["", "true"]);
    let spare = ended[0].field("spare");
    assert!(spare.starts_with("_spare_"), "{spare}");
    assert_eq!(
        ended[0].inside,
        ["keep_spares".to_owned(), format!("spare {spare}")]
    );
    let taken = only(ear.said("spare taken"));
    assert_eq!(
        (taken.field("tenant"), taken.field("spare")),
        ("acme", spare)
    );
    assert_eq!(ear.said("run ended").len(), 1);
}

#[tokio::test]
async fn a_spare_that_somebody_works_on_is_told_when_it_is_passed_over() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    tenants.spares().keep(1).await.unwrap();
    let spare = database.value("SELECT name FROM spare_schemas").await;
    let other = database.client().await;
    let lock = format!(
        "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('diesel-tenants:{spare}', 0))"
    );
    other.batch_execute(&lock).await.unwrap();
    let ear = Ear::open();
    let made = tenants.create(&name("acme")).await.unwrap();
    assert!(!made.from_spare);
    let passed = only(ear.said("spare passed over"));
    assert_eq!(passed.field("spare"), spare);
    assert_eq!(passed.field("tenant"), "acme");
    assert!(
        passed.field("error").contains("the spare schema's lock"),
        "{passed:?}"
    );
    assert!(ear.said("spare taken").is_empty());
}

#[tokio::test]
async fn who_holds_a_lock_is_told_while_it_is_waited_for_and_so_is_another_attempt() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    let settings = Settings {
        lock_timeout: Duration::from_millis(500),
        ..Settings::default()
    };
    let stream = stream.with("ALTER TABLE tasks ADD COLUMN more int;");
    let tenants = open(&database, &stream, settings).await;
    let holder = database.client().await;
    holder
        .batch_execute("BEGIN; SELECT * FROM acme.tasks")
        .await
        .unwrap();
    let pid = holder
        .query_one("SELECT pg_backend_pid()", &[])
        .await
        .unwrap();
    let pid = format!("pid {} (", pid.get::<_, i32>(0));
    let ear = Ear::open();
    migrate(&tenants).await;
    let waiting = ear.said("waiting for a lock");
    let held_by = fields(&waiting, "held_by");
    assert!(held_by.iter().any(|by| by.starts_with(&pid)), "{held_by:?}");
    let again = ear.said("trying again");
    assert_eq!(fields(&again, "sqlstate"), ["55P03", "55P03"]);
    assert_eq!(fields(&again, "tenant"), ["acme", "acme"]);
    let ended = only(ear.said("schema ended"));
    assert!(ended.field("error").contains(&pid), "{ended:?}");
}

#[tokio::test]
async fn another_run_on_the_same_tenant_is_told_once_however_long_it_takes() {
    let database = TestDatabase::new().await;
    create(&tenants(&database, &two_steps()).await, &["acme"]).await;
    let settings = Settings {
        wait: Duration::from_millis(300),
        ..Settings::default()
    };
    let tenants = open(&database, &two_steps(), settings).await;
    let other = database.client().await;
    let lock = "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('diesel-tenants:acme', 0))";
    other.batch_execute(lock).await.unwrap();
    let ear = Ear::open();
    tenants.drop_tenant(&name("acme")).await.unwrap_err();
    let waiting = only(ear.said("waiting for a lock"));
    assert_eq!(waiting.field("tenant"), "acme");
    assert!(!waiting.fields.contains_key("held_by"), "{waiting:?}");
}

#[tokio::test]
async fn a_call_that_fails_as_a_whole_is_told() {
    let database = TestDatabase::new().await;
    let tenants = open(&database, &two_steps(), Settings::default()).await;
    let ear = Ear::open();
    let error = tenants.list().await.unwrap_err();
    assert!(matches!(error, Error::NotSetUp { .. }), "{error}");
    let ended = only(ear.said("call ended"));
    assert_eq!(ended.level, Level::WARN);
    assert_eq!(ended.field("call"), "list");
    assert_eq!(ended.field("outcome"), "failed");
    assert_eq!(ended.field("error"), error.to_string());
    assert_eq!(ended.inside, ["list"]);
}

#[tokio::test]
async fn every_call_has_a_span_of_its_name() {
    let database = TestDatabase::new().await;
    let ear = Ear::open();
    let tenants = tenants(&database, &two_steps()).await;
    let (acme, globex) = (name("acme"), name("globex"));
    tenants.create(&acme).await.unwrap();
    tenants.create_many(vec![globex]).await.unwrap();
    migrate(&tenants).await;
    tenants.contents(&acme).await.unwrap();
    tenants.list().await.unwrap();
    tenants.health().await.unwrap();
    tenants.spares().count().await.unwrap();
    tenants.spares().keep(0).await.unwrap();
    let copy = name("copy");
    tenants.clone_tenant(&acme, &copy).await.unwrap();
    tenants.rename(&acme, &name("initech")).await.unwrap();
    tenants.drop_tenant(&name("initech")).await.unwrap();
    let mut spans = ear.spans();
    spans.retain(|span| span.inside.is_empty());
    let names = spans.iter().map(|span| span.name.as_str());
    let names = names.collect::<Vec<_>>();
    let calls = [
        "open",
        "migrate_public",
        "create",
        "create_all",
        "migrate",
        "contents",
        "list",
        "health",
        "spares",
        "keep_spares",
        "clone_tenant",
        "rename",
        "drop_tenant",
    ];
    assert_eq!(names, calls);
}
