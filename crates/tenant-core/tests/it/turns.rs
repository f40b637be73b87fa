//! Runs that wait for another run on the same schema.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tenant_core::{Error, Settings, Status, Stop, TenantName, Tenants};
use test_support::TestDatabase;
use tokio_postgres::Client;

use crate::capture::Ear;
use crate::fixture::{Stream, create, migrate, name, open, outcome, tenants, two_steps};

/// Another run, which holds the lock of the schema called `schema`.
async fn holder(database: &TestDatabase, schema: &str) -> Client {
    let client = database.client().await;
    let lock = format!(
        "SET application_name = 'deploy-2'; BEGIN; \
         SELECT pg_advisory_xact_lock(hashtextextended('diesel-tenants:{schema}', 0))"
    );
    client.batch_execute(&lock).await.unwrap();
    client
}

fn waiting(wait: Duration) -> Settings {
    Settings {
        // That of tables has no part in it.
        lock_timeout: Duration::from_millis(50),
        wait,
        ..Settings::default()
    }
}

/// What is told of waits, and the tenants that tell it.
fn listened(tenants: &Tenants) -> (Tenants, Arc<Mutex<Vec<String>>>) {
    let heard = Arc::<Mutex<Vec<String>>>::default();
    let told = Arc::clone(&heard);
    let tenants = tenants.on_wait(move |one| told.lock().unwrap().push(one.to_string()));
    (tenants, heard)
}

#[tokio::test]
async fn without_a_wait_a_run_ends_at_once() {
    let database = TestDatabase::new().await;
    create(&tenants(&database, &two_steps()).await, &["acme"]).await;
    let hasty = open(&database, &two_steps(), waiting(Duration::from_secs(600))).await;
    let hasty = hasty.waiting_at_most(Duration::ZERO);
    let _holder = holder(&database, "acme").await;
    let error = hasty.drop_tenant(&name("acme")).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::Busy { .. }), "{text}");
    let start = "another run is changing tenant `acme` (the lock is held by pid ";
    assert!(text.starts_with(start), "{text}");
    assert!(text.contains("application `deploy-2`"), "{text}");
}

#[tokio::test]
async fn a_wait_is_told_once_with_those_who_are_waited_for() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    let patient = open(&database, &stream, waiting(Duration::from_secs(60))).await;
    let (patient, heard) = listened(&patient);
    let other = holder(&database, "acme").await;
    let ear = Ear::open();
    let release = async {
        while heard.lock().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // The next pauses are no reason to tell it again.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        other.batch_execute("COMMIT").await.unwrap();
    };
    let acme = name("acme");
    let (dropped, ()) = tokio::join!(async { patient.drop_tenant(&acme).await }, release);
    dropped.unwrap();
    let heard = heard.lock().unwrap();
    let [told] = heard.as_slice() else {
        panic!("{heard:?}")
    };
    let start = "waiting for another run on tenant `acme` (at most 60 s); the lock is held by pid ";
    assert!(told.starts_with(start), "{told}");
    for part in ["application `deploy-2`", "role `", "query began 20"] {
        assert!(told.contains(part), "{told}");
    }
    let events = ear.said("waiting for a lock");
    assert_eq!(events.len(), 2, "{events:?}");
    assert!(!events[0].fields.contains_key("held_by"), "{events:?}");
    assert!(
        events[1].field("held_by").contains("deploy-2"),
        "{events:?}"
    );
}

#[tokio::test]
async fn several_runs_at_once_end_well_and_one_of_them_does_the_work() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["a", "b", "c"]).await;
    let stream = stream.with("SELECT pg_sleep(1.5); CREATE TABLE slow ();");
    let patient = Settings {
        lock_timeout: Duration::from_millis(50),
        ..Settings::default()
    };
    let new = open(&database, &stream, patient).await;
    let (one, two, three) = tokio::join!(migrate(&new), migrate(&new), migrate(&new));
    let reports = [one, two, three];
    for report in &reports {
        assert_eq!(report.failures().count(), 0, "{report:?}");
    }
    let migrated = reports.iter().map(|it| it.count(Status::Migrated));
    assert_eq!(migrated.sum::<usize>(), 3, "{reports:?}");
}

#[tokio::test]
async fn a_run_that_is_stopped_waits_no_more_and_has_not_begun_what_it_waited_for() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme", "beta"]).await;
    let stream = stream.with("CREATE TABLE new ();");
    let patient = open(&database, &stream, waiting(Duration::from_secs(600))).await;
    let _holder = holder(&database, "acme").await;
    let stop = Stop::default();
    let request = async {
        let migrated = "SELECT to_regclass('beta.new') IS NOT NULL";
        while database.value(migrated).await != "t" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stop.request();
        Instant::now()
    };
    let run = async { patient.migrate().stop(&stop).await.unwrap() };
    let (report, requested) = tokio::join!(run, request);
    assert!(requested.elapsed() < Duration::from_secs(60));
    assert_eq!(outcome(&report, "beta").status, Status::Migrated);
    let acme = outcome(&report, "acme");
    assert_eq!(acme.status, Status::Skipped, "{acme:?}");
    assert_eq!(acme.pending.len(), 1);
    assert_eq!(
        database.value("SELECT to_regclass('acme.new')").await,
        "NULL"
    );
}

/// What comes of `call` on the tenant `acme`, which another run drops while it is waited
/// for.
async fn while_it_is_dropped<T>(
    call: impl AsyncFnOnce(&Tenants, &TenantName) -> Result<T, Error>,
) -> Option<Error> {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    let drift = "ALTER TABLE acme.tasks DROP COLUMN due";
    database.execute(drift).await;
    let patient = open(&database, &stream, waiting(Duration::from_secs(60))).await;
    let (patient, heard) = listened(&patient);
    let other = holder(&database, "acme").await;
    let release = async {
        while heard.lock().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let drop = "DROP SCHEMA acme CASCADE; DELETE FROM schema_tracker; COMMIT";
        other.batch_execute(drop).await.unwrap();
    };
    let acme = name("acme");
    let (done, ()) = tokio::join!(call(&patient, &acme), release);
    done.err()
}

#[tokio::test]
async fn what_was_changed_meanwhile_is_read_again() {
    let other = name("other");
    let renamed = while_it_is_dropped(async |it, acme| it.rename(acme, &other).await).await;
    let cloned = while_it_is_dropped(async |it, acme| it.clone_tenant(acme, &other).await).await;
    let dropped = while_it_is_dropped(async |it, acme| it.drop_tenant(acme).await).await;
    let repaired = while_it_is_dropped(async |it, acme| it.repair(acme).await).await;
    for error in [renamed, cloned, dropped, repaired] {
        assert!(matches!(error, Some(Error::Unknown(_))), "{error:?}");
    }
    let adopted = while_it_is_dropped(async |it, acme| it.adopt(acme).await).await;
    assert!(matches!(adopted, Some(Error::NoSchema(_))), "{adopted:?}");
    // The name is free now.
    let created = while_it_is_dropped(async |it, acme| it.create(acme).await).await;
    assert!(created.is_none(), "{created:?}");
}

#[tokio::test]
async fn two_who_keep_spares_at_once_end_with_as_many_as_they_want() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    let keep = || async { tenants.spares().keep(4).await.unwrap() };
    let (one, two, three) = tokio::join!(keep(), keep(), keep());
    for report in [one, two, three] {
        let failed = report.outcomes.iter().filter(|it| it.error.is_some());
        assert_eq!(failed.count(), 0, "{report:?}");
        assert!(report.ready <= 4, "{report:?}");
    }
    let count = tenants.spares().count().await.unwrap();
    assert_eq!((count.ready, count.behind, count.other), (4, 0, 0));
    assert_eq!(
        database.value("SELECT count(*) FROM spare_schemas").await,
        "4"
    );
}

#[tokio::test]
async fn a_database_that_several_set_up_at_once_is_set_up_once() {
    let database = TestDatabase::new().await;
    let mut runs = Vec::new();
    for _ in 0..6 {
        // Each with connections of its own, as a process has.
        let tenants = open(&database, &Stream::new(), Settings::default()).await;
        runs.push(tokio::spawn(async move {
            tenants.migrate_public().await.unwrap()
        }));
    }
    let mut applied = 0;
    for run in runs {
        applied += run.await.unwrap().applied.len();
    }
    assert_eq!(applied, 5);
}
