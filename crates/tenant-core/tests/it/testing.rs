//! Databases and tenants for the tests of applications.

use std::collections::BTreeSet;

use diesel_async::SimpleAsyncConnection;
use schema_tenant::{Dummy, NewDummy};
use tenant_core::{Database, Error, MigrationSet, Migrations, NewTenant, TenantName, Tenants};
use tenant_testing::{ScratchDatabase, Template, server_url};

use crate::fixture::name;

static TEMPLATE: Template = Template::new(migrations);

pub(crate) fn migrations() -> Migrations {
    Migrations {
        public: MigrationSet::from_source(&schema_public::MIGRATIONS).unwrap(),
        tenant: MigrationSet::from_source(&schema_tenant::MIGRATIONS).unwrap(),
    }
}

/// The first column of what `sql` gives on the database behind `url`.
pub(crate) async fn column(url: &str, sql: &str) -> Vec<String> {
    let client = Database::parse(url).unwrap().driver().await.unwrap();
    let rows = client.query_typed(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

async fn databases() -> BTreeSet<String> {
    let sql = "SELECT datname::text FROM pg_database";
    let names = column(&server_url("postgres"), sql).await;
    names.into_iter().collect()
}

async fn names(tenants: &tenant_core::Tenants) -> Vec<String> {
    let tenants = tenants.list().await.unwrap();
    tenants
        .iter()
        .map(|tenant| tenant.name.to_string())
        .collect()
}

#[tokio::test]
async fn two_tests_do_not_see_each_others_databases() {
    let (one, other) = (TEMPLATE.database().await, TEMPLATE.database().await);
    let acme = one.tenant("acme").await;
    assert_eq!(acme, name("acme"));
    other.tenant("globex").await;
    assert_eq!(names(one.tenants()).await, ["acme"]);
    assert_eq!(names(other.tenants()).await, ["globex"]);
}

#[tokio::test]
async fn a_database_for_a_test_is_well_and_up_to_date() {
    let database = TEMPLATE.database().await;
    assert!(names(database.tenants()).await.is_empty());
    for tenant in ["acme", "globex", "initech"] {
        database.tenant(tenant).await;
    }
    let outcome = database.tenants().migrate_public().dry_run().await.unwrap();
    assert!(outcome.pending.is_empty(), "{outcome:?}");
    let health = database.tenants().health().await.unwrap();
    assert_eq!(
        (health.checked, health.problems.len()),
        (3, 0),
        "{health:?}"
    );
}

#[tokio::test]
async fn a_database_is_gone_with_its_test_even_when_somebody_is_connected() {
    let database = TEMPLATE.database().await;
    let name = database.name().to_owned();
    let _connected = database.database().connect().await.unwrap();
    assert!(databases().await.contains(&name));
    drop(database);
    assert!(!databases().await.contains(&name));
}

#[tokio::test]
async fn a_tenant_of_a_test_holds_its_rows_and_is_gone_with_it() {
    let (tenant, other) = (TEMPLATE.tenant().await, TEMPLATE.tenant().await);
    assert_ne!(tenant.name(), other.name());
    let pool = tenant.tenants().pool().size(1).open().await.unwrap();
    let row = NewDummy {
        name: "first",
        value: None,
        description: None,
    };
    let mut own = pool.tenant(tenant.name()).await.unwrap();
    row.insert(&mut own).await.unwrap();
    assert_eq!(Dummy::all(&mut own).await.unwrap().len(), 1);
    own.commit().await.unwrap();
    let mut others = pool.tenant(other.name()).await.unwrap();
    assert!(Dummy::all(&mut others).await.unwrap().is_empty());
    drop(others);

    let gone = tenant.name().clone();
    drop(tenant);
    let left = names(other.tenants()).await;
    assert!(!left.contains(&gone.to_string()), "{left:?}");
    assert!(left.contains(&other.name().to_string()), "{left:?}");
    let schema = format!("SELECT nspname::text FROM pg_namespace WHERE nspname = '{gone}'");
    assert!(column(&other.database_url(), &schema).await.is_empty());
}

#[tokio::test]
async fn a_test_that_panics_in_a_transaction_leaves_no_tenant_and_no_database() {
    let watching = TEMPLATE.tenant().await;
    let (tell, told) = tokio::sync::oneshot::channel();
    let test = tokio::spawn(async move {
        let (tenant, database) = (TEMPLATE.tenant().await, TEMPLATE.database().await);
        let made = (tenant.name().to_string(), database.name().to_owned());
        tell.send(made).unwrap();
        let mut connection = tenant.database().connect().await.unwrap();
        let lock = format!("BEGIN; LOCK TABLE {}.dummy_table", tenant.name());
        connection.batch_execute(&lock).await.unwrap();
        panic!("as a test does that finds something wrong");
    });
    assert!(test.await.unwrap_err().is_panic());
    let made = told.await.unwrap();
    assert!(
        !names(watching.tenants()).await.contains(&made.0),
        "{made:?}"
    );
    assert!(!databases().await.contains(&made.1), "{made:?}");
}

#[tokio::test]
async fn eight_at_once_get_one_each() {
    let tests = (0..8).map(|number| {
        tokio::spawn(async move {
            let (database, tenant) = (TEMPLATE.database().await, TEMPLATE.tenant().await);
            database.tenant(&format!("tenant_of_{number}")).await;
            assert_eq!(names(database.tenants()).await.len(), 1);
            (database, tenant)
        })
    });
    let mut made = Vec::new();
    for test in tests.collect::<Vec<_>>() {
        made.push(test.await.unwrap());
    }
    let databases = made.iter().map(|(database, _)| database.name());
    assert_eq!(databases.collect::<BTreeSet<_>>().len(), 8);
    let tenants = made.iter().map(|(_, tenant)| tenant.name());
    assert_eq!(tenants.collect::<BTreeSet<_>>().len(), 8);
}

#[tokio::test]
async fn what_the_migrations_expect_is_there_before_them() {
    static WITH_TYPE: Template =
        Template::new(migrations).setup("CREATE TYPE public.mood AS ENUM ('good')");
    let database = WITH_TYPE.database().await;
    let types = "SELECT typname::text FROM pg_type WHERE typname = 'mood'";
    assert_eq!(column(&database.url(), types).await, ["mood"]);
    assert!(
        column(&TEMPLATE.database().await.url(), types)
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_test_whose_template_cannot_be_made_ends_with_the_reason() {
    static WRONG: Template = Template::new(migrations).setup("CREATE TABEL t ()");
    for _ in 0..2 {
        let made = tokio::spawn(WRONG.database()).await;
        let said = made.unwrap_err().into_panic().downcast::<String>().unwrap();
        let start = "no database for the test: could not set up the template: ";
        assert!(said.starts_with(start), "{said}");
        assert!(said.contains("syntax error at or near \"TABEL\""), "{said}");
    }
}

#[tokio::test]
async fn a_copy_has_what_its_original_had() {
    let original = ScratchDatabase::new().await;
    let mut connection = original.database().connect().await.unwrap();
    connection.batch_execute("CREATE TABLE t ()").await.unwrap();
    drop(connection);
    let copy = original.copy().await;
    let tables = "SELECT relname::text FROM pg_class WHERE relname = 't'";
    assert_eq!(column(&copy.url(), tables).await, ["t"]);
    assert!(
        column(&ScratchDatabase::new().await.url(), tables)
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_tenant_has_a_url_that_leads_to_its_own_tables() {
    let tenant = TEMPLATE.tenant().await;
    let path = "SELECT current_setting('search_path')";
    let found = column(&tenant.url().await.unwrap(), path).await;
    assert_eq!(found, [format!("\"{}\"", tenant.name())]);
}

static SEEDED: Template = Template::new(migrations).seed(|new| Box::pin(two_rows(new)));

async fn two_rows(new: &mut NewTenant) -> Result<(), Error> {
    for name in ["first", "second"] {
        let row = NewDummy {
            name,
            value: None,
            description: None,
        };
        row.insert(new.tenant().await?).await?;
    }
    Ok(())
}

#[tokio::test]
async fn tenants_begin_with_the_rows_of_the_seed_however_they_are_made() {
    let count = async |tenants: &Tenants, of: &TenantName| {
        let pool = tenants.pool().size(1).open().await.unwrap();
        let mut tenant = pool.tenant(of).await.unwrap();
        Dummy::all(&mut tenant).await.unwrap().len()
    };
    let database = SEEDED.database().await;
    for tenant in ["a_spare", "a_built_one"] {
        let tenant = database.tenant(tenant).await;
        assert_eq!(count(database.tenants(), &tenant).await, 2, "{tenant}");
    }
    let shared = SEEDED.tenant().await;
    assert_eq!(count(shared.tenants(), shared.name()).await, 2);
}

#[tokio::test]
async fn two_tests_have_a_tenant_of_the_same_name_at_the_same_time() {
    let (one, other) = (
        SEEDED.tenant_named("big_bang").await,
        SEEDED.tenant_named("big_bang").await,
    );
    for tenant in [&one, &other] {
        assert_eq!(tenant.name(), &name("big_bang"));
        assert_eq!(names(tenant.tenants()).await, ["big_bang"]);
    }
    assert_ne!(one.database_url(), other.database_url());
    let of_one = one.database_url();
    drop(one);
    assert_eq!(names(other.tenants()).await, ["big_bang"]);
    let gone = of_one.rsplit('/').next().unwrap_or_default().to_owned();
    let gone = gone.split('?').next().unwrap_or_default().to_owned();
    test_support::eventually("the database is gone", async || {
        !databases().await.contains(&gone)
    })
    .await;
}
