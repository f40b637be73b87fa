//! The tables in the documentation of the events, held to what is told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use tenant_core::{Selection, Settings, Tenants};
use test_support::TestDatabase;

use crate::capture::Ear;
use crate::fixture::{create, name, open, two_steps_and_back};

type Words<'a> = BTreeSet<&'a str>;

/// The rows of the table under `heading`, each cell without what surrounds it.
fn rows(heading: &str) -> Vec<[&'static str; 3]> {
    let source = include_str!("../../../src/events.rs");
    let lines = source
        .lines()
        .filter_map(|line| line.strip_prefix("//!"))
        .map(str::trim);
    let table = lines
        .skip_while(|line| *line != heading)
        .skip(1)
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'));
    let rows = table.skip(2).map(|line| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        [(); 3].map(|()| cells.next().unwrap())
    });
    rows.collect()
}

/// What stands in backquotes.
fn words(cell: &str) -> Words<'_> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Each span with its fields, as documented.
fn documented_spans() -> BTreeMap<&'static str, Words<'static>> {
    let spans = rows("# Spans").into_iter().flat_map(|[spans, fields, _]| {
        let fields = words(fields);
        words(spans).into_iter().map(move |it| (it, fields.clone()))
    });
    spans.collect()
}

/// Each message with its levels and its fields, as documented. Of the message whose
/// level is that of its outcome, all levels.
fn documented_events() -> BTreeMap<&'static str, (Words<'static>, Words<'static>)> {
    let events = rows("# Events").into_iter();
    let events = events.map(|[message, levels, fields]| {
        let levels = match levels {
            "see below" => BTreeSet::from(["WARN", "INFO", "DEBUG"]),
            // Of the message whose level is that of the build, that of this one.
            levels => words(levels.split(" in a build").next().unwrap()),
        };
        (message.trim_matches('`'), (levels, words(fields)))
    });
    events.collect()
}

/// Each call once, also those that only a cluster answers: their spans are there.
async fn call_everything(database: &TestDatabase) {
    let tenants = open(database, &two_steps_and_back(), Settings::default()).await;
    tenants.list().await.unwrap_err();
    tenants.migrate_public().await.unwrap();
    tenants.migrate_public().await.unwrap();
    let (acme, copy, lost) = (name("acme"), name("copy"), name("lost"));
    tenants.spares().keep(1).await.unwrap();
    tenants.create(&acme).await.unwrap();
    create(&tenants, &["globex"]).await;
    tenants.clone_tenant(&acme, &copy).await.unwrap();
    tenants.rename(&copy, &lost).await.unwrap();
    database
        .execute("DELETE FROM schema_tracker WHERE name = 'lost'")
        .await;
    tenants.adopt(&lost).await.unwrap();
    tenants.contents(&acme).await.unwrap();
    tenants.compare(&acme, &lost).await.unwrap();
    tenants.repair(&acme).await.unwrap();
    tenants.standings(Selection::all()).await.unwrap();
    tenants.health().await.unwrap();
    tenants.spares().count().await.unwrap();
    let plan = tenants.plan_rollback().await.unwrap();
    tenants.rollback(plan).await.unwrap();
    tenants.squash().await.unwrap();
    tenants.accept_edits().await.unwrap();
    tenants.migrate().await.unwrap();
    let node = "127.0.0.1:5432".parse().unwrap();
    let moved = tenants.cluster().move_tenant(&acme, &node).await;
    moved.unwrap_err();
    tenants.cluster().distribute().await.unwrap_err();
    tenants.suspend(&lost).await.unwrap();
    tenants.resume(&lost).await.unwrap();
    let (_, file) = tenants.export(&lost).to_writer(Vec::new()).await.unwrap();
    let again = name("again");
    let import = tenants.import(std::io::Cursor::new(file)).named(&again);
    import.await.unwrap();
    tenants.drop_tenant(&again).await.unwrap();
    tenants.drop_tenant(&lost).await.unwrap();
}

/// What is told when others hold what is needed.
async fn get_in_the_way(database: &TestDatabase) {
    let settings = Settings {
        lock_timeout: Duration::from_millis(300),
        ..Settings::default()
    };
    let tenants = open(database, &two_steps_and_back(), settings).await;
    tenants.spares().keep(1).await.unwrap();
    let spare = database.value("SELECT name FROM spare_schemas").await;
    let other = database.client().await;
    let lock = format!(
        "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('diesel-tenants:{spare}', 0))"
    );
    other.batch_execute(&lock).await.unwrap();
    tenants.create(&name("initech")).await.unwrap();
    let hold = "COMMIT; BEGIN; SELECT * FROM initech.tasks";
    other.batch_execute(hold).await.unwrap();
    drop_in_vain(&tenants).await;
}

async fn drop_in_vain(tenants: &Tenants) {
    let error = tenants.drop_tenant(&name("initech")).await.unwrap_err();
    assert_eq!(error.sqlstate(), Some("55P03"), "{error}");
}

/// What is told when migrations make the server say something.
async fn talk(database: &TestDatabase) {
    let settings = Settings {
        notices: true,
        ..Settings::default()
    };
    let talk = "DO $$ BEGIN RAISE WARNING 'one'; RAISE NOTICE 'two'; END $$;";
    let tenants = open(database, &two_steps_and_back().with(talk), settings).await;
    tenants.migrate().await.unwrap();
}

/// What is told when nobody commits.
async fn lose_a_write(database: &TestDatabase) {
    let tenants = open(database, &two_steps_and_back(), Settings::default()).await;
    let pool = tenants.pool().size(1).open().await.unwrap();
    let mut acme = pool.tenant(&name("initech")).await.unwrap();
    acme.batch_execute("CREATE TABLE lost ()").await.unwrap();
}

#[tokio::test]
async fn spans_and_events_are_exactly_those_of_the_documentation() {
    let database = TestDatabase::new().await;
    let ear = Ear::open();
    call_everything(&database).await;
    get_in_the_way(&database).await;
    talk(&database).await;
    lose_a_write(&database).await;

    let mut spans = BTreeMap::<_, Words<'_>>::new();
    let told = ear.spans();
    for span in &told {
        spans
            .entry(span.name.as_str())
            .or_default()
            .extend(&span.declared);
    }
    assert_eq!(spans, documented_spans());

    let mut events = BTreeMap::<_, (Words<'_>, Words<'_>)>::new();
    let told = ear.events();
    for event in &told {
        let (levels, fields) = events.entry(event.name.as_str()).or_default();
        levels.insert(event.level.as_str());
        fields.extend(&event.declared);
    }
    assert_eq!(events, documented_events());
}

#[test]
fn each_field_is_explained_once_and_is_one_of_an_event() {
    let explained = rows(
        "dry run as skipped. A call whose future is dropped has no end event, and its spans are closed.",
    );
    let mut names = explained
        .iter()
        .flat_map(|row| words(row[0]))
        .collect::<Vec<_>>();
    names.sort_unstable();
    let fields = documented_events()
        .into_values()
        .flat_map(|(_, fields)| fields);
    let fields = fields.collect::<BTreeSet<_>>();
    assert_eq!(names, fields.into_iter().collect::<Vec<_>>());
}
