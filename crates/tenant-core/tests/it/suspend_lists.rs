//! Suspended tenants in each kind of list, and in lists that keep no suspensions.

use chrono::{DateTime, Utc};
use tenant_core::remedy::{Advice, Command};
use tenant_core::{
    Database, Error, ErrorKind, Migrations, Registry, Settings, TenantPool, TenantState, Tenants,
};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, name, two_steps};
use crate::suspend::{fleet, refused, serve};

#[tokio::test]
async fn a_database_without_the_migration_works_on_and_names_it() {
    let database = TestDatabase::new().await;
    let tenants = fleet(&database).await;
    database
        .execute("ALTER TABLE schema_tracker DROP COLUMN suspension")
        .await;
    let older = crate::fixture::open(&database, &two_steps(), Settings::default()).await;
    let pool = older.pool().open().await.unwrap();
    serve(&pool, "acme").await.unwrap();
    assert_eq!(older.list().await.unwrap()[0].state, None);
    let error = older.suspend(&name("acme")).await.unwrap_err();
    assert!(matches!(error, Error::NoSuspensions(_)), "{error:?}");
    assert_eq!(error.remedies(), [Command::MigratePublic.into()]);
    // Another program applies it.
    database
        .execute("ALTER TABLE schema_tracker ADD COLUMN suspension jsonb")
        .await;
    older.suspend(&name("acme")).await.unwrap();
    refused(&pool, "acme").await;
    drop(tenants);
}

#[tokio::test]
async fn a_row_that_a_person_wrote_is_a_suspension_and_nonsense_is_none() {
    let database = TestDatabase::new().await;
    let tenants = fleet(&database).await;
    let by_hand = "UPDATE schema_tracker SET suspension = \
         CASE name WHEN 'acme' THEN '{\"reason\": \"by hand\", \"until\": 7}'::jsonb ELSE '[]' END";
    database.execute(by_hand).await;
    let pool = tenants.pool().open().await.unwrap();
    assert_eq!(
        refused(&pool, "acme").await.reason.as_deref(),
        Some("by hand")
    );
    serve(&pool, "globex").await.unwrap();
    assert_eq!(tenants.list().await.unwrap()[1].suspension, None);
}

#[tokio::test]
async fn a_trigger_that_changes_the_row_is_told_and_nothing_is_written() {
    let database = TestDatabase::new().await;
    let tenants = fleet(&database).await;
    database
        .execute(
            "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; \
             CREATE TRIGGER keep BEFORE UPDATE ON schema_tracker \
             FOR EACH ROW EXECUTE FUNCTION keep();",
        )
        .await;
    let error = tenants.suspend(&name("acme")).await.unwrap_err();
    assert!(matches!(error, Error::NotListed { .. }), "{error:?}");
    let unknown = tenants.suspend(&name("nobody")).await.unwrap_err();
    assert!(matches!(unknown, Error::Unknown(_)), "{unknown:?}");
    let pool = tenants.pool().open().await.unwrap();
    serve(&pool, "acme").await.unwrap();
}

async fn opened(database: &TestDatabase, registry: Registry) -> Tenants {
    let migrations = Migrations {
        public: registry.migrations(),
        tenant: Stream::new().with("CREATE TABLE tasks (id int);").set(),
    };
    let url = Database::parse(&database.url()).unwrap();
    let tenants = Tenants::open(url, migrations, Settings::default()).await;
    let tenants = tenants.unwrap().listed_in(registry).await.unwrap();
    tenants.migrate_public().await.unwrap();
    tenants
}

#[tokio::test]
async fn beside_a_query_suspensions_are_kept_and_end_with_the_tenant() {
    let database = TestDatabase::new().await;
    database
        .execute("CREATE TABLE public.customers (slug text PRIMARY KEY)")
        .await;
    database
        .execute("INSERT INTO customers VALUES ('acme'), ('new')")
        .await;
    let query = Registry::query("SELECT slug AS name, slug AS schema FROM public.customers");
    let tenants = opened(&database, query.clone()).await;
    tenants.create(&name("acme")).await.unwrap();
    // Of this one nothing is kept yet.
    database
        .execute("CREATE SCHEMA new; CREATE TABLE new.tasks (id int)")
        .await;
    for one in ["acme", "new"] {
        tenants.suspend(&name(one)).reason("audit").await.unwrap();
    }
    let url = Database::parse(&database.url()).unwrap();
    let bare = TenantPool::builder(url)
        .registry(query)
        .open()
        .await
        .unwrap();
    for pool in [bare, tenants.pool().open().await.unwrap()] {
        assert_eq!(
            refused(&pool, "acme").await.reason.as_deref(),
            Some("audit")
        );
        refused(&pool, "new").await;
    }
    database
        .execute("UPDATE customers SET slug = 'inc' WHERE slug = 'acme'")
        .await;
    tenants
        .rename(&name("acme"), &name("inc"))
        .to_schema(&"inc".parse().unwrap())
        .await
        .unwrap();
    assert!(tenants.resume(&name("inc")).await.unwrap().was_suspended);
    tenants.suspend(&name("inc")).await.unwrap();
    // The application drops the tenant itself, and lists another one with the same name.
    database.execute("DROP SCHEMA inc CASCADE").await;
    tenants.create(&name("inc")).await.unwrap();
    serve(&tenants.pool().open().await.unwrap(), "inc")
        .await
        .unwrap();
}

#[tokio::test]
async fn the_state_in_a_table_of_the_application_counts_and_is_not_written() {
    let database = TestDatabase::new().await;
    database
        .execute("CREATE TABLE public.orgs (slug text PRIMARY KEY, status text, gone boolean)")
        .await;
    database
        .execute(
            "INSERT INTO orgs VALUES ('acme', 'blocked'), ('globex', 'closed'), ('ok', 'trial')",
        )
        .await;
    let registry = Registry::table("public", "orgs")
        .key("slug")
        .only("gone IS NULL");
    let registry = registry.state_column("status");
    let registry = registry.state_word("blocked", TenantState::Suspended);
    let registry = registry.state_word("closed", TenantState::Trashed);
    let tenants = opened(&database, registry.clone()).await;
    create(&tenants, &["acme", "globex", "ok"]).await;
    let pool = tenants.pool().open().await.unwrap();
    let told = refused(&pool, "acme").await;
    assert_eq!((told.reason, told.until), (None, None));
    let error = serve(&pool, "globex").await.unwrap_err();
    assert_eq!(error.to_string(), "tenant `globex` is trashed");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(!error.is_unavailable() && error.remedies().is_empty());
    serve(&pool, "ok").await.unwrap();
    let error = tenants.suspend(&name("ok")).await.unwrap_err();
    assert!(matches!(error, Error::NoSuspensions(_)), "{error:?}");
    assert_eq!(
        error.remedies_for(tenants.registry()),
        [Advice::ListState.into()]
    );

    let served = registry.state_word("blocked", TenantState::Other("blocked".to_owned()));
    let tenants = tenants.listed_in(served).await.unwrap();
    serve(&tenants.pool().open().await.unwrap(), "acme")
        .await
        .unwrap();
    let until: Option<DateTime<Utc>> = None;
    assert_eq!(until, refused(&pool, "acme").await.until);
}
