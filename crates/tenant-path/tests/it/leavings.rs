//! What one user of a pool leaves, and the next one must not find.

use std::pin::pin;
use std::time::Duration;

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::{FutureExt, StreamExt};
use tenant_path::{Cleared, Clearing};

use crate::fixture::{
    LEAVINGS, Manager, SERVED_BY, Sync, ask, ask_sync, bb8, deadpool, r2d2, two_tenants,
};

#[tokio::test]
async fn with_bb8_nothing_is_left_for_the_next_user() {
    let database = two_tenants().await;
    let pool = bb8(&database).await;
    let process = ask(&mut pool.get().await.unwrap(), SERVED_BY).await;
    for (leave, question, answer) in LEAVINGS {
        pool.get()
            .await
            .unwrap()
            .batch_execute(leave)
            .await
            .unwrap();
        let mut next = pool.get().await.unwrap();
        assert_eq!(ask(&mut next, question).await, *answer, "{leave}");
        assert_eq!(ask(&mut next, SERVED_BY).await, process, "{leave}");
    }
}

#[tokio::test]
async fn with_deadpool_nothing_is_left_for_the_next_user() {
    let database = two_tenants().await;
    let pool = deadpool(&database);
    let process = ask(&mut pool.get().await.unwrap(), SERVED_BY).await;
    for (leave, question, answer) in LEAVINGS {
        pool.get()
            .await
            .unwrap()
            .batch_execute(leave)
            .await
            .unwrap();
        let mut next = pool.get().await.unwrap();
        assert_eq!(ask(&mut next, question).await, *answer, "{leave}");
        assert_eq!(ask(&mut next, SERVED_BY).await, process, "{leave}");
    }
}

#[tokio::test]
async fn with_r2d2_nothing_is_left_for_the_next_user() {
    let database = two_tenants().await;
    let url = database.url();
    std::thread::spawn(move || {
        let pool = r2d2(&url);
        let mut process = ask_sync(&mut pool.get().unwrap(), SERVED_BY);
        for (leave, question, answer) in LEAVINGS {
            use diesel::connection::SimpleConnection;
            let mut one = pool.get().unwrap();
            SimpleConnection::batch_execute(&mut one, leave).unwrap();
            drop(one);
            let mut next = pool.get().unwrap();
            assert_eq!(ask_sync(&mut next, question), *answer, "{leave}");
            // A connection that listens is replaced: what it has received stays in the driver.
            let now = ask_sync(&mut next, SERVED_BY);
            assert_eq!(now == process, !leave.starts_with("LISTEN"), "{leave}");
            process = now;
        }
    })
    .join()
    .unwrap();
}

/// Without the hook everything is found, so the tests above can fail.
#[tokio::test]
async fn without_the_hook_the_next_user_finds_all_of_it() {
    let database = two_tenants().await;
    for (leave, question, answer) in LEAVINGS {
        let manager = Manager::new(database.url());
        let pool = bb8::Pool::builder().max_size(1).build(manager).await;
        let pool = pool.unwrap();
        pool.get()
            .await
            .unwrap()
            .batch_execute(leave)
            .await
            .unwrap();
        let mut next = pool.get().await.unwrap();
        assert_ne!(ask(&mut next, question).await, *answer, "{leave}");
    }
}

#[tokio::test]
async fn a_connection_whose_transaction_has_failed_is_replaced() {
    let database = two_tenants().await;
    let failing = "BEGIN; SELECT nothing";
    let with_bb8 = bb8(&database).await;
    let mut one = with_bb8.get().await.unwrap();
    assert!(one.batch_execute(failing).await.is_err());
    drop(one);
    assert_eq!(
        ask(&mut with_bb8.get().await.unwrap(), "SELECT 1").await,
        "1"
    );
    let with_deadpool = deadpool(&database);
    let mut one = with_deadpool.get().await.unwrap();
    assert!(one.batch_execute(failing).await.is_err());
    drop(one);
    let mut next = with_deadpool.get().await.unwrap();
    assert_eq!(ask(&mut next, "SELECT 1").await, "1");
}

/// bb8 and r2d2 do not ask the manager before they lend a connection if they are told not
/// to. Then no connection is lent twice.
#[tokio::test]
async fn a_pool_that_does_not_test_its_connections_lends_each_of_them_once() {
    let database = two_tenants().await;
    let manager = Cleared::new(Manager::new(database.url()), &Clearing::new());
    let pool = bb8::Pool::builder().max_size(1).test_on_check_out(false);
    let pool = pool.build(manager).await.unwrap();
    let (leave, question, answer) = LEAVINGS[0];
    pool.get()
        .await
        .unwrap()
        .batch_execute(leave)
        .await
        .unwrap();
    let mut next = pool.get().await.unwrap();
    assert_eq!(ask(&mut next, question).await, answer);
    drop(next);

    let url = database.url();
    std::thread::spawn(move || {
        let manager = diesel::r2d2::ConnectionManager::<Sync>::new(url);
        let pool = diesel::r2d2::Pool::builder()
            .max_size(1)
            .test_on_check_out(false);
        let pool = pool.build(Cleared::new(manager, &Clearing::new())).unwrap();
        use diesel::connection::SimpleConnection;
        let mut one = pool.get().unwrap();
        SimpleConnection::batch_execute(&mut one, leave).unwrap();
        drop(one);
        assert_eq!(ask_sync(&mut pool.get().unwrap(), question), answer);
    })
    .join()
    .unwrap();
}

#[tokio::test]
async fn settings_of_the_pool_are_set_again() {
    let database = two_tenants().await;
    let clearing = Clearing::new().with_setting("statement_timeout", "5s");
    let clearing = clearing.with_setting("app.it's", "a\\'; DROP SCHEMA acme CASCADE; --");
    let manager = Cleared::new(Manager::new(database.url()), &clearing);
    let pool = bb8::Pool::builder()
        .max_size(1)
        .connection_timeout(Duration::from_secs(1))
        .build(manager)
        .await;
    // The name of a setting is PostgreSQL's to check.
    assert!(pool.unwrap().get().await.is_err());

    let clearing = Clearing::new().with_setting("statement_timeout", "5s");
    let clearing = clearing.with_setting("app.origin", "a\\'; DROP SCHEMA acme CASCADE; --");
    let manager = Cleared::new(Manager::new(database.url()), &clearing);
    let pool = bb8::Pool::builder()
        .max_size(1)
        .build(manager)
        .await
        .unwrap();
    let mut one = pool.get().await.unwrap();
    one.batch_execute("SET statement_timeout TO 0; SET app.origin TO 'x'")
        .await
        .unwrap();
    drop(one);
    let mut next = pool.get().await.unwrap();
    let is_set = "SELECT current_setting('statement_timeout') || current_setting('app.origin')";
    assert_eq!(
        ask(&mut next, is_set).await,
        "5sa\\'; DROP SCHEMA acme CASCADE; --"
    );
    assert_eq!(database.schemas().await, ["acme", "globex"]);
}

/// An application's tests share one connection in a transaction that is never committed.
#[tokio::test]
async fn diesels_test_transaction_stays_open() {
    use diesel_async::AsyncConnection;
    let database = two_tenants().await;
    let pool = bb8(&database).await;
    let mut one = pool.get().await.unwrap();
    one.begin_test_transaction().await.unwrap();
    one.batch_execute("INSERT INTO acme.tasks (title) VALUES ('in a test')")
        .await
        .unwrap();
    drop(one);
    let mut next = pool.get().await.unwrap();
    assert_eq!(ask(&mut next, "SELECT count(*) FROM acme.tasks").await, "1");
    assert_eq!(database.value("SELECT count(*) FROM acme.tasks").await, "0");
}

/// What a user received and did not read is in the driver, and `UNLISTEN` leaves it there.
const RECEIVE: &str = "LISTEN events; NOTIFY events, 'of acme'";

async fn received(connection: &mut AsyncPgConnection) -> Option<String> {
    let mut stream = pin!(connection.notifications_stream());
    let next = stream.next().now_or_never().flatten();
    next.map(|notification| notification.unwrap().payload)
}

#[tokio::test]
async fn a_notification_of_one_user_does_not_reach_the_next() {
    let database = two_tenants().await;
    for more in ["", "; UNLISTEN *"] {
        let receive = format!("{RECEIVE}{more}");
        let with_bb8 = bb8(&database).await;
        let mut one = with_bb8.get().await.unwrap();
        one.batch_execute(&receive).await.unwrap();
        drop(one);
        let mut next = with_bb8.get().await.unwrap();
        assert_eq!(received(&mut next).await, None);

        let with_deadpool = deadpool(&database);
        let mut one = with_deadpool.get().await.unwrap();
        one.batch_execute(&receive).await.unwrap();
        drop(one);
        let mut next = with_deadpool.get().await.unwrap();
        assert_eq!(received(&mut next).await, None);

        // Without the hook it does, so the assertions above can fail.
        next.batch_execute(RECEIVE).await.unwrap();
        assert_eq!(received(&mut next).await.as_deref(), Some("of acme"));
    }
}
