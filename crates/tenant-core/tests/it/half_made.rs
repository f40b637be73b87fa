//! Tenants whose creation was interrupted between two of its transactions.

use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use tenant_core::remedy::{Command, Remedy};
use tenant_core::{Error, ErrorKind, NewTenant, Settings, Status, Tenants};
use test_support::{TestDatabase, eventually};

use crate::create_with::{all_there_is, boards, sign_up_tables};
use crate::fixture::{Stream, migrate, name, open_at, tenants, version};

fn with_an_index() -> Stream {
    boards()
        .outside("CREATE INDEX CONCURRENTLY by_title ON boards (title);")
        .with("ALTER TABLE boards ADD COLUMN color text;")
}

async fn no_lock_is_held(database: &TestDatabase) {
    let locks = "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database \
                 WHERE locktype = 'advisory' AND datname = current_database()";
    eventually("no lock is held", async || {
        database.value(locks).await == "0"
    })
    .await;
}

/// A tenant of which nobody builds the index any more.
async fn half_made() -> (TestDatabase, Tenants) {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &with_an_index()).await;
    // The index waits for this transaction.
    let other = database.client().await;
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class";
    other.batch_execute(begin).await.unwrap();
    let acme = name("acme");
    let create = tokio::time::timeout(Duration::from_secs(2), tenants.create(&acme));
    assert!(create.await.is_err(), "it was to be cut off");
    other.batch_execute("ROLLBACK").await.unwrap();
    no_lock_is_held(&database).await;
    (database, tenants)
}

#[tokio::test]
async fn a_half_made_tenant_is_named_as_such_and_completed_by_a_run() {
    let (database, tenants) = half_made().await;
    assert_eq!(database.tracked().await, ["acme"]);
    let acme = name("acme");

    let error = tenants.create(&acme).await.unwrap_err();
    assert!(
        matches!(&error, Error::Incomplete(_, lacking) if lacking.contains(&version(4))),
        "{error}"
    );
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let complete = Remedy::from(Command::MigrateTenant(acme.clone()));
    assert_eq!(error.remedies().first(), Some(&complete));
    let error = tenants
        .create_with(&acme, async |_| Ok::<_, Error>(()))
        .await
        .unwrap_err();
    assert!(matches!(&error, Error::Incomplete(..)), "{error}");

    let health = tenants.health().await.unwrap();
    let remedies = health
        .problems
        .iter()
        .flat_map(|problem| problem.remedies(tenants.registry()));
    assert!(
        remedies.into_iter().any(|one| one == complete),
        "{health:?}"
    );

    let report = migrate(&tenants).await;
    assert_eq!(report.count(Status::Migrated), 1, "{report:?}");
    assert!(tenants.health().await.unwrap().problems.is_empty());
    let error = tenants.create(&acme).await.unwrap_err();
    assert!(matches!(&error, Error::Taken(_)), "{error}");
}

#[test]
fn a_sign_up_whose_process_ends_in_the_work_can_be_dropped_and_made_anew() {
    let runtime = || tokio::runtime::Runtime::new().unwrap();
    let this = runtime();
    let (database, url) = this.block_on(async {
        let database = TestDatabase::new().await;
        sign_up_tables(&database).await;
        drop(tenants(&database, &with_an_index()).await);
        let url = database.url();
        (database, url)
    });
    // It ends with everything that runs in it, and nothing is undone.
    let killed = runtime();
    let (working, is_working) = std::sync::mpsc::channel();
    drop(killed.spawn(async move {
        let tenants = open_at(&url, &with_an_index(), Settings::default()).await;
        let acme = name("acme");
        let work = async |new: &mut NewTenant| {
            let public = new.public().await?;
            public
                .batch_execute("INSERT INTO organizations (slug) VALUES ('acme')")
                .await?;
            working.send(()).unwrap();
            std::future::pending::<Result<(), Error>>().await
        };
        drop(tenants.create_with(&acme, work).await);
    }));
    is_working.recv_timeout(Duration::from_secs(30)).unwrap();
    killed.shutdown_background();

    this.block_on(async {
        no_lock_is_held(&database).await;
        let tenants = open_at(&database.url(), &with_an_index(), Settings::default()).await;
        assert_eq!(
            all_there_is(&database).await,
            [vec![], vec!["acme".to_owned()], vec!["acme".to_owned()]]
        );
        let acme = name("acme");
        let sign_up = || {
            tenants.create_with(&acme, async |new| {
                let public = new.public().await?;
                let insert = "INSERT INTO organizations (slug) VALUES ('acme')";
                Ok::<_, Error>(public.batch_execute(insert).await?)
            })
        };
        assert!(matches!(sign_up().await, Err(Error::Taken(_))));
        tenants.drop_tenant(&acme).await.unwrap();
        sign_up().await.unwrap();
        assert_eq!(all_there_is(&database).await, [["acme"]; 3]);
    });
}
