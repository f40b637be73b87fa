//! The states of tenants, as a list says them.

use tenant_core::{Database, Migrations, Registry, Settings, Status, TenantState, Tenants};
use test_support::TestDatabase;

use crate::fixture::{create, name, two_steps};

async fn opened(database: &TestDatabase, registry: Registry) -> Tenants {
    let migrations = Migrations {
        public: registry.migrations(),
        tenant: two_steps().set(),
    };
    let url = Database::parse(&database.url()).unwrap();
    let tenants = Tenants::open(url, migrations, Settings::default()).await;
    let tenants = tenants.unwrap().listed_in(registry).await.unwrap();
    tenants.migrate_public().await.unwrap();
    tenants
}

async fn states(tenants: &Tenants) -> Vec<Option<TenantState>> {
    let listed = tenants.list().await.unwrap();
    listed.into_iter().map(|tenant| tenant.state).collect()
}

/// Customers in each state, and one in none.
const STATES: &str = "UPDATE customers SET status = CASE slug WHEN 'a' THEN 'active' \
     WHEN 'b' THEN 'blocked' WHEN 'c' THEN 'trial' END";

fn expected() -> Vec<Option<TenantState>> {
    let trial = TenantState::Other("trial".to_owned());
    assert!(trial.is_active() && !TenantState::Suspended.is_active());
    vec![
        Some(TenantState::Active),
        Some(TenantState::Suspended),
        Some(trial),
        None,
    ]
}

/// Whatever the state, a tenant is migrated and checked. A suspended one is not served.
async fn only_the_pool_minds(tenants: &Tenants) {
    let report = tenants.migrate().await.unwrap();
    assert_eq!(report.count(Status::UpToDate), 4, "{report:?}");
    assert!(tenants.health().await.unwrap().problems.is_empty());
    let pool = tenants.pool().open().await.unwrap();
    let refused = pool.tenant(&name("b")).await.unwrap_err();
    assert_eq!(refused.to_string(), "tenant `b` is suspended");
    for one in ["a", "c", "d"] {
        pool.tenant(&name(one))
            .await
            .unwrap()
            .commit()
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_query_gives_states_and_its_words_mean_what_was_said() {
    let database = TestDatabase::new().await;
    database
        .execute("CREATE TABLE public.customers (slug text PRIMARY KEY, status text)")
        .await;
    let plain = Registry::query("SELECT slug AS name, slug AS schema FROM public.customers");
    let tenants = opened(&database, plain).await;
    let insert = "INSERT INTO customers VALUES ('a'), ('b'), ('c'), ('d')";
    database.execute(insert).await;
    for one in ["a", "b", "c", "d"] {
        let schema = one.parse().unwrap();
        tenants.create_in(&name(one), &schema).await.unwrap();
    }
    assert!(!tenants.registry().has_states());
    assert_eq!(states(&tenants).await, [None, None, None, None]);

    let with_states = "SELECT slug AS name, slug AS schema, status AS state FROM public.customers";
    let registry = Registry::query(with_states).state_word("blocked", TenantState::Suspended);
    let tenants = opened(&database, registry).await;
    database.execute(STATES).await;
    assert!(tenants.registry().has_states());
    assert_eq!(states(&tenants).await, expected());
    only_the_pool_minds(&tenants).await;
}

#[tokio::test]
async fn a_table_has_a_column_of_states_which_is_never_written() {
    let database = TestDatabase::new().await;
    database
        .execute("CREATE TABLE public.customers (slug text PRIMARY KEY, \"The state\" text)")
        .await;
    let registry = Registry::table("public", "customers")
        .key("slug")
        .state_column("The state")
        .state_word("blocked", TenantState::Suspended);
    let tenants = opened(&database, registry).await;
    create(&tenants, &["a", "b", "c", "d"]).await;
    database
        .execute(&STATES.replace("status", "\"The state\""))
        .await;
    assert_eq!(states(&tenants).await, expected());
    only_the_pool_minds(&tenants).await;
    tenants.rename(&name("b"), &name("e")).await.unwrap();
    let state = "SELECT \"The state\" FROM customers WHERE slug = 'e'";
    assert_eq!(database.value(state).await, "blocked");
}

#[tokio::test]
async fn our_own_table_takes_its_states_from_a_column_of_the_applications() {
    let database = TestDatabase::new().await;
    let registry = Registry::default().state_column("standing");
    let tenants = opened(&database, registry).await;
    create(&tenants, &["a"]).await;
    let standing = "ALTER TABLE schema_tracker ADD COLUMN standing text DEFAULT 'trashed'";
    database.execute(standing).await;
    assert_eq!(states(&tenants).await, [Some(TenantState::Trashed)]);
}

#[tokio::test]
async fn a_customer_in_a_state_without_a_schema_stops_no_other() {
    let database = TestDatabase::new().await;
    database
        .execute(
            "CREATE TABLE public.customers (slug text PRIMARY KEY, status text); \
             INSERT INTO customers VALUES ('a', 'active'), ('b', 'checkout')",
        )
        .await;
    let query = "SELECT slug AS name, slug AS schema, status AS state FROM public.customers";
    let tenants = opened(&database, Registry::query(query)).await;
    tenants.create(&name("a")).await.unwrap();
    let report = tenants.migrate().await.unwrap();
    assert_eq!(report.count(Status::UpToDate), 1, "{report:?}");
    let checkout = TenantState::Other("checkout".to_owned());
    assert_eq!(
        states(&tenants).await,
        [Some(TenantState::Active), Some(checkout)]
    );
    let problems = tenants.health().await.unwrap().problems;
    let codes = problems.iter().map(|it| it.kind.code());
    assert_eq!(codes.collect::<Vec<_>>(), ["missing_schema"]);
}
