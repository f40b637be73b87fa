//! A check of many tenants while others come, change and go.

use std::sync::atomic::{AtomicBool, Ordering};

use tenant_core::Tenants;
use test_support::TestDatabase;

use crate::fixture::{create, name, open, tenants, two_steps};

/// Makes tenants of the older version, migrates them, renames them to a name that
/// somebody had a moment ago, and drops them, until `is_over`.
async fn churn(old: &Tenants, new: &Tenants, worker: usize, is_over: &AtomicBool) {
    let (first, second) = (
        name(&format!("b{worker}_first")),
        name(&format!("z{worker}_second")),
    );
    while !is_over.load(Ordering::Relaxed) {
        old.create(&first).await.unwrap();
        new.migrate().only([first.clone()]).await.unwrap();
        new.rename(&first, &second).await.unwrap();
        old.create(&first).await.unwrap();
        new.drop_tenant(&first).await.unwrap();
        new.drop_tenant(&second).await.unwrap();
    }
}

#[tokio::test]
async fn nothing_is_wrong_with_sound_tenants_while_others_change() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    let old = tenants(&database, &stream).await;
    let stream =
        stream.with("CREATE TABLE more (id int); CREATE VIEW shown AS SELECT title FROM tasks");
    let new = open(&database, &stream, Default::default()).await;
    let sound = (0..60)
        .map(|number| format!("t{number}"))
        .collect::<Vec<_>>();
    create(&new, &sound.iter().map(String::as_str).collect::<Vec<_>>()).await;
    new.spares().keep(2).await.unwrap();
    let is_over = AtomicBool::new(false);
    let check = async {
        for _ in 0..12 {
            for health in [new.health().await, new.health().quick().await] {
                let health = health.unwrap();
                let problems = health.problems.iter();
                // A tenant that is still to be migrated is no false alarm.
                let wrong = problems.filter(|it| it.kind.code() != "pending_migrations");
                assert_eq!(
                    wrong.map(|it| format!("{it:?}")).collect::<Vec<_>>(),
                    [""; 0]
                );
                assert!(health.as_expected.is_none_or(|count| count >= sound.len()));
            }
        }
        is_over.store(true, Ordering::Relaxed);
    };
    tokio::join!(
        check,
        churn(&old, &new, 1, &is_over),
        churn(&old, &new, 2, &is_over),
        churn(&old, &new, 3, &is_over),
    );
    assert_eq!(new.health().await.unwrap().as_expected, Some(sound.len()));
}
