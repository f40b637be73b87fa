//! Spares that are never taken: the migrations that they were built from have changed.

use tenant_core::remedy::Command;
use tenant_core::{Remedy, SpareCount, SpareReport, Status, Tenants};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, name, spare_count, tenants, two_steps};

async fn keep(tenants: &Tenants, count: usize) -> SpareReport {
    tenants.spares().keep(count).await.unwrap()
}

/// What the check says of spares, and what to do.
async fn told(tenants: &Tenants) -> Vec<(String, Vec<Remedy>)> {
    let health = tenants.health().await.unwrap();
    let problems = health.problems.iter();
    let told = problems.map(|it| (it.kind.to_string(), it.remedies(tenants.registry())));
    told.collect()
}

fn outdated(number: usize) -> SpareCount {
    spare_count(|count| count.outdated = number)
}

const OUTDATED: &str = "the spare is outdated: its migrations have changed since it was created";

#[tokio::test]
async fn after_an_edit_all_say_the_same_of_a_spare_and_it_is_replaced() {
    let database = TestDatabase::new().await;
    let first = tenants(&database, &two_steps()).await;
    keep(&first, 2).await;
    let before = database.schemas().await;
    let edited = Stream::new()
        .with("CREATE TABLE tasks (id int PRIMARY KEY, title text);")
        .with("ALTER TABLE tasks ADD COLUMN due timestamptz;");
    let edited = tenants(&database, &edited).await;
    assert_eq!(edited.spares().count().await.unwrap(), outdated(2));
    let advised = Remedy::from(Command::KeepSpares(2));
    let said = (OUTDATED.to_owned(), vec![advised]);
    assert_eq!(told(&edited).await, [said.clone(), said]);
    assert!(!edited.create(&name("acme")).await.unwrap().from_spare);
    let kept = keep(&edited, 2).await;
    let count = |status| {
        kept.outcomes
            .iter()
            .filter(|it| it.status == status)
            .count()
    };
    assert_eq!((count(Status::Created), count(Status::Dropped)), (2, 2));
    assert_eq!(kept.ready, 2);
    let after = database.schemas().await;
    assert!(before.iter().all(|name| !after.contains(name)), "{after:?}");
    assert_eq!(told(&edited).await, []);
    assert!(edited.create(&name("globex")).await.unwrap().from_spare);
}

#[tokio::test]
async fn after_a_squash_the_spares_of_the_old_migrations_are_replaced() {
    let database = TestDatabase::new().await;
    let old = tenants(&database, &two_steps()).await;
    create(&old, &["acme"]).await;
    keep(&old, 2).await;
    let baseline = Stream::new().named(
        "2026-03-01-000000_baseline",
        "CREATE TABLE tasks (id int PRIMARY KEY, title text, due date);",
    );
    let new = tenants(&database, &baseline).await;
    // Until the tenants are squashed, another program may be at work on them.
    assert_eq!(new.spares().count().await.unwrap().ahead, 2);
    let acme = tenant_core::Selection::from(&name("acme"));
    new.squash().select(acme).await.unwrap();
    assert_eq!(new.spares().count().await.unwrap(), outdated(2));
    assert!(!new.create(&name("globex")).await.unwrap().from_spare);
    let kept = keep(&new, 1).await;
    assert_eq!((kept.ready, kept.ahead), (1, 0), "{kept:?}");
    assert_eq!(new.spares().count().await.unwrap().outdated, 0);
    assert!(new.create(&name("initech")).await.unwrap().from_spare);
    assert_eq!(told(&new).await, []);
}

#[tokio::test]
async fn spares_of_a_program_with_older_versions_are_left_to_it() {
    let database = TestDatabase::new().await;
    let other = tenants(&database, &two_steps()).await;
    create(&other, &["acme"]).await;
    keep(&other, 1).await;
    let ours = Stream::new().named("2026-03-01-000000_own", "CREATE TABLE bills (id int);");
    let ours = tenants(&database, &ours).await;
    create(&ours, &["globex"]).await;
    let kept = keep(&ours, 1).await;
    assert_eq!((kept.ready, kept.ahead), (0, 1), "{kept:?}");
    let dropped = keep(&ours, 0).await;
    assert!(dropped.outcomes.is_empty(), "{dropped:?}");
    assert_eq!(dropped.left_alone.len(), 1);
    assert_eq!(other.spares().count().await.unwrap().ready, 1);
}
