//! What a baseline may replace, and where nothing is recorded.

use tenant_core::remedy::{Advice, Command};
use tenant_core::{Error, Outcome, Selection, Settings, Status, Tenants};
use test_support::{PgBouncer, TestDatabase};

use crate::fixture::{
    Stream, create, migrate, name, open, open_at, outcome, tenants, two_steps, version,
};
use crate::squash::{BASELINE, history, old, version_of};

const TABLE: &str = "CREATE TABLE tasks (id int PRIMARY KEY, title text, due date);";
const LATER: &str = "2026-07-01-000000_later";

/// A tenant with two old migrations, whose table is [`TABLE`].
async fn acme(database: &TestDatabase) -> Tenants {
    let old = tenants(database, &two_steps()).await;
    create(&old, &["acme"]).await;
    old
}

async fn with(database: &TestDatabase, stream: Stream) -> Tenants {
    open(database, &stream, Settings::default()).await
}

fn baseline() -> Stream {
    Stream::new().named(BASELINE, TABLE)
}

async fn error_of_acme(tenants: &Tenants) -> Error {
    let mut report = tenants.squash().await.unwrap();
    report.outcomes.remove(0).error.unwrap()
}

#[tokio::test]
async fn later_migrations_stay_pending() {
    let database = TestDatabase::new().await;
    acme(&database).await;
    let later = baseline().named(LATER, "CREATE TABLE later (id int);");
    let new = with(&database, later).await;
    let report = new.squash().await.unwrap();
    assert_eq!(report.count(Status::Squashed), 1, "{report:?}");
    assert_eq!(
        history(&database, "acme").await,
        [version_of(BASELINE).as_str()]
    );
    let report = migrate(&new).await;
    assert_eq!(outcome(&report, "acme").applied, [version_of(LATER)]);
    assert!(new.health().await.unwrap().is_healthy());
}

#[tokio::test]
async fn a_later_migration_that_is_applied_already_counts_in_the_shape() {
    let database = TestDatabase::new().await;
    acme(&database).await;
    let later = "CREATE TABLE later (id int);";
    let before = with(&database, two_steps().named(LATER, later)).await;
    migrate(&before).await;
    let new = with(&database, baseline().named(LATER, later)).await;
    let report = new.squash().await.unwrap();
    assert_eq!(report.count(Status::Squashed), 1, "{report:?}");
    let both = [version_of(BASELINE), version_of(LATER)];
    assert_eq!(
        history(&database, "acme").await,
        both.map(|it| it.to_string())
    );
    let list = new.list().await.unwrap();
    assert_eq!(list[0].version, Some(version_of(LATER)));
    assert!(new.health().await.unwrap().is_healthy());
}

#[tokio::test]
async fn a_baseline_may_follow_migrations_that_are_kept() {
    let database = TestDatabase::new().await;
    let before = tenants(&database, &old(5)).await;
    create(&before, &["acme"]).await;
    let rest = "ALTER TABLE tasks ADD COLUMN c3 int, ADD COLUMN c4 int, ADD COLUMN c5 int;";
    let new = with(&database, old(2).named(BASELINE, rest)).await;
    let report = new.squash().await.unwrap();
    let done = outcome(&report, "acme");
    assert_eq!(
        done.forgotten,
        [version(3), version(4), version(5)],
        "{done:?}"
    );
    assert!(new.health().await.unwrap().is_healthy());
}

#[tokio::test]
async fn a_baseline_of_several_migrations_is_named_by_its_last() {
    let database = TestDatabase::new().await;
    acme(&database).await;
    let second = "2026-06-02-000000_baseline_keys";
    let two = Stream::new()
        .named(
            BASELINE,
            "CREATE TABLE tasks (id int, title text, due date);",
        )
        .named(second, "ALTER TABLE tasks ADD PRIMARY KEY (id);");
    let new = with(&database, two).await;
    let error = error_of_acme(&new).await;
    assert!(matches!(error, Error::NotLikeBaseline { .. }), "{error:?}");
    assert_eq!(error.remedies()[0], Advice::CorrectBaseline.into());
    let report = new.squash().baseline(version_of(second)).await.unwrap();
    let both = [version_of(BASELINE), version_of(second)];
    assert_eq!(outcome(&report, "acme").recorded, both, "{report:?}");
    assert!(new.health().await.unwrap().is_healthy());
}

#[tokio::test]
async fn a_baseline_with_the_version_of_an_old_migration_is_named() {
    let database = TestDatabase::new().await;
    acme(&database).await;
    let new = with(
        &database,
        Stream::new().named("2026-02-02-000000_all", TABLE),
    )
    .await;
    let error = new.squash().await.unwrap_err();
    assert!(matches!(error, Error::BaselineUnclear { .. }), "{error:?}");
    assert_eq!(error.remedies(), [Advice::NameBaseline.into()]);
    let report = new.squash().baseline(version(2)).await.unwrap();
    let done = outcome(&report, "acme");
    assert_eq!(
        (done.recorded.len(), &*done.forgotten),
        (0, &[version(1)][..])
    );
    let health = new.health().await.unwrap();
    assert!(health.is_healthy(), "{health:?}");
    create(&new, &["globex"]).await;
    let same = new.compare(&name("acme"), &name("globex")).await.unwrap();
    assert!(same.is_same(), "{same:?}");
}

#[tokio::test]
async fn a_baseline_older_than_what_it_replaces_needs_the_newest_named() {
    let database = TestDatabase::new().await;
    acme(&database).await;
    let oldest = "2020-01-01-000000_baseline";
    let new = with(&database, Stream::new().named(oldest, TABLE)).await;
    let error = error_of_acme(&new).await;
    let Error::AheadOfBaseline { versions, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(versions, &[version(1), version(2)]);
    assert!(
        error
            .remedies()
            .contains(&Advice::NameNewestReplaced.into())
    );
    let report = new.squash().through(version(2)).await.unwrap();
    assert_eq!(report.count(Status::Squashed), 1, "{report:?}");
    assert_eq!(
        history(&database, "acme").await,
        [version_of(oldest).as_str()]
    );
    assert!(new.health().await.unwrap().is_healthy());
}

#[tokio::test]
async fn a_tenant_that_another_program_has_migrated_further_is_refused() {
    let database = TestDatabase::new().await;
    acme(&database).await;
    // It changes rows only, so that the schema is what the baseline creates.
    let rows = two_steps().named(LATER, "UPDATE tasks SET title = upper(title);");
    migrate(&with(&database, rows).await).await;
    let new = with(&database, baseline()).await;
    let error = error_of_acme(&new).await;
    let Error::AheadOfBaseline { versions, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(versions, &[version_of(LATER)]);
    assert_eq!(history(&database, "acme").await.len(), 3);
}

#[tokio::test]
async fn a_tenant_that_lacks_an_old_change_of_rows_is_refused_though_its_schema_fits() {
    let database = TestDatabase::new().await;
    acme(&database).await;
    let rows = two_steps().with("UPDATE tasks SET title = upper(title);");
    let before = with(&database, rows).await;
    create(&before, &["globex"]).await;
    let new = with(&database, baseline()).await;
    for only in [Selection::all(), Selection::from(&name("acme"))] {
        let report = new.squash().select(only).dry_run().await.unwrap();
        let error = outcome(&report, "acme").error.as_ref().unwrap();
        assert!(matches!(error, Error::BehindBaseline { .. }), "{error:?}");
        assert_eq!(error.remedies(), [Advice::MigrateWithOldProgram.into()]);
    }
    // Named, the newest old one decides: a migration that one tenant alone has does not.
    let report = new.squash().through(version(2)).await.unwrap();
    assert_eq!(
        outcome(&report, "acme").status,
        Status::Squashed,
        "{report:?}"
    );
    assert_eq!(outcome(&report, "globex").status, Status::Failed);
}

#[tokio::test]
async fn the_migrations_of_another_project_are_no_baseline() {
    let database = TestDatabase::new().await;
    let before = acme(&database).await;
    let other = Stream::new().named(BASELINE, "CREATE TABLE dummy (id int);");
    let new = with(&database, other).await;
    let error = error_of_acme(&new).await;
    let Error::NotLikeBaseline { differences, .. } = &error else {
        panic!("{error:?}")
    };
    assert!(differences.len() >= 2, "{differences:?}");
    assert!(before.health().await.unwrap().is_healthy());
}

#[tokio::test]
async fn without_old_migrations_there_is_nothing_to_squash() {
    let database = TestDatabase::new().await;
    let tenants = acme(&database).await;
    let report = tenants.squash().await.unwrap();
    assert_eq!(report.count(Status::UpToDate), 1);
    let error = tenants.squash().baseline(version_of(LATER)).await;
    assert!(matches!(error, Err(Error::NoVersion(_))), "{error:?}");
    let behind = with(&database, two_steps().with("CREATE TABLE a (id int);")).await;
    let report = behind.squash().await.unwrap();
    assert_eq!(report.count(Status::UpToDate), 1);
    assert_eq!(history(&database, "acme").await.len(), 2);
}

#[tokio::test]
async fn a_tenant_that_another_run_works_on_is_left_as_it_is() {
    let database = TestDatabase::new().await;
    acme(&database).await;
    let new = with(&database, baseline()).await;
    let holder = database.client().await;
    let hold = "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('diesel-tenants:acme', 0))";
    holder.batch_execute(hold).await.unwrap();
    let impatient = new.waiting_at_most(std::time::Duration::ZERO);
    let report = impatient.squash().await.unwrap();
    let error = outcome(&report, "acme").error.as_ref();
    assert!(matches!(error, Some(Error::Busy { .. })), "{error:?}");
    assert_eq!(history(&database, "acme").await.len(), 2);
}

#[tokio::test]
async fn unknown_migrations_are_reported_with_the_way_out() {
    let database = TestDatabase::new().await;
    acme(&database).await;
    let new = with(&database, baseline()).await;
    let health = new.health().await.unwrap();
    let unknown = health
        .problems
        .iter()
        .find(|it| it.kind.code() == "other_program");
    let remedies = unknown.unwrap().remedies(new.registry());
    assert!(remedies.contains(&Command::Squash.into()), "{remedies:?}");
}

#[tokio::test]
async fn what_was_forgotten_can_be_put_back() {
    let database = TestDatabase::new().await;
    let before = acme(&database).await;
    let new = with(&database, baseline()).await;
    let report = new.squash().await.unwrap();
    let Outcome {
        recorded,
        forgotten,
        ..
    } = outcome(&report, "acme");
    // As the guide has it.
    let undo = format!(
        "BEGIN; \
         DELETE FROM acme.__diesel_schema_migrations WHERE version = '{}'; \
         INSERT INTO acme.__diesel_schema_migrations (version) VALUES ('{}'), ('{}'); \
         UPDATE public.schema_tracker SET version = '{}' WHERE name = 'acme'; COMMIT;",
        recorded[0], forgotten[0], forgotten[1], forgotten[1]
    );
    database.client().await.batch_execute(&undo).await.unwrap();
    let health = before.health().await.unwrap();
    assert!(health.is_healthy(), "{health:?}");
    let three = with(&database, two_steps().with("CREATE TABLE a (id int);")).await;
    assert_eq!(migrate(&three).await.count(Status::Migrated), 1);
}

#[tokio::test]
async fn a_baseline_that_creates_less_than_the_old_migrations_is_refused_for_all() {
    let database = TestDatabase::new().await;
    let native = "ALTER TABLE tasks ADD CONSTRAINT dated CHECK (due > '2000-01-01');";
    let before = tenants(&database, &two_steps().with(native)).await;
    create(&before, &["acme", "beta"]).await;
    let new = with(&database, baseline()).await;
    let report = new.squash().await.unwrap();
    assert_eq!(report.count(Status::Failed), 2, "{report:?}");
    for (_, error) in report.failures() {
        assert!(error.to_string().contains("`dated`"), "{error}");
    }
}

#[tokio::test]
async fn migrating_before_squashing_changes_nothing() {
    let database = TestDatabase::new().await;
    acme(&database).await;
    let insert = "INSERT INTO acme.tasks (id, title) VALUES (1, 'kept')";
    database.execute(insert).await;
    let new = with(&database, baseline()).await;
    let report = migrate(&new).await;
    assert_eq!(report.count(Status::Failed), 1, "{report:?}");
    assert_eq!(history(&database, "acme").await.len(), 2);
    let report = new.squash().await.unwrap();
    assert_eq!(report.count(Status::Squashed), 1, "{report:?}");
    let title = "SELECT title FROM acme.tasks";
    assert_eq!(database.value(title).await, "kept");
    assert!(new.health().await.unwrap().is_healthy());
}

#[tokio::test]
async fn where_the_baseline_is_recorded_already_only_the_old_ones_are_forgotten() {
    let database = TestDatabase::new().await;
    acme(&database).await;
    let new = with(&database, baseline()).await;
    let by_hand = format!(
        "INSERT INTO acme.__diesel_schema_migrations (version) VALUES ('{}')",
        version_of(BASELINE)
    );
    database.execute(&by_hand).await;
    let report = new.squash().baseline(version_of(BASELINE)).await.unwrap();
    let done = outcome(&report, "acme");
    assert_eq!(
        (done.recorded.len(), done.forgotten.len()),
        (0, 2),
        "{done:?}"
    );
    let health = new.health().await.unwrap();
    assert!(health.is_healthy(), "{health:?}");
}

#[tokio::test]
async fn it_is_done_behind_a_pooler_as_well() {
    let database = TestDatabase::new().await;
    create(&acme(&database).await, &["beta"]).await;
    let pooler = PgBouncer::start(&database, 1);
    let url = format!("{}?pooler=transaction", pooler.url());
    let new = open_at(&url, &baseline(), Settings::default()).await;
    let report = new.squash().await.unwrap();
    assert_eq!(report.count(Status::Squashed), 2, "{report:?}");
    assert!(new.health().await.unwrap().is_healthy());
}

/// A default and a trigger's argument have the schema's name as text.
const NAMED: &str = "DO $$ BEGIN \
    EXECUTE format('ALTER TABLE tasks ALTER COLUMN title SET DEFAULT %L', current_schema()); \
    EXECUTE format('CREATE TRIGGER keep BEFORE UPDATE ON tasks FOR EACH ROW \
        EXECUTE FUNCTION keep(%L)', current_schema() || '.tasks'); END $$;";

const KEEP: &str =
    "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';";

#[tokio::test]
async fn each_tenants_own_name_in_its_definitions_is_no_difference() {
    let database = TestDatabase::new().await;
    let old = two_steps().with(KEEP).with(NAMED);
    create(&tenants(&database, &old).await, &["acme", "globex_gmbh"]).await;
    let all = Stream::new().named(BASELINE, &[TABLE, KEEP, NAMED].join("\n"));
    let new = with(&database, all).await;
    let report = new.squash().await.unwrap();
    assert_eq!(report.count(Status::Squashed), 2, "{report:?}");
    let other = "ALTER TABLE acme.tasks ALTER COLUMN title SET DEFAULT 'globex_gmbh'";
    database.execute(other).await;
    assert!(!new.health().await.unwrap().is_healthy());
}
