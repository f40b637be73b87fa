//! The library inside a server, whose tasks move from thread to thread.

use tenant_core::{
    Contents, Database, Error, FleetReport, Health, Migrations, Outcome, Removed, Settings,
    SpareReport, Tenant, Tenants,
};
use test_support::TestDatabase;

use crate::fixture::{Stream, name, tenants, two_steps};

/// Lets a task of the server do one piece of work; that it compiles shows that the
/// call's future is `Send`.
async fn task<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    tokio::spawn(work).await.unwrap()
}

async fn opened(url: String, stream: &Stream) -> Result<Tenants, Error> {
    let database = Database::parse(&url)?;
    let migrations = Migrations {
        public: Stream::new().set(),
        tenant: stream.set(),
    };
    task(Tenants::open(database, migrations, Settings::default())).await
}

async fn create(tenants: Tenants) -> Result<Outcome, Error> {
    task(async move { tenants.create(&name("acme")).await }).await
}

async fn create_all(tenants: Tenants) -> Result<FleetReport, Error> {
    let names = vec![name("globex"), name("initech")];
    task(async move { tenants.create_many(names).await }).await
}

async fn migrate(tenants: Tenants) -> Result<FleetReport, Error> {
    task(async move { tenants.migrate().await }).await
}

async fn keep_spares(tenants: Tenants) -> Result<SpareReport, Error> {
    task(async move { tenants.spares().keep(1).await }).await
}

async fn looks(tenants: Tenants) -> Result<(Contents, Vec<Tenant>, Health), Error> {
    let (first, second, third) = (tenants.clone(), tenants.clone(), tenants);
    Ok((
        task(async move { first.contents(&name("acme")).await }).await?,
        task(async move { second.list().await }).await?,
        task(async move { third.health().await }).await?,
    ))
}

async fn drop_tenant(tenants: Tenants) -> Result<Removed, Error> {
    task(async move { tenants.drop_tenant(&name("acme")).await }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_can_be_made_from_a_task_of_a_server() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    drop(tenants(&database, &stream).await);
    let tenants = opened(database.url(), &stream).await.unwrap();
    let again = tenants.clone();
    task(async move { again.migrate_public().dry_run().await })
        .await
        .unwrap();
    assert_eq!(keep_spares(tenants.clone()).await.unwrap().ready, 1);
    let counting = tenants.clone();
    let spares = task(async move { counting.spares().count().await }).await;
    assert_eq!(spares.unwrap().ready, 1);
    assert!(create(tenants.clone()).await.unwrap().from_spare);
    assert_eq!(create_all(tenants.clone()).await.unwrap().outcomes.len(), 2);
    assert_eq!(migrate(tenants.clone()).await.unwrap().outcomes.len(), 3);
    let (contents, listed, health) = looks(tenants.clone()).await.unwrap();
    assert_eq!((contents.tables.len(), listed.len()), (1, 3));
    assert_eq!(health.checked, 3);
    assert_eq!(drop_tenant(tenants).await.unwrap(), Removed::Tenant);
    assert_eq!(database.schemas().await, ["globex", "initech"]);
}
