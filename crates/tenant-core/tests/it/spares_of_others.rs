//! What is in the list of spares and is not this program's to take, migrate or drop.

use tenant_core::{SpareCount, Status, Tenants};
use test_support::TestDatabase;

use crate::fixture::{create, migrate, name, spare_count, tenants, two_steps, version};

/// Tenants of two steps; a newer program keeps two spares with a third.
async fn with_newer_spares(database: &TestDatabase) -> Tenants {
    let newer = tenants(database, &two_steps().with("CREATE TABLE notes ()")).await;
    newer.spares().keep(2).await.unwrap();
    tenants(database, &two_steps()).await
}

/// What the check says of the schemas that it names.
async fn told(tenants: &Tenants) -> Vec<(String, String, usize)> {
    let health = tenants.health().await.unwrap();
    let problems = health.problems.iter().map(|it| {
        let name = it.tenant.clone().unwrap_or_default();
        (
            name,
            it.kind.to_string(),
            it.remedies(tenants.registry()).len(),
        )
    });
    problems.collect()
}

/// Follows what the check advises of `schema`, which is SQL.
async fn follow(tenants: &Tenants, database: &TestDatabase, schema: &str) {
    let health = tenants.health().await.unwrap();
    let mut problems = health.problems.iter();
    let problem = problems.find(|it| it.tenant.as_deref() == Some(schema));
    let remedies = problem.unwrap().remedies(tenants.registry());
    let [tenant_core::Remedy::Sql(sql)] = remedies.as_slice() else {
        panic!("{remedies:?}")
    };
    database.execute(&sql.statements.join(";")).await;
}

#[tokio::test]
async fn spares_of_a_newer_program_are_ahead_and_are_left_to_it() {
    let database = TestDatabase::new().await;
    let older = with_newer_spares(&database).await;
    assert_eq!(
        older.spares().count().await.unwrap(),
        spare_count(|count| count.ahead = 2)
    );
    let kept = older.spares().keep(2).await.unwrap();
    assert_eq!((kept.ready, kept.ahead), (0, 2), "{kept:?}");
    let kept = older.spares().keep(3).await.unwrap();
    assert_eq!((kept.ready, kept.ahead), (1, 2), "{kept:?}");
    let report = migrate(&older).await;
    assert!(report.spares.is_empty(), "{report:?}");
    assert!(older.create(&name("one")).await.unwrap().from_spare);
    assert!(!older.create(&name("two")).await.unwrap().from_spare);
    // The check has nothing to say of them.
    assert_eq!(told(&older).await, []);
    let newer = tenants(&database, &two_steps().with("CREATE TABLE notes ()")).await;
    assert_eq!(newer.spares().count().await.unwrap().ready, 2);
}

#[tokio::test]
async fn two_programs_that_both_keep_spares_come_to_rest() {
    let database = TestDatabase::new().await;
    let older = tenants(&database, &two_steps()).await;
    let newer = tenants(&database, &two_steps().with("CREATE TABLE notes ()")).await;
    older.spares().keep(2).await.unwrap();
    newer.spares().keep(2).await.unwrap();
    let kept = database.schemas().await;
    assert_eq!(kept.len(), 2);
    for program in [&older, &newer, &older, &newer] {
        let report = program.spares().keep(2).await.unwrap();
        assert!(report.outcomes.is_empty(), "{report:?}");
    }
    assert_eq!(database.schemas().await, kept);
}

#[tokio::test]
async fn building_spares_ends_where_one_fails() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    let refuse = "ALTER TABLE spare_schemas ADD CHECK (false)";
    database.execute(refuse).await;
    let report = tenants.spares().keep(usize::MAX).await.unwrap();
    assert_eq!(report.ready, 0);
    assert!(report.outcomes.len() <= 100, "{}", report.outcomes.len());
    assert!(report.outcomes.iter().all(|it| it.status == Status::Failed));
    assert_eq!(database.schemas().await, Vec::<String>::new());
}

#[tokio::test]
async fn keeping_none_drops_those_ahead_and_those_behind_with_the_others() {
    let database = TestDatabase::new().await;
    let older = with_newer_spares(&database).await;
    older.spares().keep(4).await.unwrap();
    let behind = older.spares().count().await.unwrap();
    assert_eq!((behind.ready, behind.ahead), (2, 2));
    let behind = format!(
        "DO $$ DECLARE it text; BEGIN SELECT name INTO it FROM spare_schemas \
         WHERE version = '{}' LIMIT 1; EXECUTE format('DELETE FROM \
         %I.__diesel_schema_migrations WHERE version = ''{0}''', it); END $$",
        version(2)
    );
    database.execute(&behind).await;
    assert_eq!(older.spares().count().await.unwrap().behind, 1);
    let left = older.spares().keep(0).await.unwrap();
    assert_eq!((left.ahead, left.left_alone.len()), (2, 2), "{left:?}");
    assert_eq!(left.outcomes.len(), 2, "{left:?}");
    let kept = older.spares().keep(0).include_other_programs();
    let kept = kept.await.unwrap();
    let dropped = kept.outcomes.iter().map(|it| it.status);
    assert_eq!(
        dropped.collect::<Vec<_>>(),
        [Status::Dropped; 2],
        "{kept:?}"
    );
    assert_eq!((kept.ready, kept.ahead), (0, 0));
    assert_eq!(older.spares().count().await.unwrap(), SpareCount::default());
    assert_eq!(database.schemas().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_schema_that_was_listed_by_hand_is_neither_migrated_nor_taken_nor_dropped() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    database
        .execute(
            "CREATE SCHEMA reports; CREATE TABLE reports.monthly AS SELECT 7 AS n; \
             CREATE SCHEMA neighbor; CREATE TABLE neighbor.__diesel_schema_migrations \
                 (version varchar(50) PRIMARY KEY, run_on timestamp NOT NULL DEFAULT now()); \
             INSERT INTO neighbor.__diesel_schema_migrations VALUES ('20200101000000'); \
             CREATE SCHEMA bare; \
             INSERT INTO spare_schemas (name) VALUES ('reports'), ('neighbor'), ('bare')",
        )
        .await;
    let report = migrate(&tenants).await;
    assert!(report.spares.is_empty(), "{report:?}");
    assert!(!tenants.create(&name("acme")).await.unwrap().from_spare);
    for count in [1, 0] {
        let kept = tenants.spares().keep(count).await.unwrap();
        assert_eq!(kept.ready, count, "{kept:?}");
        assert_eq!(tenants.spares().count().await.unwrap().other, 3);
    }
    assert_eq!(
        database.schemas().await,
        ["acme", "bare", "neighbor", "reports"]
    );
    assert_eq!(database.value("SELECT n FROM reports.monthly").await, "7");
    let tables = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace IN \
                  ('reports'::regnamespace, 'neighbor'::regnamespace, 'bare'::regnamespace)";
    assert_eq!(database.value(tables).await, "2");
    for schema in ["bare", "neighbor", "reports"] {
        follow(&tenants, &database, schema).await;
    }
    let left = told(&tenants).await;
    // An empty schema is told of as one that is in no list.
    assert!(left.iter().all(|(name, ..)| name == "bare"), "{left:?}");
}

#[tokio::test]
async fn a_listed_schema_that_cannot_be_read_is_not_dropped_with_the_spares() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    tenants.spares().keep(1).await.unwrap();
    database
        .execute(
            "CREATE SCHEMA neighbor; CREATE TABLE neighbor.__diesel_schema_migrations \
                 (version varchar(50) PRIMARY KEY, run_on timestamp NOT NULL DEFAULT now()); \
             ALTER TABLE neighbor.__diesel_schema_migrations RENAME version TO v; \
             INSERT INTO spare_schemas (name) VALUES ('neighbor')",
        )
        .await;
    let kept = tenants.spares().keep(0).await.unwrap();
    assert_eq!(kept.outcomes.len(), 1, "{kept:?}");
    assert_eq!(database.schemas().await, ["neighbor"]);
    follow(&tenants, &database, "neighbor").await;
    assert_eq!(
        tenants.spares().count().await.unwrap(),
        SpareCount::default()
    );
}

#[tokio::test]
async fn a_tenant_that_has_lost_its_row_is_no_spare_although_it_is_listed_as_one() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "INSERT INTO acme.tasks (id, title) VALUES (1, 'theirs'); \
             INSERT INTO spare_schemas (name, version) SELECT name, version FROM schema_tracker; \
             DELETE FROM schema_tracker",
        )
        .await;
    assert!(!tenants.create(&name("new")).await.unwrap().from_spare);
    let rows = "SELECT count(*) FROM new.tasks";
    assert_eq!(database.value(rows).await, "0");
    assert_eq!(tenants.spares().count().await.unwrap().other, 1);
    for count in [1, 0] {
        let kept = tenants.spares().keep(count).await.unwrap();
        assert_eq!(kept.ready, count, "{kept:?}");
    }
    assert_eq!(database.schemas().await, ["acme", "new"]);
    assert_eq!(
        database.value("SELECT title FROM acme.tasks").await,
        "theirs"
    );
}

#[tokio::test]
async fn a_schema_in_both_lists_is_told_and_stays_the_tenants() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "INSERT INTO spare_schemas (name, version) SELECT name, version FROM schema_tracker",
        )
        .await;
    assert_eq!(
        told(&tenants).await,
        [(
            "acme".to_owned(),
            "the schema is listed as a spare, but belongs to a tenant".to_owned(),
            1
        )]
    );
    assert_eq!(tenants.spares().count().await.unwrap().other, 1);
    follow(&tenants, &database, "acme").await;
    assert_eq!(told(&tenants).await, []);
    assert_eq!(database.schemas().await, ["acme"]);
}
