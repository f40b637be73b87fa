//! Old migrations that are replaced by one baseline, over all tenants at once.

use tenant_core::{Error, FleetReport, Outcome, RollbackTo, Settings, Status, Tenants, Version};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, migrate, name, open, outcome, rollback_to, tenants, version};

/// How many old migrations there are: a table, and a column with each further one.
const OLD: usize = 30;

/// What all of them create.
fn all_columns() -> String {
    let columns = (2..=OLD).map(|step| format!(", c{step} int"));
    let columns = columns.collect::<String>();
    format!("CREATE TABLE tasks (id int PRIMARY KEY, title text{columns});")
}

/// The first of the old migrations.
pub(crate) fn old(count: usize) -> Stream {
    let first = Stream::new().with("CREATE TABLE tasks (id int PRIMARY KEY, title text);");
    let steps = 2..=count;
    steps.fold(first, |stream, step| {
        stream.with(&format!("ALTER TABLE tasks ADD COLUMN c{step} int;"))
    })
}

pub(crate) const BASELINE: &str = "2026-06-01-000000_baseline";

fn baseline() -> Stream {
    Stream::new().named(BASELINE, &all_columns())
}

pub(crate) fn version_of(folder: &str) -> Version {
    folder.parse().unwrap()
}

fn rows(outcomes: &[Outcome]) -> Vec<(&str, Status)> {
    outcomes
        .iter()
        .map(|it| (it.name.as_str(), it.status))
        .collect()
}

pub(crate) async fn history(database: &TestDatabase, schema: &str) -> Vec<String> {
    let query = format!("SELECT version FROM {schema}.__diesel_schema_migrations ORDER BY 1");
    let client = database.client().await;
    let rows = client.query(&query, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Everything that a run could change: histories, and both lists.
async fn recorded(database: &TestDatabase, schemas: &[&str]) -> String {
    let client = database.client().await;
    let lists = "SELECT (SELECT json_agg(t ORDER BY name) FROM schema_tracker t)::text || \
                 (SELECT json_agg(t ORDER BY name) FROM spare_schemas t)::text";
    let mut all: String = client.query_one(lists, &[]).await.unwrap().get(0);
    for schema in schemas {
        let query = format!(
            "SELECT json_agg(t ORDER BY version)::text FROM {schema}.__diesel_schema_migrations t"
        );
        all += &client
            .query_one(&query, &[])
            .await
            .unwrap()
            .get::<_, String>(0);
    }
    all
}

struct Fleet {
    old: Tenants,
    new: Tenants,
    spare: String,
}

/// Five tenants with rows, of which one has drifted and one is behind, and a spare.
async fn fleet(database: &TestDatabase) -> Fleet {
    let first = tenants(database, &old(OLD - 1)).await;
    create(&first, &["behind"]).await;
    let all = open(database, &old(OLD), Settings::default()).await;
    create(&all, &["acme", "beta", "drifted", "gamma"]).await;
    all.spares().keep(1).await.unwrap();
    for tenant in ["acme", "beta", "drifted", "gamma", "behind"] {
        let insert = format!("INSERT INTO {tenant}.tasks (id, title) VALUES (1, '{tenant}')");
        database.execute(&insert).await;
    }
    database
        .execute("ALTER TABLE drifted.tasks ALTER COLUMN c7 TYPE bigint")
        .await;
    let client = database.client().await;
    let spare = client
        .query_one("SELECT name FROM spare_schemas", &[])
        .await;
    Fleet {
        old: all,
        new: open(database, &baseline(), Settings::default()).await,
        spare: spare.unwrap().get(0),
    }
}

fn refusals(report: &FleetReport) {
    let error = outcome(report, "behind").error.as_ref().unwrap();
    let Error::BehindBaseline { versions, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!(versions, &[version(OLD)]);
    let error = outcome(report, "drifted").error.as_ref().unwrap();
    let Error::NotLikeBaseline { differences, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!(differences.len(), 1, "{differences:?}");
    assert!(error.to_string().contains("`tasks.c7`"), "{error}");
}

#[tokio::test]
async fn a_baseline_takes_the_place_of_thirty_migrations_in_all_tenants() {
    let database = TestDatabase::new().await;
    let Fleet { old, new, spare } = fleet(&database).await;
    let schemas = ["acme", "beta", "behind", "drifted", "gamma", &spare];

    let before = recorded(&database, &schemas).await;
    let dry = new.squash().dry_run().await.unwrap();
    assert_eq!(recorded(&database, &schemas).await, before);
    assert_eq!(dry.count(Status::Skipped), 3, "{dry:?}");
    refusals(&dry);
    let planned = outcome(&dry, "acme");
    assert_eq!(planned.recorded, [version_of(BASELINE)]);
    let old_ones = (1..=OLD).map(version).collect::<Vec<_>>();
    assert_eq!(planned.forgotten, old_ones);
    assert_eq!(rows(&dry.spares), [(spare.as_str(), Status::Skipped)]);

    let report = new.squash().await.unwrap();
    assert_eq!(report.count(Status::Squashed), 3, "{report:?}");
    refusals(&report);
    assert_eq!(rows(&report.spares), [(spare.as_str(), Status::Squashed)]);
    let version = version_of(BASELINE);
    for schema in ["acme", "beta", "gamma", &spare] {
        assert_eq!(history(&database, schema).await, [version.as_str()]);
    }
    for schema in ["behind", "drifted"] {
        assert_ne!(history(&database, schema).await, [version.as_str()]);
    }

    // What the messages say to do: with the old program.
    old.migrate().only([name("behind")]).await.unwrap();
    database
        .execute("ALTER TABLE drifted.tasks ALTER COLUMN c7 TYPE int")
        .await;
    let report = new.squash().await.unwrap();
    assert_eq!(
        rows(&report.outcomes),
        [
            ("acme", Status::UpToDate),
            ("behind", Status::Squashed),
            ("beta", Status::UpToDate),
            ("drifted", Status::Squashed),
            ("gamma", Status::UpToDate),
        ]
    );
    assert_eq!(rows(&report.spares), []);
    afterwards(&database, &new).await;
}

/// All is as if there never had been another migration.
async fn afterwards(database: &TestDatabase, new: &Tenants) {
    let health = new.health().await.unwrap();
    assert!(health.is_healthy(), "{health:?}");
    assert_eq!(health.as_expected, Some(5));
    assert_eq!(migrate(new).await.count(Status::UpToDate), 5);
    create(new, &["spared", "built"]).await;
    for other in ["spared", "built"] {
        let compared = new.compare(&name("acme"), &name(other)).await.unwrap();
        assert!(compared.is_same(), "{compared:?}");
    }
    let client = database.client().await;
    let of_one =
        |column: &str| format!("SELECT {column}::text FROM schema_tracker WHERE name = $1");
    for column in ["version", "fingerprints"] {
        let query = of_one(column);
        let squashed = client.query_one(&query, &[&"acme"]).await.unwrap();
        let built = client.query_one(&query, &[&"built"]).await.unwrap();
        let (squashed, built): (String, String) = (squashed.get(0), built.get(0));
        assert_eq!(squashed, built);
    }
    let title = client
        .query_one("SELECT title FROM behind.tasks", &[])
        .await;
    assert_eq!(title.unwrap().get::<_, String>(0), "behind");

    let error = rollback_to(new, RollbackTo::Version(version(OLD))).await;
    assert!(matches!(error, Err(Error::NoVersion(_))), "{error:?}");
    let error = rollback_to(new, RollbackTo::Nothing).await.unwrap_err();
    assert!(matches!(error, Error::Irreversible { .. }), "{error:?}");
    assert!(error.to_string().contains(BASELINE), "{error}");
}

#[tokio::test]
async fn only_selected_tenants_are_squashed_and_the_others_still_say_what_is_old() {
    let database = TestDatabase::new().await;
    let Fleet { new, spare, .. } = fleet(&database).await;
    let some = [name("acme"), name("behind"), name("nobody")];
    let report = new.squash().only(some).await.unwrap();
    assert_eq!(
        rows(&report.outcomes),
        [
            ("acme", Status::Squashed),
            ("behind", Status::Failed),
            ("nobody", Status::Failed),
        ]
    );
    assert_eq!(rows(&report.spares), []);
    let lacking = &outcome(&report, "behind").error;
    assert!(matches!(lacking, Some(Error::BehindBaseline { .. })));
    assert_eq!(history(&database, "beta").await.len(), OLD);
    assert_eq!(history(&database, &spare).await.len(), OLD);
}

#[tokio::test]
async fn a_schema_that_was_listed_as_a_spare_by_hand_holds_up_no_tenant() {
    let database = TestDatabase::new().await;
    let Fleet { new, spare, .. } = fleet(&database).await;
    database
        .execute(
            "CREATE SCHEMA neighbor; CREATE TABLE neighbor.__diesel_schema_migrations \
                 (version varchar(50) PRIMARY KEY, run_on timestamp NOT NULL DEFAULT now()); \
             INSERT INTO neighbor.__diesel_schema_migrations VALUES ('20200101000000'); \
             INSERT INTO spare_schemas (name) VALUES ('neighbor')",
        )
        .await;
    let report = new.squash().await.unwrap();
    assert_eq!(report.count(Status::Squashed), 3, "{report:?}");
    assert_eq!(rows(&report.spares), [(spare.as_str(), Status::Squashed)]);
    assert_eq!(history(&database, "neighbor").await, ["20200101000000"]);
}

#[tokio::test]
async fn a_row_whose_fingerprints_are_no_object_is_squashed() {
    let database = TestDatabase::new().await;
    let Fleet { new, .. } = fleet(&database).await;
    database
        .execute(
            "UPDATE schema_tracker SET fingerprints = '[]' WHERE name = 'acme'; \
             UPDATE schema_tracker SET fingerprints = '\"x\"' WHERE name = 'beta'",
        )
        .await;
    let report = new.squash().await.unwrap();
    assert_eq!(report.count(Status::Squashed), 3, "{report:?}");
    let kept = "SELECT DISTINCT fingerprints::text FROM schema_tracker \
                WHERE name IN ('acme', 'beta', 'gamma')";
    assert_eq!(database.column(kept).await.len(), 1);
}
