//! Tenants whose schemas existed before this library, and whose rows the application renames or
//! deletes by itself.

use tenant_core::remedy::{Advice, Command};
use tenant_core::{
    Database, Error, Migrations, Naming, Problem, ProblemKind, Registry, Remedy, Removed, Settings,
    TenantName, Tenants, UnfitRow, quote_ident,
};
use test_support::TestDatabase;

use crate::fixture::{two_steps_and_back, version};

fn naming() -> Naming {
    let naming = Naming::template("org_{name}").unwrap();
    naming.allowing("[a-z0-9-]+").unwrap()
}

fn by_query() -> Registry {
    let living = "SELECT slug AS name FROM public.organizations WHERE deleted_at IS NULL";
    Registry::query(living).naming(naming())
}

fn by_table() -> Registry {
    let table = Registry::table("public", "organizations").key("slug");
    table.only("deleted_at IS NULL").naming(naming())
}

/// Customers with schemas that a loop of the application's own has made.
async fn moved_in(database: &TestDatabase, registry: Registry, slugs: &[&str]) -> Tenants {
    database
        .execute(
            "CREATE TABLE public.organizations (slug text NOT NULL UNIQUE, deleted_at timestamptz)",
        )
        .await;
    for slug in slugs {
        database
            .execute(&format!(
                "INSERT INTO public.organizations (slug) VALUES ('{slug}')"
            ))
            .await;
        schema_with_history(database, &format!("org_{slug}"), [1, 2].map(version)).await;
    }
    let migrations = Migrations {
        public: registry.migrations(),
        tenant: two_steps_and_back().set(),
    };
    let url = Database::parse(&database.url()).unwrap();
    let tenants = Tenants::open(url, migrations, Settings::default()).await;
    let tenants = tenants.unwrap().listed_in(registry).await.unwrap();
    tenants.migrate_public().await.unwrap();
    tenants
}

async fn schema_with_history<S: std::fmt::Display>(
    database: &TestDatabase,
    schema: &str,
    versions: [S; 2],
) {
    let [first, second] = versions;
    let schema = quote_ident(schema);
    database
        .execute(&format!(
            "CREATE SCHEMA {schema};
             CREATE TABLE {schema}.tasks (id int PRIMARY KEY, title text);
             ALTER TABLE {schema}.tasks ADD COLUMN due date;
             INSERT INTO {schema}.tasks VALUES (1, 'kept');
             CREATE TABLE {schema}.__diesel_schema_migrations (
                 version varchar(50) PRIMARY KEY, run_on timestamp NOT NULL DEFAULT now());
             INSERT INTO {schema}.__diesel_schema_migrations VALUES ('{first}'), ('{second}')"
        ))
        .await;
}

fn name(text: &str) -> TenantName {
    TenantName::quoted(text).unwrap()
}

fn rename(from: &str, to: Option<&str>) -> Remedy {
    let (from, to) = (Some(name(from)), to.map(name));
    Command::RenameTenant { from, to }.into()
}

/// What is advised for the only problem of this tenant or schema.
fn advised(problems: &[Problem], of: &str, registry: &Registry) -> Vec<Remedy> {
    let mut of = problems
        .iter()
        .filter(|it| it.tenant.as_deref() == Some(of));
    let (Some(problem), None) = (of.next(), of.next()) else {
        panic!("{problems:?}")
    };
    problem.remedies(registry)
}

#[tokio::test]
async fn a_customer_renamed_in_the_applications_table_keeps_its_rows() {
    let database = TestDatabase::new().await;
    let tenants = moved_in(&database, by_query(), &["acme-01", "globex"]).await;
    let rows = database
        .column("SELECT concat_ws(' ', name, schema, version) FROM tenant_state ORDER BY 1");
    assert_eq!(rows.await, ["acme-01 org_acme-01", "globex org_globex"]);
    database
        .execute("UPDATE organizations SET slug = 'acme-uno' WHERE slug = 'acme-01'")
        .await;
    let problems = tenants.health().await.unwrap().problems;
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert_eq!(
        advised(&problems, "acme-uno", tenants.registry()),
        [
            rename("acme-01", Some("acme-uno")),
            Command::CreateTenant(Some(name("acme-uno"))).into()
        ]
    );
    assert_eq!(
        advised(&problems, "acme-01", tenants.registry()),
        [
            rename("acme-01", None),
            Advice::ListTenantAgain.into(),
            Command::DropTenant(name("acme-01")).into()
        ]
    );
    tenants
        .rename(&name("acme-01"), &name("acme-uno"))
        .await
        .unwrap();
    let title = database.value("SELECT title FROM \"org_acme-uno\".tasks");
    assert_eq!(title.await, "kept");
    database
        .execute("DELETE FROM organizations WHERE slug = 'globex'")
        .await;
    assert!(tenants.contents(&name("globex")).await.unwrap().schema);
    let dropped = tenants.drop_tenant(&name("globex")).await.unwrap();
    assert_eq!(dropped, Removed::Tenant);
    assert!(tenants.health().await.unwrap().problems.is_empty());
}

#[tokio::test]
async fn where_nothing_was_recorded_the_history_says_that_a_schema_is_a_tenants() {
    for registry in [by_query(), by_table()] {
        let is_query = registry.is_query();
        let database = TestDatabase::new().await;
        let slugs = ["acme-01", "globex", "initech"];
        let tenants = moved_in(&database, registry, &slugs).await;
        if is_query {
            database.execute("DELETE FROM tenant_state").await;
        }
        database
            .execute(
                "UPDATE organizations SET slug = 'acme-uno' WHERE slug = 'acme-01';
                 UPDATE organizations SET deleted_at = now() WHERE slug = 'globex';
                 DELETE FROM organizations WHERE slug = 'initech'",
            )
            .await;
        let problems = tenants.health().await.unwrap().problems;
        assert_eq!(problems.len(), 4, "{problems:?}");
        for slug in slugs {
            let schema = format!("org_{slug}");
            assert_eq!(
                advised(&problems, &schema, tenants.registry()),
                [
                    rename(slug, None),
                    Advice::ListTenantAgain.into(),
                    Command::DropTenant(name(slug)).into()
                ]
            );
        }
        let missing = problems
            .iter()
            .find(|it| it.tenant.as_deref() == Some("acme-uno"));
        assert!(
            matches!(&missing.unwrap().kind, ProblemKind::PerhapsRenamed { left } if left == &slugs)
        );
        // To a customer that nobody lists.
        let error = tenants
            .rename(&name("acme-01"), &name("nobody"))
            .await
            .unwrap_err();
        let is_refused = match is_query {
            true => matches!(error, Error::Unconfirmed(_)),
            false => matches!(error, Error::NotListed { .. }),
        };
        assert!(is_refused, "{error:?}");
        tenants
            .rename(&name("acme-01"), &name("acme-uno"))
            .await
            .unwrap();
        let title = database.value("SELECT title FROM \"org_acme-uno\".tasks");
        assert_eq!(title.await, "kept");
        for slug in ["globex", "initech"] {
            assert!(tenants.contents(&name(slug)).await.unwrap().schema);
            let dropped = tenants.drop_tenant(&name(slug)).await.unwrap();
            assert_eq!(dropped, Removed::Tenant);
        }
        // The application's own row of a customer who has left is not ours to delete.
        let left = database
            .column("SELECT slug FROM organizations ORDER BY 1")
            .await;
        assert_eq!(left, ["acme-uno", "globex"]);
        assert!(tenants.health().await.unwrap().problems.is_empty());
    }
}

#[tokio::test]
async fn no_schema_is_taken_that_has_no_history_or_that_another_tenant_has() {
    let database = TestDatabase::new().await;
    let tenants = moved_in(&database, by_query(), &["acme"]).await;
    database.execute("CREATE SCHEMA org_bare").await;
    let error = tenants.drop_tenant(&name("bare")).await.unwrap_err();
    assert!(matches!(error, Error::Untracked(_)), "{error:?}");
    // Another program's, as its history says.
    schema_with_history(&database, "org_other", ["19990101000000", "19990102000000"]).await;
    let error = tenants.drop_tenant(&name("other")).await.unwrap_err();
    assert!(matches!(error, Error::OthersTenant(..)), "{error:?}");
    let error = tenants
        .rename(&name("acme"), &name("acme-1"))
        .await
        .unwrap_err();
    assert_eq!(error.remedies(), [Remedy::from(Advice::RenameTenantRow)]);
    assert_eq!(
        database
            .column("SELECT nspname FROM pg_namespace WHERE nspname ~ '^org' ORDER BY 1")
            .await,
        ["org_acme", "org_bare", "org_other"]
    );
}

#[tokio::test]
async fn a_schema_that_the_list_has_under_another_name_is_nobodys_leftover() {
    let database = TestDatabase::new().await;
    let query = "SELECT slug AS name, 'org_' || replace(slug, '-2', '') AS schema \
                 FROM public.organizations";
    let any = Naming::mapped().allowing(".+").unwrap();
    let tenants = moved_in(&database, Registry::query(query).naming(any), &["acme"]).await;
    database
        .execute("UPDATE organizations SET slug = 'acme-2'")
        .await;
    let health = tenants.health().await.unwrap();
    assert!(health.problems.is_empty(), "{health:?}");
    let error = tenants.drop_tenant(&name("acme")).await.unwrap_err();
    assert!(
        matches!(&error, Error::UnfitRow(it) if matches!(**it, UnfitRow::Shared { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_schema_that_no_row_ever_named_is_no_leftover_because_of_a_version() {
    for registry in [by_query(), by_table()] {
        let database = TestDatabase::new().await;
        let tenants = moved_in(&database, registry, &["acme"]).await;
        // Another program's, with a version and a table in common.
        schema_with_history(&database, "org_crm", [1, 2].map(version)).await;
        database
            .execute(
                "CREATE TABLE org_crm.invoices (id int); INSERT INTO org_crm.invoices VALUES (1);
                 CREATE SCHEMA org_few; CREATE TABLE org_few.__diesel_schema_migrations
                     (LIKE org_crm.__diesel_schema_migrations INCLUDING ALL);
                 INSERT INTO org_few.__diesel_schema_migrations VALUES ('20260201000000');
                 CREATE TABLE org_few.payments (id int)",
            )
            .await;
        for tenant in ["crm", "few"] {
            let contents = tenants.contents(&name(tenant)).await.unwrap();
            assert!(contents.others.is_some(), "{contents:?}");
            for refused in [
                tenants.drop_tenant(&name(tenant)).await.map(drop),
                tenants.rename(&name(tenant), &name("acme")).await.map(drop),
            ] {
                let error = refused.unwrap_err();
                assert!(matches!(error, Error::OthersTenant(..)), "{error:?}");
                let told = error.to_string();
                assert!(told.contains("no row of the registry names it"), "{told}");
            }
        }
        assert_eq!(
            database
                .value("SELECT count(*) FROM org_crm.invoices")
                .await,
            "1"
        );
        let dropped = tenants
            .drop_tenant(&name("few"))
            .allow_other_program()
            .await;
        assert_eq!(dropped.unwrap(), Removed::Tenant);
    }
}
