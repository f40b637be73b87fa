//! A list of tenants with other names than ours: every text about it is quoted.

use tenant_core::remedy::{Advice, Command};
use tenant_core::{
    Database, Error, Migrations, PoolError, Registry, Remedy, RollbackTo, Settings, Status,
    TenantPool, Tenants,
};
use test_support::TestDatabase;

use crate::fixture::{Stream, name, two_steps_and_back, version};

/// The list as SQL has it.
const LIST: &str = r#""Odd ""Schema""'s"."List.""#;

/// Its key.
const KEY: &str = r#""The "" Key""#;

fn registry() -> Registry {
    Registry::table(r#"Odd "Schema"'s"#, "List.").key(r#"The " Key"#)
}

/// The columns that our own list has.
const WHOLE: &str = "created_at timestamptz NOT NULL DEFAULT now(), version text, \
     migrated_at timestamptz, fingerprints jsonb NOT NULL DEFAULT '{}'";

/// Public migrations that make the list with these columns, and ours of spares.
fn public(columns: &str) -> Stream {
    let columns = if columns.is_empty() {
        String::new()
    } else {
        format!(", {columns}")
    };
    Stream::new().with(&format!(
        r#"CREATE SCHEMA "Odd ""Schema""'s";
           CREATE TABLE {LIST} (id int GENERATED ALWAYS AS IDENTITY, {KEY} text PRIMARY KEY{columns});
           CREATE TABLE spare_schemas (name text PRIMARY KEY, {WHOLE});"#
    ))
}

async fn listed(database: &TestDatabase, columns: &str) -> Tenants {
    let migrations = Migrations {
        public: public(columns).set(),
        tenant: two_steps_and_back().set(),
    };
    let url = Database::parse(&database.url()).unwrap();
    let tenants = Tenants::open(url, migrations, Settings::default()).await;
    let tenants = tenants.unwrap().listed_in(registry()).await.unwrap();
    let early = tenants.list().await;
    let Err(error @ Error::NotSetUp { .. }) = &early else {
        panic!("{early:?}")
    };
    assert_eq!(
        error.to_string(),
        format!("the database is not set up: it has no table `{LIST}`")
    );
    tenants.migrate_public().await.unwrap();
    tenants
}

async fn keys(database: &TestDatabase) -> Vec<String> {
    database
        .column(&format!("SELECT {KEY} FROM {LIST} ORDER BY 1"))
        .await
}

/// Everything that reads or writes the list, on one with these columns.
async fn live(database: &TestDatabase, tenants: &Tenants) {
    let (acme, globex, copy) = (name("acme"), name("globex"), name("copy"));
    tenants.create(&acme).await.unwrap();
    let taken = tenants.create(&acme).await;
    assert!(matches!(taken, Err(Error::Taken(_))), "{taken:?}");
    let spares = tenants.spares().keep(1).await;
    assert_eq!(spares.unwrap().ready, 1);
    assert!(tenants.create(&globex).await.unwrap().from_spare);
    tenants.clone_tenant(&acme, &copy).await.unwrap();
    assert_eq!(keys(database).await, ["acme", "copy", "globex"]);

    let back = tenants.plan_rollback().only([acme.clone()]);
    let plan = back.to(RollbackTo::Version(version(1))).await.unwrap();
    tenants.rollback(plan).await.unwrap();
    let behind = tenants.list().await.unwrap();
    let behind = behind.iter().filter(|it| it.pending == Some(1));
    assert_eq!(
        behind.map(|it| it.name.as_str()).collect::<Vec<_>>(),
        ["acme"]
    );
    let report = tenants.migrate().await.unwrap();
    assert_eq!(report.failures().count(), 0, "{report:?}");
    assert!(
        tenants
            .list()
            .await
            .unwrap()
            .iter()
            .all(|it| it.pending == Some(0))
    );

    let initech = name("Initech");
    tenants.rename(&globex, &initech).await.unwrap();
    database
        .execute(&format!("DELETE FROM {LIST} WHERE {KEY} = 'copy'"))
        .await;
    let health = tenants.health().await.unwrap();
    let [orphan] = health.problems.as_slice() else {
        panic!("{health:?}")
    };
    assert_eq!(orphan.tenant.as_deref(), Some("copy"));
    tenants.adopt(&copy).await.unwrap();
    assert!(tenants.health().await.unwrap().problems.is_empty());

    let pool = tenants.pool().open().await.unwrap();
    pool.tenant(&initech).await.unwrap().commit().await.unwrap();
    let gone = pool.tenant(&globex).await.map(drop);
    assert!(matches!(gone, Err(PoolError::Unknown(_))), "{gone:?}");

    tenants.drop_tenant(&acme).await.unwrap();
    assert_eq!(keys(database).await, ["Initech", "copy"]);
    assert!(!database.schemas().await.contains(&"acme".to_owned()));
}

#[tokio::test]
async fn a_list_with_odd_names_is_one_like_ours() {
    let database = TestDatabase::new().await;
    let tenants = listed(&database, WHOLE).await;
    live(&database, &tenants).await;
    let versions = format!("SELECT DISTINCT version FROM {LIST}");
    assert_eq!(database.column(&versions).await, [version(2)]);
    database
        .execute(&format!(
            "UPDATE {LIST} SET fingerprints = '{{\"{}\": \"v1:0000000000000000\"}}'",
            version(1)
        ))
        .await;
    let health = tenants.health().only([name("copy")]).quick().await.unwrap();
    let [edited] = health.problems.as_slice() else {
        panic!("{health:?}")
    };
    // What people are told to run runs.
    let remedies = edited.remedies(tenants.registry());
    let accept = Command::AcceptEdits(vec![version(1)]);
    assert_eq!(remedies.last(), Some(&accept.into()));
    let report = tenants.accept_edits().only([name("copy")]).await.unwrap();
    assert_eq!(report.count(Status::Accepted), 1, "{report:?}");
    assert!(
        tenants
            .health()
            .only([name("copy")])
            .quick()
            .await
            .unwrap()
            .problems
            .is_empty()
    );
}

#[tokio::test]
async fn a_list_may_have_nothing_but_its_key() {
    let database = TestDatabase::new().await;
    let tenants = listed(&database, "").await;
    live(&database, &tenants).await;
    let listed = tenants.list().await.unwrap();
    assert_eq!(listed[0].created_at, None);
    // What is applied is what each tenant says itself.
    assert_eq!(listed[0].version, Some(version(2)));
}

#[tokio::test]
async fn a_pool_asks_the_list_that_it_is_given() {
    let database = TestDatabase::new().await;
    let tenants = listed(&database, WHOLE).await;
    let acme = name("acme");
    tenants.create(&acme).await.unwrap();
    let url = || Database::parse(&database.url()).unwrap();
    let pool = TenantPool::builder(url()).registry(registry()).open().await;
    pool.unwrap()
        .tenant(&acme)
        .await
        .unwrap()
        .commit()
        .await
        .unwrap();
    let ours = TenantPool::builder(url()).open().await.unwrap();
    let refused = ours.tenant(&acme).await.map(drop);
    let Err(error @ PoolError::NotSetUp { .. }) = &refused else {
        panic!("{refused:?}")
    };
    assert!(
        error.to_string().ends_with("`public.schema_tracker`"),
        "{error}"
    );
}

#[tokio::test]
async fn rows_that_are_no_tenants_are_told_with_the_lists_name() {
    let database = TestDatabase::new().await;
    let tenants = listed(&database, WHOLE).await;
    let insert = format!("INSERT INTO {LIST} ({KEY}) VALUES ('no-name')");
    database.execute(&insert).await;
    let listed = tenants.list().await.unwrap();
    let error = listed[0].error.as_ref().unwrap();
    assert_eq!(
        error.to_string(),
        format!("a row of `{LIST}` is not a valid tenant")
    );
    let health = tenants.health().await.unwrap();
    let remedies = health.problems[0].remedies(tenants.registry());
    // The rows of an application's table are never advised to be deleted.
    assert_eq!(remedies, [Remedy::from(Advice::CorrectRow)]);
}
