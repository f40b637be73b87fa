//! Reverting what runs outside a transaction.

use std::num::NonZeroUsize;

use tenant_core::{RollbackTo, Status};
use test_support::TestDatabase;

use crate::fixture::{create, outcome, rollback_to, tenants, two_steps_and_back, version};
use crate::rollback::{ledger, tracker};

#[tokio::test]
async fn an_index_is_dropped_concurrently_between_two_transactions() {
    let database = TestDatabase::new().await;
    let stream = two_steps_and_back()
        .outside("CREATE INDEX CONCURRENTLY one ON tasks (title);\nCREATE INDEX CONCURRENTLY two ON tasks (due);")
        .back("DROP INDEX CONCURRENTLY two;\nDROP INDEX CONCURRENTLY one;")
        .with("CREATE TABLE a (id int);")
        .back("DROP TABLE a;");
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["a", "b"]).await;
    let three = RollbackTo::Steps(NonZeroUsize::new(3).unwrap());
    let report = rollback_to(&tenants, three).await.unwrap();
    assert_eq!(report.count(Status::Reverted), 2, "{report:?}");
    assert_eq!(report.notes, []);
    assert_eq!(outcome(&report, "b").reverted, [4, 3, 2].map(version));
    let indexes = "SELECT count(*) FROM pg_class WHERE relname IN ('one', 'two')";
    assert_eq!(database.value(indexes).await, "0");
    assert_eq!(ledger(&database, "a").await, version(1));
    assert_eq!(
        tracker(&database, "b").await,
        format!("{0} {0}", version(1))
    );
}

#[tokio::test]
async fn what_ran_before_a_part_outside_stays_reverted_and_the_next_run_goes_on() {
    let database = TestDatabase::new().await;
    let stream = two_steps_and_back()
        .outside("CREATE INDEX CONCURRENTLY one ON tasks (title);")
        .back("DROP INDEX CONCURRENTLY one;\nVACUUM nothing;")
        .with("CREATE TABLE a (id int);")
        .back("DROP TABLE a;");
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let back = || RollbackTo::Version(version(1));
    let report = rollback_to(&tenants, back()).await.unwrap();
    let acme = outcome(&report, "acme");
    assert_eq!(acme.status, Status::Failed);
    assert_eq!(acme.reverted, [version(4)]);
    assert_eq!(acme.to_revert, [3, 2].map(version));
    assert_eq!(
        ledger(&database, "acme").await,
        [1, 2, 3].map(version).join(",")
    );
    let of_three = [1, 2, 3].map(version).join(",");
    assert_eq!(
        tracker(&database, "acme").await,
        format!("{} {of_three}", version(3))
    );
    database.execute("CREATE TABLE acme.nothing (id int)").await;
    let report = rollback_to(&tenants, back()).await.unwrap();
    assert_eq!(outcome(&report, "acme").reverted, [3, 2].map(version));
    assert_eq!(ledger(&database, "acme").await, version(1));
}

#[tokio::test]
async fn an_index_that_another_session_has_dropped_is_not_taken_for_the_work_of_this_run() {
    let database = TestDatabase::new().await;
    let stream = two_steps_and_back()
        .outside("CREATE INDEX CONCURRENTLY one ON tasks (title);")
        .back("DROP INDEX CONCURRENTLY one;");
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    database.execute("DROP INDEX acme.one").await;
    let back = || RollbackTo::Version(version(2));
    let report = rollback_to(&tenants, back()).await.unwrap();
    let error = outcome(&report, "acme").error.as_ref().unwrap();
    assert_eq!(error.sqlstate(), Some("42704"), "{error}");
    // Not even once this run has begun: the index was not there when it did.
    let report = rollback_to(&tenants, back()).await.unwrap();
    assert_eq!(outcome(&report, "acme").status, Status::Failed);
    database
        .execute("CREATE INDEX one ON acme.tasks (title)")
        .await;
    let report = rollback_to(&tenants, back()).await.unwrap();
    assert_eq!(outcome(&report, "acme").reverted, [version(3)]);
}
