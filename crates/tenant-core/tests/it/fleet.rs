//! Migrating many tenants at once.

use tenant_core::{
    Database, Error, LostEntries, MigrationSet, Migrations, Outcome, Progress, Settings, Status,
    Stop, Tenants,
};
use test_support::TestDatabase;

use crate::fixture::{chain, create, migrate, name, open, outcome, tenants, two_steps, version};

/// Unique titles: fails where two tasks have the same.
const UNIQUE: &str = "ALTER TABLE tasks ADD CONSTRAINT one_title UNIQUE (title);";

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_tenants_exactly_the_three_with_bad_data_fail_and_only_they_are_retried() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    let old = tenants(&database, &stream).await;
    let names = (0..50).map(|n| format!("t{n:02}")).collect::<Vec<_>>();
    create(&old, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for bad in ["t07", "t23", "t48"] {
        database
            .execute(&format!(
                "INSERT INTO {bad}.tasks VALUES (1, 'same'), (2, 'same')"
            ))
            .await;
    }
    let new = open(
        &database,
        &stream.with(UNIQUE).with("CREATE TABLE more (id int);"),
        Settings::default(),
    )
    .await;

    let report = migrate(&new).await;
    let failed = report.failures().map(|(outcome, _)| outcome.name.as_str());
    assert_eq!(failed.collect::<Vec<_>>(), ["t07", "t23", "t48"]);
    assert_eq!(report.count(Status::Migrated), 47);
    let error = chain(outcome(&report, "t23").error.as_ref().unwrap());
    assert!(
        error.contains("(SQLSTATE 23505)") && error.contains("line 1"),
        "{error}"
    );
    // Wholly old or wholly new.
    let ledger =
        |tenant: &str| format!("SELECT max(version) FROM {tenant}.__diesel_schema_migrations");
    assert_eq!(database.value(&ledger("t07")).await, version(2));
    assert_eq!(database.value(&ledger("t08")).await, version(4));
    assert_eq!(
        database.value("SELECT to_regclass('t07.more')").await,
        "NULL"
    );

    for bad in ["t07", "t23", "t48"] {
        database
            .execute(&format!("DELETE FROM {bad}.tasks WHERE id = 2"))
            .await;
    }
    let report = migrate(&new).await;
    assert_eq!(
        (
            report.count(Status::Migrated),
            report.count(Status::UpToDate)
        ),
        (3, 47)
    );
    assert_eq!(outcome(&report, "t48").applied, [version(3), version(4)]);
}

/// Everything in a tenant's schema that could differ, without the schema's name.
async fn catalog(database: &TestDatabase, tenant: &str) -> String {
    let sql = format!(
        "SELECT md5(string_agg(line, E'\\n' ORDER BY line)) || ' ' || count(*) FROM (
             SELECT format('%s %s', c.relkind, c.relname) FROM pg_class c
             WHERE c.relnamespace = '{tenant}'::regnamespace
             UNION ALL
             SELECT format('%s.%s %s %s %s %s', c.relname, a.attname, a.attnum,
                           format_type(a.atttypid, a.atttypmod), a.attnotnull,
                           pg_get_expr(d.adbin, d.adrelid))
             FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
             LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
             WHERE c.relnamespace = '{tenant}'::regnamespace
             UNION ALL
             SELECT format('%s %s', o.conname,
                           replace(pg_get_constraintdef(o.oid), '{tenant}.', '')) FROM pg_constraint o
             WHERE o.connamespace = '{tenant}'::regnamespace
             UNION ALL
             SELECT replace(i.indexdef, '{tenant}.', '') FROM pg_indexes i WHERE i.schemaname = '{tenant}'
         ) AS objects (line)"
    );
    database.value(&sql).await
}

#[tokio::test]
async fn two_hundred_tenants_made_and_migrated_together_are_the_same_as_one_made_alone() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    let old = tenants(&database, &stream).await;
    let names = (0..200).map(|number| format!("t{number:03}"));
    let names = names.collect::<Vec<_>>();
    create(&old, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let stream = stream
        .with("CREATE TABLE more (id int REFERENCES tasks, note text DEFAULT 'none');")
        .with("CREATE INDEX ON more (note); ALTER TABLE tasks ADD CHECK (id > 0);");
    let new = open(&database, &stream, Settings::default()).await;
    assert_eq!(migrate(&new).await.count(Status::Migrated), 200);
    create(&new, &["alone"]).await;
    let alone = catalog(&database, "alone").await;
    for tenant in &names {
        assert_eq!(catalog(&database, tenant).await, alone, "{tenant}");
    }
}

#[tokio::test]
async fn a_tenant_made_while_a_run_goes_on_ends_at_the_newest_version() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    let old = tenants(&database, &stream).await;
    create(&old, &["a", "b"]).await;
    database.execute("CREATE TABLE public.gate ()").await;
    let wait = "DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM public.gate) LOOP \
                PERFORM pg_sleep(0.01); END LOOP; END $$; CREATE TABLE late (id int);";
    let stream = stream.with(wait);
    let new = open(&database, &stream, Settings::default()).await;
    let run = tokio::spawn({
        let new = new.clone();
        async move { migrate(&new).await }
    });
    let creation = tokio::spawn({
        let new = new.clone();
        async move { new.create(&name("meanwhile")).await }
    });
    let waiting = "SELECT count(*) FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event = 'PgSleep'";
    while database.value(waiting).await != "3" {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    database
        .execute("INSERT INTO public.gate DEFAULT VALUES")
        .await;
    assert_eq!(run.await.unwrap().count(Status::Migrated), 2);
    assert_eq!(creation.await.unwrap().unwrap().applied.len(), 3);
    // Made by a program from before, it is the next run that brings it on.
    old.create(&name("by_an_old_program")).await.unwrap();
    assert_eq!(migrate(&new).await.count(Status::Migrated), 1);
    for tenant in new.list().await.unwrap() {
        assert_eq!(
            (tenant.version, tenant.pending),
            (Some(version(3)), Some(0)),
            "{}",
            tenant.name
        );
    }
}

#[tokio::test]
async fn a_second_run_finds_nothing_to_do() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme", "globex"]).await;
    let report = migrate(&tenants).await;
    assert_eq!(report.count(Status::UpToDate), 2);
    assert!(
        report
            .outcomes
            .iter()
            .all(|outcome| outcome.applied.is_empty())
    );
}

#[tokio::test]
async fn only_the_named_tenants_are_migrated_and_unknown_names_are_reported() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["a", "b"]).await;
    let new = open(
        &database,
        &stream.with("CREATE TABLE more (id int);"),
        Settings::default(),
    )
    .await;
    let report = new
        .migrate()
        .only([name("a"), name("nobody")])
        .await
        .unwrap();
    assert_eq!(report.outcomes.len(), 2);
    assert_eq!(outcome(&report, "a").status, Status::Migrated);
    assert!(matches!(
        outcome(&report, "nobody").error,
        Some(Error::Unknown(_))
    ));
    assert_eq!(database.value("SELECT to_regclass('b.more')").await, "NULL");
}

#[tokio::test]
async fn after_the_allowed_failures_no_further_tenant_is_begun() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["a", "b", "c", "d"]).await;
    let new = open(
        &database,
        &stream.with("SELECT 1 / 0;"),
        Settings::default(),
    )
    .await;
    let report = new.migrate().jobs(1).max_failures(2).await.unwrap();
    assert_eq!(
        (report.count(Status::Failed), report.count(Status::Skipped)),
        (2, 2)
    );
    let behind = |outcome: &Outcome| outcome.pending == [version(3)];
    assert!(report.outcomes.iter().all(behind), "{report:?}");
}

#[tokio::test]
async fn a_stop_lets_the_tenants_under_way_finish_and_begins_no_other() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["a", "b", "c"]).await;
    let new = open(
        &database,
        &stream.with("CREATE TABLE more (id int);"),
        Settings::default(),
    )
    .await;
    let stop = Stop::default();
    let observe = |progress: &Progress<'_>| {
        if matches!(progress, Progress::Ended(_)) {
            stop.request();
        }
    };
    let report = new
        .migrate()
        .jobs(1)
        .stop(&stop)
        .observe(observe)
        .await
        .unwrap();
    assert_eq!(
        (
            report.count(Status::Migrated),
            report.count(Status::Skipped)
        ),
        (1, 2)
    );
}

#[tokio::test]
async fn a_dry_run_says_what_is_pending_and_changes_nothing() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    let new = open(
        &database,
        &stream.with("CREATE TABLE more (id int);"),
        Settings::default(),
    )
    .await;
    let report = new.migrate().dry_run().await.unwrap();
    assert_eq!(outcome(&report, "acme").pending, [version(3)]);
    assert_eq!(
        database.value("SELECT to_regclass('acme.more')").await,
        "NULL"
    );
}

#[tokio::test]
async fn a_tenant_without_a_schema_is_reported_and_gets_none() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["a", "b"]).await;
    database.execute("DROP SCHEMA b CASCADE").await;
    let new = open(
        &database,
        &stream.with("CREATE TABLE more (id int);"),
        Settings::default(),
    )
    .await;
    let report = migrate(&new).await;
    assert_eq!(outcome(&report, "a").status, Status::Migrated);
    assert!(matches!(
        outcome(&report, "b").error,
        Some(Error::MissingSchema(_))
    ));
    assert_eq!(database.schemas().await, ["a"]);
}

#[tokio::test]
async fn two_runs_at_once_apply_nothing_twice() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    let names = (0..12).map(|n| format!("t{n:02}")).collect::<Vec<_>>();
    create(
        &tenants(&database, &stream).await,
        &names.iter().map(String::as_str).collect::<Vec<_>>(),
    )
    .await;
    let stream = stream.with("CREATE TABLE more (id int); INSERT INTO more VALUES (1);");
    let one = open(&database, &stream, Settings::default()).await;
    let other = open(&database, &stream, Settings::default()).await;
    let (one, other) = tokio::join!(migrate(&one), migrate(&other));
    assert_eq!(
        (one.count(Status::Failed), other.count(Status::Failed)),
        (0, 0)
    );
    assert_eq!(
        one.count(Status::Migrated) + other.count(Status::Migrated),
        12
    );
    for name in names {
        assert_eq!(
            database
                .value(&format!("SELECT count(*) FROM {name}.more"))
                .await,
            "1"
        );
    }
}

#[tokio::test]
async fn a_connection_that_migrated_one_tenant_carries_nothing_to_the_next() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["a", "b"]).await;
    let stream = stream.with(
        "CREATE TABLE seen AS SELECT current_setting('work_mem') AS work_mem;\n\
         SET work_mem = '77MB';",
    );
    let new = open(&database, &stream, Settings::default()).await;
    assert_eq!(
        new.migrate().jobs(1).await.unwrap().count(Status::Migrated),
        2
    );
    let first = database.value("SELECT work_mem FROM a.seen").await;
    assert_eq!(database.value("SELECT work_mem FROM b.seen").await, first);
}

#[tokio::test]
async fn a_temporary_table_of_one_tenant_is_gone_for_the_next() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["a", "b"]).await;
    database
        .execute("INSERT INTO a.tasks VALUES (1, 'of a'); INSERT INTO b.tasks VALUES (1, 'of b')")
        .await;
    let stream = stream.with(
        "CREATE TEMP TABLE IF NOT EXISTS kept AS SELECT title FROM tasks;\n\
         CREATE TABLE copies AS SELECT title FROM kept;",
    );
    let new = open(&database, &stream, Settings::default()).await;
    let report = new.migrate().jobs(1).await.unwrap();
    assert_eq!(report.count(Status::Migrated), 2, "{report:?}");
    assert_eq!(
        database.column("SELECT title FROM b.copies").await,
        ["of b"]
    );
}

#[tokio::test]
async fn a_role_that_may_have_few_connections_goes_on_with_those() {
    let database = TestDatabase::new().await;
    let role = database.role("unused").await;
    let (role_name, database_name) = (role.name(), database.name());
    database
        .execute(&format!(
            "ALTER ROLE {role_name} CONNECTION LIMIT 3; \
             GRANT CREATE ON SCHEMA public TO {role_name}; \
             GRANT CREATE ON DATABASE {database_name} TO {role_name}"
        ))
        .await;
    let migrations = Migrations {
        public: MigrationSet::from_source(&schema_public::MIGRATIONS).unwrap(),
        tenant: two_steps().set(),
    };
    let url = Database::parse(&role.url()).unwrap();
    let tenants = Tenants::open(url, migrations, Settings::default())
        .await
        .unwrap();
    tenants.migrate_public().await.unwrap();
    let names = (0..30).map(|n| name(&format!("t{n:02}")));
    let report = tenants.create_many(names).await.unwrap();
    assert_eq!(report.count(Status::Created), 30, "{report:?}");
}

#[tokio::test]
async fn failures_known_before_the_run_count_as_failures() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["a", "gone"]).await;
    database.execute("DROP SCHEMA gone CASCADE").await;
    let new = open(&database, &stream.with("SELECT 1;"), Settings::default()).await;
    let report = new.migrate().max_failures(1).await.unwrap();
    assert_eq!(outcome(&report, "a").status, Status::Skipped);
}

#[tokio::test]
async fn what_the_tracker_says_wrongly_is_put_right_by_the_ledger() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    let old = tenants(&database, &stream).await;
    create(&old, &["behind", "ahead", "holed", "exact"]).await;
    let stream = stream
        .with("CREATE TABLE three (id int);")
        .with("CREATE TABLE four (id int);");
    let settings = Settings {
        lost_entries: LostEntries::Rerun,
        ..Settings::default()
    };
    let new = open(&database, &stream, settings).await;
    // By hand, as the Diesel CLI would: the tracker hears nothing of it.
    let by_hand = format!(
        "CREATE TABLE ahead.three (id int);
         INSERT INTO ahead.__diesel_schema_migrations (version) VALUES ('{three}');
         CREATE TABLE holed.four (id int);
         INSERT INTO holed.__diesel_schema_migrations (version) VALUES ('{four}');
         ALTER TABLE behind.tasks DROP COLUMN due;
         DELETE FROM behind.__diesel_schema_migrations WHERE version = '{two}'",
        two = version(2),
        three = version(3),
        four = version(4)
    );
    database.execute(&by_hand).await;
    let report = migrate(&new).await;
    assert_eq!(report.count(Status::Migrated), 4, "{report:?}");
    for (name, applied) in [
        ("ahead", vec![version(4)]),
        ("behind", vec![version(2), version(3), version(4)]),
        ("holed", vec![version(3)]),
        ("exact", vec![version(3), version(4)]),
    ] {
        assert_eq!(outcome(&report, name).applied, applied, "{name}");
    }
    let health = new.health().await.unwrap();
    assert!(health.problems.is_empty(), "{health:?}");
}
