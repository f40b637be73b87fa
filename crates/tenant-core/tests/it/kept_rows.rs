//! What no migration creates is not advised to be dropped while something is in it.

use tenant_core::remedy::Advice;
use tenant_core::{Mending, Problem, ProblemKind, Remedy, Tenants};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, tenants};
use crate::of_role::{as_role, may_create};

fn stream() -> Stream {
    Stream::new().with(
        "CREATE TABLE items (id int PRIMARY KEY, title text); \
         CREATE TABLE events (id int, at date) PARTITION BY RANGE (at); \
         CREATE TABLE events_rest PARTITION OF events DEFAULT",
    )
}

/// The only problem that the check finds.
async fn problem(tenants: &Tenants) -> Problem {
    let mut health = tenants.health().await.unwrap();
    assert_eq!(health.problems.len(), 1, "{:#?}", health.problems);
    health.problems.remove(0)
}

fn mending(problem: &Problem) -> Mending {
    match &problem.kind {
        ProblemKind::Drift(difference) => difference.mending(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_table_a_column_and_a_sequence_are_dropped_only_when_they_are_empty() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute("INSERT INTO acme.items VALUES (1, 'one'), (2, 'two')")
        .await;
    for (damage, empty, said, undo) in [
        (
            "CREATE TABLE acme.notes (id int); INSERT INTO acme.notes VALUES (1)",
            "TRUNCATE acme.notes",
            "unexpected table `notes` (it has rows)",
            r#"DROP TABLE "acme"."notes""#,
        ),
        (
            "CREATE TABLE acme.vip () INHERITS (acme.items); INSERT INTO acme.vip VALUES (3, 'x')",
            "TRUNCATE acme.vip",
            "unexpected table `vip` (it has rows)",
            r#"DROP TABLE "acme"."vip""#,
        ),
        (
            "ALTER TABLE acme.items ADD size int; UPDATE acme.items SET size = 1 WHERE id = 2",
            "UPDATE acme.items SET size = NULL",
            "unexpected column `items.size` (it has values)",
            r#"ALTER TABLE "acme"."items" DROP COLUMN "size""#,
        ),
        (
            "CREATE TYPE public.pair AS (a int, b int); ALTER TABLE acme.items ADD half public.pair; \
             UPDATE acme.items SET half = (1, NULL) WHERE id = 1",
            "UPDATE acme.items SET half = NULL",
            "unexpected column `items.half` (it has values)",
            r#"ALTER TABLE "acme"."items" DROP COLUMN "half""#,
        ),
        (
            "CREATE SEQUENCE acme.numbers; SELECT nextval('acme.numbers')",
            "ALTER SEQUENCE acme.numbers RESTART",
            "unexpected sequence `numbers` (it has issued numbers)",
            r#"DROP SEQUENCE "acme"."numbers""#,
        ),
    ] {
        database.execute(damage).await;
        let held = problem(&tenants).await;
        assert_eq!(held.kind.to_string(), said);
        assert_eq!(mending(&held), Mending::Keeps);
        assert_eq!(held.sql(tenants.registry()), Vec::<String>::new());
        let remedies = held.remedies(tenants.registry());
        let keeps = [Advice::KeepRows, Advice::AddMigration].map(Remedy::from);
        assert_eq!(remedies, keeps, "{said}");
        database.execute(empty).await;
        let free = problem(&tenants).await;
        assert_eq!(free.sql(tenants.registry()), [undo]);
        assert_eq!(mending(&free), Mending::Removes);
        database.execute(undo).await;
        assert_eq!(tenants.health().await.unwrap().problems.len(), 0, "{said}");
    }
}

#[tokio::test]
async fn rows_that_the_role_may_not_read_are_not_taken_for_none() {
    let database = TestDatabase::new().await;
    let role = database.role("secret").await;
    tenants(&database, &stream()).await;
    may_create(&database, &role).await;
    let tenants = as_role(&role, &stream()).await;
    create(&tenants, &["acme"]).await;
    let role = role.name();
    database
        .execute(&format!(
            "CREATE TABLE acme.notes (id int); ALTER TABLE acme.notes OWNER TO {role}; \
             INSERT INTO acme.notes VALUES (1); ALTER TABLE acme.notes ENABLE ROW LEVEL SECURITY; \
             ALTER TABLE acme.notes FORCE ROW LEVEL SECURITY"
        ))
        .await;
    let held = problem(&tenants).await;
    assert_eq!(
        held.kind.to_string(),
        "unexpected table `notes` (could not check whether it is empty)"
    );
    assert_eq!(held.sql(tenants.registry()), Vec::<String>::new());
}
