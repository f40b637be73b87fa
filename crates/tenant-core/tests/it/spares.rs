//! Spare schemas: made beforehand, taken by new tenants.

use tenant_core::{Error, Settings, SpareCount, SpareReport, Status, TenantName, Tenants};
use test_support::TestDatabase;

use crate::fixture::{
    Stream, create, migrate, name, open, spare_count, tenants, two_steps, version,
};

async fn keep(tenants: &Tenants, count: usize) -> SpareReport {
    let kept = tenants.spares().keep(count).await.unwrap();
    let failed = kept.outcomes.iter().filter(|it| it.error.is_some());
    assert_eq!(failed.count(), 0, "{kept:?}");
    kept
}

async fn ready(tenants: &Tenants) -> usize {
    tenants.spares().count().await.unwrap().ready
}

/// Everything in a schema that a user could tell apart.
async fn catalog(database: &TestDatabase, schema: &str) -> Vec<String> {
    let sql = format!(
        "SELECT format('%s %s %s %s', c.relkind, c.relname, a.attname,
                       format_type(a.atttypid, a.atttypmod))
         FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
         WHERE c.relnamespace = '{schema}'::regnamespace ORDER BY 1"
    );
    database.column(&sql).await
}

#[tokio::test]
async fn a_tenant_that_is_listed_as_a_spare_as_well_stays_a_tenant() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    tenants.create(&name("acme")).await.unwrap();
    database
        .execute(
            "INSERT INTO spare_schemas (name, version, fingerprints) \
             SELECT name, version, fingerprints FROM schema_tracker",
        )
        .await;
    let made = tenants.create(&name("globex")).await.unwrap();
    assert!(!made.from_spare, "{made:?}");
    tenants.spares().keep(0).await.unwrap();
    assert_eq!(database.schemas().await, ["acme", "globex"]);
    assert_eq!(database.tracked().await, ["acme", "globex"]);
}

#[tokio::test]
async fn a_new_tenant_takes_a_spare_and_is_like_one_that_was_built() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    tenants.create(&name("built")).await.unwrap();
    let kept = keep(&tenants, 2).await;
    assert_eq!(kept.ready, 2);
    let taken = tenants.create(&name("taken")).await.unwrap();
    assert!(taken.from_spare);
    assert_eq!(taken.applied, [version(1), version(2)]);
    assert_eq!(
        catalog(&database, "taken").await,
        catalog(&database, "built").await
    );
    assert_eq!(database.tracked().await, ["built", "taken"]);
    assert_eq!(ready(&tenants).await, 1);
    let versions = "SELECT version FROM schema_tracker WHERE name = 'taken'";
    assert_eq!(database.value(versions).await, version(2));
    let report = migrate(&tenants).await;
    assert_eq!(report.count(Status::UpToDate), 2, "{report:?}");
}

#[tokio::test]
async fn a_function_that_keeps_its_path_finds_the_tables_of_the_tenant_that_took_it() {
    let database = TestDatabase::new().await;
    let keeping = Stream::new().with(
        "CREATE TABLE tasks (id int PRIMARY KEY); INSERT INTO tasks VALUES (7);
         CREATE FUNCTION newest() RETURNS int LANGUAGE plpgsql SET search_path FROM CURRENT
             AS 'BEGIN RETURN (SELECT max(id) FROM tasks); END'",
    );
    let tenants = tenants(&database, &keeping).await;
    keep(&tenants, 1).await;
    let taken = tenants.create(&name("acme")).await.unwrap();
    assert!(taken.from_spare);
    assert_eq!(database.value("SELECT acme.newest()::text").await, "7");
    let health = tenants.health().await.unwrap();
    assert!(health.problems.is_empty(), "{health:?}");
}

#[tokio::test]
async fn sixteen_who_create_at_once_get_a_spare_each_or_build() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    keep(&tenants, 10).await;
    let mut creating = Vec::new();
    for number in 0..16 {
        let (tenants, name) = (tenants.clone(), name(&format!("tenant_{number}")));
        creating.push(tokio::spawn(async move { tenants.create(&name).await }));
    }
    let mut from_spare = 0;
    for one in creating {
        let outcome = one.await.unwrap().unwrap();
        assert_eq!(outcome.status, Status::Created);
        from_spare += usize::from(outcome.from_spare);
    }
    assert_eq!(from_spare, 10);
    assert_eq!(
        tenants.spares().count().await.unwrap(),
        SpareCount::default()
    );
    assert_eq!(database.tracked().await.len(), 16);
    assert_eq!(database.schemas().await, database.tracked().await);
    let health = tenants.health().await.unwrap();
    assert!(health.problems.is_empty(), "{health:?}");
}

#[tokio::test]
async fn many_tenants_take_the_spares_that_are_there_and_the_rest_is_built() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    keep(&tenants, 3).await;
    let names = (0..8).map(|number| name(&format!("t{number}")));
    let report = tenants.create_many(names);
    let report = report.await.unwrap();
    assert_eq!(report.count(Status::Created), 8, "{report:?}");
    let from_spare = report.outcomes.iter().filter(|it| it.from_spare).count();
    assert_eq!(from_spare, 3);
}

#[tokio::test]
async fn a_spare_that_is_behind_is_not_taken_and_is_migrated_with_the_fleet() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    let old = tenants(&database, &stream).await;
    create(&old, &["acme"]).await;
    keep(&old, 2).await;
    let stream = stream.with("CREATE TABLE notes (id int PRIMARY KEY);");
    let new = open(&database, &stream, Settings::default()).await;
    assert_eq!(
        new.spares().count().await.unwrap(),
        spare_count(|count| count.behind = 2)
    );
    assert!(!new.create(&name("built")).await.unwrap().from_spare);

    let report = migrate(&new).await;
    assert_eq!(report.count(Status::Migrated), 1, "{report:?}");
    assert_eq!(report.spares.len(), 2, "{report:?}");
    assert!(report.spares.iter().all(|it| it.status == Status::Migrated));
    assert_eq!(ready(&new).await, 2);
    assert!(new.create(&name("taken")).await.unwrap().from_spare);
    assert_eq!(
        catalog(&database, "taken").await,
        catalog(&database, "built").await
    );
    // A program that does not know the new migration leaves such a spare alone.
    assert!(
        !old.create(&name("by_an_old_program"))
            .await
            .unwrap()
            .from_spare
    );
    assert_eq!(ready(&new).await, 1);
}

#[tokio::test]
async fn a_run_over_named_tenants_leaves_the_spares_alone() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    let old = tenants(&database, &stream).await;
    create(&old, &["acme"]).await;
    keep(&old, 1).await;
    let stream = stream.with("CREATE TABLE notes (id int PRIMARY KEY);");
    let new = open(&database, &stream, Settings::default()).await;
    let report = new.migrate().only([name("acme")]).await.unwrap();
    assert!(report.spares.is_empty(), "{report:?}");
    assert_eq!(ready(&new).await, 0);
    assert_eq!(keep(&new, 1).await.outcomes[0].status, Status::Migrated);
    assert_eq!(ready(&new).await, 1);
}

#[tokio::test]
async fn spares_are_neither_tenants_nor_orphans_and_cannot_be_dropped_as_tenants() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    let kept = keep(&tenants, 1).await;
    assert!(tenants.list().await.unwrap().is_empty());
    let health = tenants.health().await.unwrap();
    assert_eq!(
        (health.checked, health.problems.len()),
        (0, 0),
        "{health:?}"
    );
    let spare = kept.outcomes[0].name.parse::<TenantName>().unwrap();
    for refused in [
        tenants.drop_tenant(&spare).await.map(drop),
        tenants.create(&spare).await.map(drop),
    ] {
        assert!(matches!(refused, Err(Error::Untracked(_))), "{refused:?}");
    }
    assert_eq!(ready(&tenants).await, 1);
}

#[tokio::test]
async fn a_spare_that_is_not_what_its_row_says_is_passed_over() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    let kept = keep(&tenants, 2).await;
    let odd = &kept.outcomes[0].name;
    let newest = version(2);
    let edit = format!(
        "DELETE FROM \"{odd}\".__diesel_schema_migrations WHERE version = '{newest}';
         UPDATE spare_schemas SET created_at = '2000-01-01' WHERE name = '{odd}'"
    );
    database.execute(&edit).await;
    assert!(tenants.create(&name("one")).await.unwrap().from_spare);
    assert!(!tenants.create(&name("two")).await.unwrap().from_spare);
    assert_eq!(
        tenants.spares().count().await.unwrap(),
        spare_count(|count| count.behind = 1)
    );
    assert_eq!(database.tracked().await, ["one", "two"]);
}

#[tokio::test]
async fn spares_too_many_are_dropped_and_so_are_rows_without_a_schema() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    let kept = keep(&tenants, 3).await;
    let lost = &kept.outcomes[0].name;
    database
        .execute(&format!("DROP SCHEMA \"{lost}\" CASCADE"))
        .await;
    assert!(tenants.create(&name("acme")).await.unwrap().from_spare);
    let kept = keep(&tenants, 0).await;
    let dropped = kept
        .outcomes
        .iter()
        .filter(|it| it.status == Status::Dropped);
    assert_eq!(dropped.count(), 2, "{kept:?}");
    assert_eq!(database.schemas().await, ["acme"]);
    let rows = "SELECT count(*) FROM spare_schemas";
    assert_eq!(database.value(rows).await, "0");
    assert!(keep(&tenants, 0).await.outcomes.is_empty());
}

#[tokio::test]
async fn a_spare_is_made_and_taken_also_with_migrations_outside_a_transaction() {
    let database = TestDatabase::new().await;
    let stream = two_steps().outside("CREATE INDEX CONCURRENTLY by_title ON tasks (title);");
    let tenants = tenants(&database, &stream).await;
    keep(&tenants, 1).await;
    assert!(tenants.create(&name("acme")).await.unwrap().from_spare);
    let valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'acme.by_title'::regclass";
    assert_eq!(database.value(valid).await, "t");
    assert_eq!(migrate(&tenants).await.count(Status::UpToDate), 1);
}

#[tokio::test]
async fn a_name_that_is_taken_costs_no_spare() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    keep(&tenants, 1).await;
    create(&tenants, &["acme"]).await;
    keep(&tenants, 1).await;
    let refused = tenants.create(&name("acme")).await;
    assert!(matches!(refused, Err(Error::Taken(_))), "{refused:?}");
    assert_eq!(ready(&tenants).await, 1);
}

#[tokio::test]
async fn without_a_list_of_spares_tenants_are_built_and_spares_are_refused() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    database.execute("DROP TABLE spare_schemas").await;
    create(&tenants, &["acme"]).await;
    assert_eq!(migrate(&tenants).await.count(Status::UpToDate), 1);
    assert_eq!(
        tenants.spares().count().await.unwrap(),
        SpareCount::default()
    );
    let health = tenants.health().await.unwrap();
    assert!(health.problems.is_empty(), "{health:?}");
    // Of a program without such a list, none is missing.
    let older = "DELETE FROM public.__diesel_schema_migrations WHERE version > '20260102'";
    for (history, is_lost) in [("SELECT 1", true), (older, false)] {
        database.execute(history).await;
        let refused = tenants.spares().keep(1).await.unwrap_err();
        let is_as_expected = match refused {
            Error::RegistryLost { .. } => is_lost,
            Error::NoSpareList { .. } => !is_lost,
            _ => false,
        };
        assert!(is_as_expected, "{history}: {refused:?}");
    }
}

#[tokio::test]
async fn a_spare_whose_migration_fails_is_reported_and_stays_as_it_was() {
    let database = TestDatabase::new().await;
    let old = tenants(&database, &two_steps()).await;
    let kept = keep(&old, 1).await;
    let spare = &kept.outcomes[0].name;
    database
        .execute(&format!("INSERT INTO \"{spare}\".tasks VALUES (1, NULL)"))
        .await;
    let stream = two_steps().with("ALTER TABLE tasks ALTER COLUMN title SET NOT NULL;");
    let new = open(&database, &stream, Settings::default()).await;
    let report = migrate(&new).await;
    let failed = report.failures().map(|(outcome, _)| &outcome.name);
    assert_eq!(failed.collect::<Vec<_>>(), [spare]);
    assert_eq!(
        new.spares().count().await.unwrap(),
        spare_count(|count| count.behind = 1)
    );
    assert!(!new.create(&name("acme")).await.unwrap().from_spare);
}

#[tokio::test]
async fn the_rows_of_diesel_are_those_of_the_list() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &Stream::new()).await;
    let kept = keep(&tenants, 1).await;
    let pool = tenants.pool().open().await.unwrap();
    let mut public = pool.public().await.unwrap();
    let spares = schema_public::SpareSchema::all(&mut public).await.unwrap();
    assert_eq!(spares[0].name, kept.outcomes[0].name);
    assert!(tenants.create(&name("acme")).await.unwrap().from_spare);
}

#[tokio::test]
async fn migrations_that_cannot_be_tried_on_a_spare_are_a_failure_of_the_run() {
    let database = TestDatabase::new().await;
    let old = tenants(&database, &two_steps()).await;
    let spare = keep(&old, 1).await.outcomes.remove(0).name;
    let stream = two_steps().with("SELECT current_schema(), 1 / 0;");
    let new = open(&database, &stream, Settings::default()).await;
    let report = migrate(&new).await;
    let failed = report.failures().map(|(outcome, _)| &outcome.name);
    assert_eq!(failed.collect::<Vec<_>>(), [&spare]);
    // A name that would be written into the spare is no failure: it is not taken.
    let named = "CREATE TABLE named AS SELECT current_schema() AS name;";
    let new = open(&database, &two_steps().with(named), Settings::default()).await;
    let report = migrate(&new).await;
    assert!(report.spares.is_empty(), "{report:?}");
}
