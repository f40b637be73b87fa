//! Advice that is followed leads to a tenant as it should be: no command sends people to
//! another one that sends them back, and nothing that is printed leaves less than there was.

use tenant_core::remedy::Advice;
use tenant_core::{Error, Mending, ProblemKind, Remedy, Tenants};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, name, tenants, version};

fn stream() -> Stream {
    Stream::new().with(
        "CREATE TYPE level AS ENUM ('low', 'high'); \
         CREATE TABLE items (id int PRIMARY KEY, level level, other int UNIQUE, k text CONSTRAINT full_k CHECK (k <> ''), \
             d text, g text GENERATED ALWAYS AS (upper(d)) STORED, at date); \
         CREATE INDEX of_g ON items (g); CREATE UNIQUE INDEX one_k ON items (k); \
         CREATE VIEW v AS SELECT id, d FROM items; CREATE VIEW w AS SELECT d FROM v; \
         CREATE VIEW x AS SELECT i.d, j.d AS e FROM items i JOIN v j ON j.id = i.id; \
         CREATE MATERIALIZED VIEW m AS SELECT d FROM w; CREATE INDEX of_m ON m (d); \
         ALTER TABLE items ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON items USING (id > 0); \
         CREATE SEQUENCE numbers",
    )
}

const FILL: &str =
    "INSERT INTO acme.items (id, other, k, d) VALUES (1, 10, 'k', 'd'), (2, 20, 'l', 'e')";

/// Runs the statements of all that is found as a user does who pastes them, one after the
/// other, whatever they say.
async fn paste(database: &TestDatabase, tenants: &Tenants) {
    let health = tenants.health().await.unwrap();
    let client = database.client().await;
    for problem in &health.problems {
        for statement in problem.sql(tenants.registry()) {
            let _ = client.batch_execute(&statement).await;
        }
        let _ = client.batch_execute("ROLLBACK").await;
    }
}

async fn said(tenants: &Tenants) -> Vec<String> {
    let health = tenants.health().await.unwrap();
    let words = health.problems.iter().map(|it| it.kind.to_string());
    words.collect()
}

/// Damages after which repairing and pasting what is printed, in turns, ends well.
const DAMAGES: &[&str] = &[
    "DROP MATERIALIZED VIEW m; DROP VIEW x; DROP VIEW v CASCADE; ALTER TABLE items DROP g, ALTER d TYPE varchar(20); \
     ALTER TABLE items ADD g text GENERATED ALWAYS AS (upper(d)) STORED; CREATE INDEX of_g ON items (g); \
     CREATE VIEW v AS SELECT id, d FROM items; CREATE VIEW w AS SELECT d FROM v; \
     CREATE VIEW x AS SELECT i.d, j.d AS e FROM items i JOIN v j ON j.id = i.id; \
     CREATE MATERIALIZED VIEW m AS SELECT d FROM w; CREATE INDEX of_m ON m (d)",
    "DROP VIEW x; ALTER TABLE items ALTER at TYPE timestamp; \
     CREATE VIEW x AS SELECT i.d, j.d AS e FROM items i JOIN v j ON j.id = i.id",
    "UPDATE items SET level = 'high'; ALTER TYPE level RENAME TO level_x; \
     ALTER TYPE level_x SET SCHEMA public",
    "ALTER TABLE items DROP CONSTRAINT items_pkey, ADD CONSTRAINT items_pkey PRIMARY KEY (other)",
    "ALTER TABLE items DROP CONSTRAINT full_k, ADD CONSTRAINT full_k CHECK (k <> 'x')",
    "DROP INDEX one_k; CREATE UNIQUE INDEX one_k ON items (k, d)",
    "ALTER POLICY own ON items USING (false)",
    "DROP MATERIALIZED VIEW m; DROP VIEW w; CREATE TABLE w (id int)",
    "DROP SEQUENCE numbers; CREATE TABLE numbers (id int)",
    "DROP INDEX one_k; ALTER TABLE items ADD CONSTRAINT one_k UNIQUE (k)",
];

#[tokio::test]
async fn repairing_and_running_what_is_printed_ends_with_a_tenant_as_it_should_be() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream()).await;
    let mut wrong = Vec::new();
    for damage in DAMAGES {
        create(&tenants, &["acme"]).await;
        database
            .execute(&format!(
                "{FILL}; SET search_path TO acme; {damage}; RESET search_path"
            ))
            .await;
        for _ in 0..4 {
            tenants.repair(&name("acme")).await.unwrap();
            paste(&database, &tenants).await;
            // What has another's name is renamed, as is advised.
            for object in ["w", "numbers"] {
                let rename = format!("ALTER TABLE acme.{object} RENAME TO kept");
                let is_table = format!(
                    "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND oid = to_regclass('acme.{object}')"
                );
                if database.value(&is_table).await == "1" {
                    database.execute(&rename).await;
                }
            }
            let constraint = "ALTER TABLE acme.items RENAME CONSTRAINT one_k TO kept";
            let _ = database.client().await.batch_execute(constraint).await;
        }
        let left = said(&tenants).await;
        if !left.is_empty() {
            wrong.push(format!("{damage}: {left:#?}"));
        }
        let rows = "SELECT count(*) FROM acme.items WHERE g = upper(d)";
        if database.value(rows).await != "2" {
            wrong.push(format!("{damage}: rows are lost"));
        }
        tenants.drop_tenant(&name("acme")).await.unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_guard_stays_when_what_takes_its_place_cannot_be_made() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream()).await;
    for (damage, guard) in [
        (
            "ALTER TABLE items DROP CONSTRAINT full_k, ADD CONSTRAINT full_k CHECK (k <> 'x'); \
             INSERT INTO items (id, k) VALUES (3, '')",
            "SELECT count(*) FROM pg_constraint WHERE conname = 'full_k'",
        ),
        (
            "DROP INDEX one_k; CREATE UNIQUE INDEX one_k ON items (k, id); \
             INSERT INTO items (id, k) VALUES (3, 'k')",
            "SELECT count(*) FROM pg_class WHERE relname = 'one_k'",
        ),
    ] {
        create(&tenants, &["acme"]).await;
        database
            .execute(&format!(
                "{FILL}; SET search_path TO acme; {damage}; RESET search_path"
            ))
            .await;
        let repair = tenants.repair(&name("acme")).await.unwrap();
        assert_eq!(repair.left.len(), 1, "{damage}: {repair:#?}");
        paste(&database, &tenants).await;
        assert_eq!(database.value(guard).await, "1", "{damage}");
        tenants.drop_tenant(&name("acme")).await.unwrap();
    }
}

#[tokio::test]
async fn what_has_the_name_of_something_missing_is_named_with_what_to_do() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute("DROP MATERIALIZED VIEW acme.m; DROP VIEW acme.w; CREATE TABLE acme.w (id int)")
        .await;
    let found = said(&tenants).await;
    assert!(
        found.contains(&"view `w` is missing (table `w` has its name)".to_owned()),
        "{found:#?}"
    );
    let extra = "unexpected table `w` (view `w` needs its name)";
    assert!(found.contains(&extra.to_owned()), "{found:#?}");
    let repair = tenants.repair(&name("acme")).await.unwrap();
    for left in &repair.left {
        let registry = tenants.registry();
        let remedies = left.remedies(&name("acme"), registry);
        if left.difference.object.name == "w" {
            assert_eq!(left.difference.mending(), Mending::ByHand, "{left:?}");
            let advice = [Remedy::Advice(Advice::RenameOther)];
            assert_eq!(remedies, advice, "{}", left.difference);
        }
        assert!(matches!(
            left.problem(&name("acme")).kind,
            ProblemKind::Drift(_)
        ));
    }
}

#[tokio::test]
async fn a_version_is_only_refused_where_adoption_works_without() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream()).await;
    database
        .execute(&format!(
            "CREATE SCHEMA acme; CREATE TABLE acme.orders (id int); \
             CREATE TABLE acme.__diesel_schema_migrations (version varchar(50) PRIMARY KEY, \
                 run_on timestamp NOT NULL DEFAULT now()); \
             INSERT INTO acme.__diesel_schema_migrations VALUES ('{}')",
            version(1)
        ))
        .await;
    let acme = name("acme");
    let without = tenants.adopt(&acme).await.unwrap_err();
    let with = tenants.adopt(&acme).at(version(1)).await.unwrap_err();
    assert!(matches!(without, Error::OtherProgram { .. }), "{without:?}");
    assert!(matches!(with, Error::OtherProgram { .. }), "{with:?}");
}
