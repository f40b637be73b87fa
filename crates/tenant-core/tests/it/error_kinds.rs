//! What the server said is known of every error, whichever way it comes, and what the
//! caller can do about it.

use diesel_async::SimpleAsyncConnection;
use tenant_core::{Database, Error, ErrorKind, PoolError, Settings, TenantPool};
use test_support::TestDatabase;

use crate::fixture::{create, name, open, open_at, tenants, two_steps};
use crate::pool::{single, two_tenants};

fn of(error: &Error) -> (ErrorKind, Option<&str>) {
    (error.kind(), error.sqlstate())
}

fn of_pool(error: &PoolError) -> (ErrorKind, Option<&str>) {
    (error.kind(), error.sqlstate())
}

#[tokio::test]
async fn a_connection_that_is_not_to_be_had_says_why() {
    let database = TestDatabase::new().await;
    let gone = database.url().replace(database.name(), "no_such_database");
    let gone = Database::parse(&gone).unwrap();
    let refused = TenantPool::builder(gone.clone()).open().await.unwrap_err();
    let expected = (ErrorKind::Misconfigured, Some("3D000"));
    assert_eq!(of_pool(&refused), expected, "{refused:?}");
    let Err(error) = gone.connect().await else {
        panic!("connected")
    };
    assert_eq!((error.kind(), error.sqlstate()), expected, "{error:?}");
    assert_eq!(of(&error.into()), expected);
    let nobody = Database::parse("postgres://nobody@127.0.0.1:1/nothing").unwrap();
    let error = nobody.driver().await.unwrap_err();
    assert_eq!(of(&error.into()), (ErrorKind::Unreachable, None));
}

#[tokio::test]
async fn what_is_wrong_with_a_tenant_is_told_from_what_failed() {
    let database = TestDatabase::new().await;
    let bare = open(&database, &two_steps(), Settings::default()).await;
    let error = bare.create(&name("acme")).await.unwrap_err();
    assert_eq!(of(&error), (ErrorKind::NotSetUp, None));

    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    let acme = name("acme");
    let taken = tenants.create(&acme).await.unwrap_err();
    assert_eq!(of(&taken), (ErrorKind::Conflict, None));
    let unknown = tenants.drop_tenant(&name("nobody")).await.unwrap_err();
    assert_eq!(of(&unknown), (ErrorKind::NotFound, None));

    let failing = two_steps().with("SELECT 1 / 0;");
    let failing = open(&database, &failing, Settings::default()).await;
    let report = failing.migrate().await.unwrap();
    let (_, error) = report.failures().next().unwrap();
    assert_eq!(of(error), (ErrorKind::Failed, Some("22012")));

    database.execute("DROP SCHEMA acme CASCADE").await;
    let error = tenants.shape(&acme).await.unwrap_err();
    assert_eq!(of(&error), (ErrorKind::Damaged, None));
}

#[tokio::test]
async fn a_step_of_our_own_that_the_role_may_not_do_is_denied() {
    let database = TestDatabase::new().await;
    let owner = tenants(&database, &two_steps()).await;
    create(&owner, &["acme"]).await;
    let role = database.role("secret").await;
    let grant = format!(
        "GRANT SELECT, INSERT ON schema_tracker, spare_schemas TO {}",
        role.name()
    );
    database.execute(&grant).await;
    let nobody = open_at(&role.url(), &two_steps(), Settings::default()).await;
    let error = nobody.create(&name("globex")).await.unwrap_err();
    assert_eq!(of(&error), (ErrorKind::Denied, Some("42501")), "{error:?}");
}

#[tokio::test]
async fn queries_of_diesel_and_transactions_without_it_keep_the_code() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let acme = name("acme");
    let made = "CREATE TABLE once (id int PRIMARY KEY, of int REFERENCES once DEFERRABLE \
                INITIALLY DEFERRED); INSERT INTO once VALUES (1, 1)";
    let run = async |sql: &str| {
        let work = pool.in_tenant(&acme, async |tenant| {
            Ok::<_, PoolError>(tenant.batch_execute(sql).await?)
        });
        work.await
    };
    run(made).await.unwrap();
    let twice = run("INSERT INTO once VALUES (1, 1)").await.unwrap_err();
    assert_eq!(of_pool(&twice), (ErrorKind::Failed, Some("23505")));

    let transaction = pool.tenant(&acme).on_driver().await.unwrap();
    let dangling = "INSERT INTO once VALUES (2, 3)";
    transaction.batch_execute(dangling).await.unwrap();
    let error = transaction.commit().await.unwrap_err();
    assert!(matches!(error, PoolError::Driver(_)), "{error:?}");
    assert_eq!(of_pool(&error), (ErrorKind::Failed, Some("23503")));

    let failed = pool.tenant(&acme).on_driver().await.unwrap();
    failed.batch_execute("SELECT 1 / 0").await.unwrap_err();
    let error = failed.commit().await.unwrap_err();
    assert_eq!(of_pool(&error), (ErrorKind::Failed, Some("25P02")));

    let unknown = pool.tenant(&name("nobody")).await.unwrap_err();
    assert_eq!(of_pool(&unknown), (ErrorKind::NotFound, None));
}
