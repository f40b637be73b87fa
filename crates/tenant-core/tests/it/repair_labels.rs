//! Labels of enums that were renamed by hand and have another label under their old name:
//! defaults and views stay with the renamed one, and see the same rows.

use tenant_core::{Change, Tenants};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, name, tenants};

fn stream() -> Stream {
    Stream::new()
        .with(
            "CREATE TYPE st AS ENUM ('open', 'done', 'late'); CREATE TYPE bare AS ENUM ('one', 'two'); \
             CREATE TABLE jobs (id int PRIMARY KEY, st st NOT NULL DEFAULT 'open', bare bare)",
        )
        .with(
            "CREATE VIEW waiting AS SELECT id FROM jobs WHERE st = 'open'; \
             CREATE VIEW overdue AS SELECT id FROM jobs WHERE st = 'late'; \
             CREATE INDEX of_open ON jobs (id) WHERE st = 'open'",
        )
}

const FILL: &str =
    "INSERT INTO jobs (id) VALUES (1), (2); INSERT INTO jobs (id, st) VALUES (3, 'late')";

const SEEN: &str = "SELECT (SELECT string_agg(id::text, ' ' ORDER BY id) FROM acme.waiting) || ', ' \
     || (SELECT string_agg(id::text, ' ' ORDER BY id) FROM acme.overdue)";

/// A tenant after `damage`, each in a committed statement of its own: a new label can only be
/// used then.
async fn damaged(tenants: &Tenants, database: &TestDatabase, damage: &str) {
    create(tenants, &["acme"]).await;
    database
        .execute(&format!(
            "SET search_path TO acme; {FILL}; RESET search_path"
        ))
        .await;
    for statement in damage.split("; ") {
        database.execute(statement).await;
    }
}

#[tokio::test]
async fn what_refers_to_a_renamed_label_stays_with_it() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream()).await;
    for (damage, words) in [
        (
            "ALTER TYPE acme.st RENAME VALUE 'open' TO 'opened'; ALTER TYPE acme.st ADD VALUE 'open'",
            &["label 'open' of type `st` was renamed to 'opened', and another label has its name"]
                [..],
        ),
        // Where it stands, a label could also have been added.
        (
            "ALTER TYPE acme.st RENAME VALUE 'open' TO 'opened'; \
             ALTER TYPE acme.st ADD VALUE 'open' AFTER 'opened'",
            &["label 'open' of type `st` was renamed to 'opened', and another label has its name"],
        ),
        (
            "ALTER TYPE acme.st RENAME VALUE 'open' TO 'opened'; \
             ALTER TYPE acme.st ADD VALUE 'open' BEFORE 'late'",
            &["label 'open' of type `st` was renamed to 'opened', and another label has its name"],
        ),
        (
            "ALTER TYPE acme.st RENAME VALUE 'late' TO 'overdue'; ALTER TYPE acme.st ADD VALUE 'late'",
            &["label 'late' of type `st` was renamed to 'overdue', and another label has its name"],
        ),
        (
            "ALTER TYPE acme.st RENAME VALUE 'late' TO 'x'; ALTER TYPE acme.st RENAME VALUE 'open' TO 'late'; \
             ALTER TYPE acme.st RENAME VALUE 'x' TO 'open'",
            &[
                "label 'open' of type `st` was renamed to 'late', and another label has its name",
                "label 'late' of type `st` was renamed to 'open', and another label has its name",
            ],
        ),
        // Nothing refers to these.
        (
            "ALTER TYPE acme.bare RENAME VALUE 'one' TO 'first'; ALTER TYPE acme.bare ADD VALUE 'one'",
            &["label 'one' of type `bare` was renamed to 'first', and another label has its name"],
        ),
    ] {
        damaged(&tenants, &database, damage).await;
        let before = database.value(SEEN).await;
        let health = tenants.health().only([name("acme")]).await.unwrap();
        let said = health.problems.iter().map(|it| it.kind.to_string());
        assert_eq!(said.collect::<Vec<_>>(), words, "{damage}");
        for problem in &health.problems {
            assert_eq!(problem.kind.code(), "shadowed_object", "{damage}");
        }
        let repair = tenants.repair(&name("acme")).await.unwrap();
        assert!(repair.statements.is_empty(), "{damage}: {repair:#?}");
        assert_eq!(database.value(SEEN).await, before, "{damage}");
        tenants.drop_tenant(&name("acme")).await.unwrap();
    }
}

#[tokio::test]
async fn a_label_that_was_only_added_is_no_renamed_one() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream()).await;
    for damage in [
        "ALTER TYPE acme.st ADD VALUE 'new' BEFORE 'open'",
        "ALTER TYPE acme.st ADD VALUE 'new' BEFORE 'late'",
        "ALTER TYPE acme.st ADD VALUE 'new'",
        "ALTER TYPE acme.bare ADD VALUE 'new' BEFORE 'two'",
    ] {
        damaged(&tenants, &database, damage).await;
        let health = tenants.health().only([name("acme")]).await.unwrap();
        let [problem] = health.problems.as_slice() else {
            panic!("{damage}: {:#?}", health.problems)
        };
        assert_eq!(problem.kind.code(), "changed_definition", "{damage}");
        let repair = tenants.repair(&name("acme")).await.unwrap();
        assert!(
            matches!(repair.left[0].difference.change, Change::Changed(_)),
            "{damage}: {repair:#?}"
        );
        tenants.drop_tenant(&name("acme")).await.unwrap();
    }
}
