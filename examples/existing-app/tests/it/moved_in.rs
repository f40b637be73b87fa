//! Organizations that were made before the application moved in.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use existing_app::{Worker, migrate_all};
use tenant_core::{Health, MigrationSet, Migrations, ProblemKind, Registry, Tenants};
use tenant_settings::ProjectSettings;

use crate::fixture::App;

/// A migration that the application gets after it has moved in.
const ELEVENTH: EmbeddedMigrations = embed_migrations!("tests/it/eleventh");

/// Each table of the application with a checksum of its rows.
const ROWS: &str = "SELECT format('%s.%s=', schemaname, tablename) || md5(query_to_xml(format(\
     'SELECT * FROM %I.%I t ORDER BY t::text', schemaname, tablename), true, false, '')::text) \
     AS cell FROM pg_tables WHERE schemaname = 'public' OR schemaname LIKE 'org\\_%'";

/// The table of cards with its columns, in each schema.
const ESTIMATES: &str = "SELECT table_schema::text AS cell FROM information_schema.columns \
     WHERE table_name = 'cards' AND column_name = 'estimate'";

fn thirty() -> Vec<String> {
    let names = ["acme", "north-wind", "b2b-tools"].iter().cycle();
    (1..=30)
        .zip(names)
        .map(|(number, name)| format!("{name}-{number:02}"))
        .collect()
}

fn slugs<const N: usize>(slugs: [&str; N]) -> Vec<String> {
    slugs.map(str::to_owned).to_vec()
}

async fn rows(app: &App) -> BTreeMap<String, String> {
    let rows = app.cells(ROWS).await.into_iter();
    rows.map(|row| {
        let (table, sum) = row.split_once('=').unwrap();
        (table.to_owned(), sum.to_owned())
    })
    .collect()
}

fn kinds(health: &Health) -> Vec<(Option<&str>, &ProblemKind)> {
    let problems = health.problems.iter();
    problems
        .map(|problem| (problem.tenant.as_deref(), &problem.kind))
        .collect()
}

async fn assert_healthy(tenants: &Tenants) {
    let health = tenants.health().await.unwrap();
    assert!(health.is_healthy(), "{:?}", kinds(&health));
}

/// The organizations as the program `tenants` sees them.
async fn tenants(url: &str) -> Tenants {
    let settings = ProjectSettings::read("tenants.toml").unwrap();
    settings.open(url).await.unwrap()
}

/// What `tenants migrate --public` does.
pub(crate) async fn migrate_public(url: &str) {
    tenants(url).await.migrate_public().await.unwrap();
}

/// The same with an eleventh migration.
async fn next_version(url: &str) -> Tenants {
    let today = tenants(url).await;
    let eleventh = MigrationSet::from_source(&ELEVENTH).unwrap();
    let migrations = Migrations {
        public: today.migrations().public.clone(),
        tenant: today.migrations().tenant.clone().merge(eleventh).unwrap(),
    };
    let settings = ProjectSettings::read("tenants.toml").unwrap();
    let of_file = settings.settings().unwrap();
    let next = Tenants::open(today.database().clone(), migrations, of_file).await;
    settings.apply(next.unwrap()).await.unwrap()
}

#[tokio::test]
async fn thirty_organizations_become_tenants_without_a_change_of_a_row() {
    let slugs = thirty();
    let app = App::before(&slugs).await;
    let before = rows(&app).await;
    assert_eq!(before.len(), 30 * 12 + 3);
    migrate_public(&app.url).await;
    assert_eq!(app.blocking(migrate_all).await, 30);
    let mut after = rows(&app).await;
    for own in ["tenant_state", "spare_schemas", "expected_shapes"] {
        assert!(after.remove(&format!("public.{own}")).is_some(), "{own}");
    }
    let history = "public.__diesel_schema_migrations";
    assert_ne!(before[history], after[history]);
    after.insert(history.to_owned(), before[history].clone());
    assert_eq!(before, after);

    let tenants = tenants(&app.url).await;
    let listed = tenants.list().await.unwrap();
    let mut expected: Vec<_> = slugs.iter().map(|it| (it.as_str(), Some(0))).collect();
    expected.sort_unstable();
    let pending = listed.iter().map(|it| (it.name.as_str(), it.pending));
    assert_eq!(pending.collect::<Vec<_>>(), expected);
    assert!(listed.iter().all(|tenant| tenant.created_at.is_some()));
    let applied = tenants.migrate_public().await.unwrap().applied;
    assert!(applied.is_empty(), "{applied:?}");
    assert_healthy(&tenants).await;
    for slug in &slugs {
        let cards = app.get(&format!("/orgs/{slug}/cards/overdue")).await.ok();
        assert_eq!(cards.as_array().unwrap().len(), 3, "{slug}");
    }
    let pool = tenants.pool().open().await.unwrap();
    for slug in &slugs {
        let mut tenant = pool.read(&tenants.name(slug).unwrap()).await.unwrap();
        let cards = diesel::sql_query("SELECT * FROM cards");
        let count = diesel_async::RunQueryDsl::execute(cards, &mut tenant)
            .await
            .unwrap();
        assert_eq!(count, 3, "{slug}");
    }
    let day = "2026-11-30".parse().unwrap();
    let digested = app.blocking(move |url| Worker::new(url)?.digest(day)).await;
    assert_eq!(digested, 30);
}

#[tokio::test]
async fn an_eleventh_migration_reaches_all_thirty_and_can_be_rolled_back() {
    let app = App::before(&thirty()).await;
    migrate_public(&app.url).await;
    let before = rows(&app).await;
    let next = next_version(&app.url).await;
    let report = next.migrate().await.unwrap();
    assert_eq!(report.failures().count(), 0, "{report:?}");
    assert_eq!(app.cells(ESTIMATES).await.len(), 30);
    assert_healthy(&next).await;
    app.get("/orgs/acme-01/cards/1").await.ok();

    let plan = next.plan_rollback().await.unwrap();
    assert_eq!(plan.tenants(), 30);
    let report = next.rollback(plan).await.unwrap();
    assert_eq!(report.failures().count(), 0, "{report:?}");
    assert!(app.cells(ESTIMATES).await.is_empty());
    assert_healthy(&tenants(&app.url).await).await;
    let mut after = rows(&app).await;
    for kept in ["public.tenant_state", "public.expected_shapes"] {
        after.insert(kept.to_owned(), before[kept].clone());
    }
    assert_eq!(before, after);
}

#[tokio::test]
async fn a_clone_and_a_spare_become_organizations() {
    let app = App::before(&slugs(["acme", "north-wind"])).await;
    migrate_public(&app.url).await;
    let tenants = tenants(&app.url).await;
    // The list is the application's, so its row is there first.
    app.execute("INSERT INTO organizations (slug, name) VALUES ('acme-copy', 'Acme, a copy')")
        .await;
    let (from, to) = ("acme", "acme-copy");
    let [from, to] = [from, to].map(|name| tenants.name(name).unwrap());
    tenants.clone_tenant(&from, &to).await.unwrap();
    let overdue = app.get("/orgs/acme-copy/cards/overdue").await.ok();
    assert_eq!(overdue, app.get("/orgs/acme/cards/overdue").await.ok());

    tenants.spares().keep(2).await.unwrap();
    assert_eq!(tenants.spares().count().await.unwrap().ready, 2);
    app.sign_up("b2b-tools").await;
    assert_eq!(tenants.spares().count().await.unwrap().ready, 1);
    let boards = app.get("/orgs/b2b-tools/boards").await.ok();
    assert_eq!(boards.as_array().unwrap().len(), 3);
    assert_healthy(&tenants).await;
    assert_eq!(tenants.list().await.unwrap().len(), 4);
}

#[tokio::test]
async fn a_deleted_organization_stays_a_tenant_that_no_request_reaches() {
    let app = App::before(&slugs(["acme", "north-wind"])).await;
    app.delete("/orgs/acme")
        .await
        .expect(StatusCode::NO_CONTENT);
    migrate_public(&app.url).await;
    let tenants = tenants(&app.url).await;
    assert_healthy(&tenants).await;
    next_version(&app.url).await.migrate().await.unwrap();
    assert_eq!(app.cells(ESTIMATES).await.len(), 2);
    app.get("/orgs/acme").await.refused(StatusCode::NOT_FOUND);
    let again = serde_json::json!({ "slug": "acme", "name": "Acme",
        "owner": { "email": "olga@example.org", "name": "Olga" } });
    app.post("/orgs", again).await.refused(StatusCode::CONFLICT);

    // A list without the deleted ones leaves their schemas to nobody.
    let query = "SELECT slug AS name FROM public.organizations WHERE deleted_at IS NULL";
    let naming = tenants.registry().names().clone();
    let active = Registry::query(query).naming(naming);
    let active = tenants.listed_in(active).await.unwrap();
    let health = active.health().await.unwrap();
    let of_acme = |(tenant, kind): &(Option<&str>, &ProblemKind)| {
        tenant.is_some_and(|it| it.ends_with("acme"))
            && matches!(
                kind,
                ProblemKind::UnlistedTenant { .. } | ProblemKind::OrphanedSchema { .. }
            )
    };
    assert!(kinds(&health).iter().any(of_acme), "{:?}", kinds(&health));
}

#[tokio::test]
async fn an_organization_without_a_schema_stops_no_other_one() {
    let app = App::before(&slugs(["acme", "north-wind"])).await;
    migrate_public(&app.url).await;
    app.execute("INSERT INTO organizations (slug, name) VALUES ('b2b-tools', 'Never set up')")
        .await;
    let next = next_version(&app.url).await;
    let report = next.migrate().await.unwrap();
    let failed = report.failures().map(|(outcome, _)| outcome.name.as_str());
    assert_eq!(failed.collect::<Vec<_>>(), ["b2b-tools"]);
    assert_eq!(app.cells(ESTIMATES).await.len(), 2);
    let health = next.health().await.unwrap();
    assert!(matches!(
        kinds(&health)[..],
        [(Some("b2b-tools"), ProblemKind::MissingSchema)]
    ));
}
