//! The loop over all organizations.

use existing_app::{load_sample, migrate_all};

use crate::fixture::App;

/// The number of applied migrations in each schema.
const APPLIED: &str = "SELECT schemaname || ' ' || (xpath('/row/n/text()', query_to_xml(format(\
     'SELECT count(*) AS n FROM %I.__diesel_schema_migrations', schemaname), false, true, '')))\
     [1]::text AS cell FROM pg_tables WHERE tablename = '__diesel_schema_migrations' ORDER BY 1";

#[tokio::test]
async fn thirty_organizations_have_all_migrations_and_rows() {
    let app = App::start().await;
    let slugs = load_sample(&app.database, 30).await.unwrap();
    let mut expected: Vec<String> = slugs.iter().map(|it| format!("org_{it} 10")).collect();
    expected.push("public 7".to_owned());
    expected.sort();
    let mut applied = app.cells(APPLIED).await;
    applied.sort();
    assert_eq!(applied, expected);
    for (cards, slug) in (1..=5_i64).cycle().zip(&slugs) {
        let boards = app.get(&format!("/orgs/{slug}/boards")).await.ok();
        let counts = boards.as_array().unwrap().iter();
        let all: i64 = counts.map(|board| board["cards"].as_i64().unwrap()).sum();
        assert_eq!(all, cards, "{slug}");
    }
    assert_eq!(app.blocking(migrate_all).await, 30);
    assert_eq!(app.cells(APPLIED).await.len(), 31);
}

#[tokio::test]
async fn an_organization_that_is_behind_is_migrated() {
    let app = App::with(&["acme", "north-wind"]).await;
    app.execute("DROP TABLE \"org_north-wind\".digests").await;
    app.execute("ALTER TABLE \"org_north-wind\".cards DROP COLUMN due_on")
        .await;
    app.execute(
        "DELETE FROM \"org_north-wind\".__diesel_schema_migrations WHERE version = '20240902080000'",
    )
    .await;
    assert_eq!(app.blocking(migrate_all).await, 2);
    app.get("/orgs/north-wind/cards/overdue").await.ok();
    assert_eq!(
        app.cells(APPLIED).await,
        ["org_acme 10", "org_north-wind 10", "public 7"]
    );
}
