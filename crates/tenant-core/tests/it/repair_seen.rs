//! What used to be seen by nobody: keys that are switched off, what hangs on partitions,
//! views that were never filled, options, types of rows, storage parameters.

use tenant_core::Tenants;
use test_support::TestDatabase;

use crate::fixture::{Stream, create, name, tenants};

/// What the check says of a tenant.
async fn said(tenants: &Tenants, who: &str) -> Vec<String> {
    let health = tenants.health().only([name(who)]).await.unwrap();
    let words = health.problems.iter().map(|it| it.kind.to_string());
    words.collect()
}

async fn fails(database: &TestDatabase, sql: &str) -> bool {
    database.client().await.batch_execute(sql).await.is_err()
}

fn keys() -> Stream {
    Stream::new().with(
        "CREATE TABLE lists (id int PRIMARY KEY); \
         CREATE TABLE tasks (id int PRIMARY KEY, list int REFERENCES lists, \
             place int UNIQUE DEFERRABLE INITIALLY DEFERRED); \
         COMMENT ON CONSTRAINT tasks_list_fkey ON tasks IS 'its list'; \
         CREATE TABLE log (at date, list int REFERENCES lists) PARTITION BY RANGE (at); \
         CREATE TABLE log_26 PARTITION OF log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    )
}

#[tokio::test]
async fn keys_that_are_switched_off_are_found_and_switched_on() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &keys()).await;
    for (damage, keys) in [
        (
            "ALTER TABLE acme.tasks DISABLE TRIGGER ALL",
            "tasks_list_fkey tasks_place_key",
        ),
        (
            "ALTER TABLE acme.lists DISABLE TRIGGER ALL",
            "tasks_list_fkey log_list_fkey",
        ),
        ("ALTER TABLE acme.log DISABLE TRIGGER ALL", "log_list_fkey"),
        (
            "ALTER TABLE acme.log_26 DISABLE TRIGGER ALL",
            "log_list_fkey",
        ),
    ] {
        create(&tenants, &["acme"]).await;
        database.execute(damage).await;
        let found = said(&tenants, "acme").await;
        assert_eq!(found.len(), keys.split(' ').count(), "{damage}: {found:#?}");
        for key in keys.split(' ') {
            let words = format!("constraint `{key}`");
            let of_key = found.iter().find(|it| it.starts_with(&words));
            let is_off =
                of_key.is_some_and(|it| it.ends_with("is set to `DISABLE`; expected `ENABLE`"));
            assert!(is_off, "{damage}: {found:#?}");
        }
        tenants.repair(&name("acme")).await.unwrap();
        assert_eq!(said(&tenants, "acme").await, [""; 0], "{damage}");
        for orphan in [
            "INSERT INTO acme.tasks VALUES (1, 7)",
            "INSERT INTO acme.log VALUES ('2026-05-05', 7)",
            "INSERT INTO acme.lists VALUES (1); INSERT INTO acme.tasks VALUES (1, 1); DELETE FROM acme.lists",
            "INSERT INTO acme.tasks VALUES (1, NULL, 1), (2, NULL, 1)",
        ] {
            assert!(fails(&database, orphan).await, "{damage}: {orphan}");
        }
        tenants.drop_tenant(&name("acme")).await.unwrap();
    }
}

#[tokio::test]
async fn a_key_that_rows_violate_is_switched_on_and_said_to_be_violated() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &keys()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "ALTER TABLE acme.tasks DISABLE TRIGGER ALL; INSERT INTO acme.tasks VALUES (1, 7); \
             ALTER TABLE acme.tasks ENABLE TRIGGER USER",
        )
        .await;
    let repair = tenants.repair(&name("acme")).await.unwrap();
    let [left] = repair.left.as_slice() else {
        panic!("{repair:#?}")
    };
    assert_eq!(
        left.difference.to_string(),
        "constraint `tasks_list_fkey` of `tasks` is not validated; expected validated"
    );
    let why = left.why.as_ref().unwrap();
    assert_eq!(why.sqlstate(), Some("23503"), "{why}");
    assert!(fails(&database, "INSERT INTO acme.tasks VALUES (2, 8)").await);
    let kept = "SELECT count(*) || obj_description((SELECT oid FROM pg_constraint WHERE conname = 'tasks_list_fkey' \
                AND conrelid = 'acme.tasks'::regclass)) FROM acme.tasks";
    assert_eq!(database.value(kept).await, "1its list");
    database.execute("INSERT INTO acme.lists VALUES (7)").await;
    tenants.repair(&name("acme")).await.unwrap();
    assert_eq!(said(&tenants, "acme").await, [""; 0]);
}

#[tokio::test]
async fn a_clone_has_the_keys_on_that_its_original_has_off() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &keys()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute("ALTER TABLE acme.tasks DISABLE TRIGGER ALL")
        .await;
    let (acme, copy) = (name("acme"), name("copy"));
    tenants.clone_tenant(&acme, &copy).await.unwrap();
    assert_eq!(said(&tenants, "copy").await, [""; 0]);
    let comparison = tenants.compare(&copy, &acme).await.unwrap();
    assert_eq!(comparison.differences.len(), 2, "{comparison:#?}");
}

#[tokio::test]
async fn what_hangs_on_a_partition_of_the_migrations_is_a_difference_and_on_others_is_not() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &keys()).await;
    create(&tenants, &["acme"]).await;
    let by_hand = |table: &str| {
        format!(
            "CREATE INDEX {table}_by_hand ON {table} (list); ALTER TABLE {table} ALTER list SET DEFAULT 5; \
             ALTER TABLE {table} ADD CONSTRAINT {table}_check CHECK (list > 0); \
             CREATE TRIGGER {table}_by_hand BEFORE UPDATE ON {table} FOR EACH ROW \
             EXECUTE FUNCTION suppress_redundant_updates_trigger();"
        )
    };
    database
        .execute(&format!(
            "SET search_path TO acme; CREATE TABLE log_27 PARTITION OF log FOR VALUES FROM ('2027-01-01') TO \
             ('2028-01-01'); {} {} RESET search_path",
            by_hand("log_27"),
            by_hand("log_26")
        ))
        .await;
    let mut found = said(&tenants, "acme").await;
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "column `log_26.list` has default `5`; expected none",
            "unexpected constraint `log_26_check` of `log_26`",
            "unexpected index `log_26_by_hand`",
            "unexpected trigger `log_26_by_hand` of `log_26`",
        ]
    );
}

#[tokio::test]
async fn partitions_that_an_application_drops_are_no_difference_unless_their_table_goes() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &keys()).await;
    create(&tenants, &["acme", "beta"]).await;
    database
        .execute("DROP TABLE acme.log_26; DROP TABLE beta.log")
        .await;
    assert_eq!(said(&tenants, "acme").await, [""; 0]);
    let repair = tenants.repair(&name("acme")).await.unwrap();
    assert_eq!(repair.statements, [""; 0]);
    tenants.repair(&name("beta")).await.unwrap();
    assert_eq!(said(&tenants, "beta").await, [""; 0]);
    database
        .execute("INSERT INTO beta.log VALUES ('2026-05-05', NULL)")
        .await;
}

#[tokio::test]
async fn a_materialized_view_that_was_never_filled_is_filled() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE t (id int); CREATE MATERIALIZED VIEW sums AS SELECT sum(id) FROM t; \
         CREATE MATERIALIZED VIEW over_sums AS SELECT * FROM sums; \
         CREATE MATERIALIZED VIEW later AS SELECT * FROM t WITH NO DATA",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme", "beta"]).await;
    assert_eq!(said(&tenants, "acme").await, [""; 0]);
    database
        .execute(
            "INSERT INTO acme.t VALUES (7); REFRESH MATERIALIZED VIEW acme.sums WITH NO DATA; \
             REFRESH MATERIALIZED VIEW acme.over_sums WITH NO DATA; REFRESH MATERIALIZED VIEW acme.later; \
             DROP MATERIALIZED VIEW beta.later",
        )
        .await;
    let found = said(&tenants, "acme").await;
    assert_eq!(found.len(), 2, "{found:?}");
    let words = "materialized view `sums` is not filled; expected filled";
    assert!(found.iter().any(|it| it == words), "{found:?}");
    tenants.repair(&name("acme")).await.unwrap();
    tenants.repair(&name("beta")).await.unwrap();
    assert_eq!(said(&tenants, "acme").await, [""; 0]);
    assert_eq!(said(&tenants, "beta").await, [""; 0]);
    assert_eq!(
        database.value("SELECT sum::text FROM acme.over_sums").await,
        "7"
    );
    assert!(fails(&database, "SELECT * FROM beta.later").await);
}

#[tokio::test]
async fn the_right_to_hand_a_right_on_is_given_again() {
    let database = TestDatabase::new().await;
    let role = database.role("secret").await;
    let role = role.name();
    let stream = Stream::new().with(&format!(
        "CREATE TABLE t (id int); CREATE VIEW v AS SELECT id FROM t; \
         GRANT SELECT, INSERT ON t TO {role} WITH GRANT OPTION; GRANT SELECT (id) ON v TO {role} WITH GRANT OPTION"
    ));
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(&format!(
            "REVOKE GRANT OPTION FOR INSERT ON acme.t FROM {role}; REVOKE SELECT (id) ON acme.v FROM {role}"
        ))
        .await;
    let found = said(&tenants, "acme").await;
    let words = [
        format!("missing grants on table `t`: `{role}` lacks INSERT WITH GRANT OPTION"),
        format!("missing grants on column `v.id`: `{role}` lacks SELECT WITH GRANT OPTION"),
    ];
    assert_eq!(found, words);
    let repair = tenants.repair(&name("acme")).await.unwrap();
    assert_eq!(
        repair.statements,
        [
            format!("GRANT INSERT ON \"acme\".\"t\" TO {role} WITH GRANT OPTION"),
            format!("GRANT SELECT (\"id\") ON \"acme\".\"v\" TO {role} WITH GRANT OPTION"),
        ]
    );
    assert_eq!(said(&tenants, "acme").await, [""; 0]);
}

#[tokio::test]
async fn options_of_foreign_tables_and_columns_are_set_right() {
    let database = TestDatabase::new().await;
    database
        .execute(
            "CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw",
        )
        .await;
    let stream = Stream::new().with(
        "CREATE FOREIGN TABLE plans (id int OPTIONS (column_name 'the, id'), name text) SERVER far \
         OPTIONS (schema_name 'it''s', table_name 'plans')",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme", "beta"]).await;
    database
        .execute(
            "ALTER FOREIGN TABLE acme.plans OPTIONS (SET table_name 'other', DROP schema_name, ADD updatable 'false'); \
             ALTER FOREIGN TABLE acme.plans ALTER id OPTIONS (DROP column_name), \
             ALTER name OPTIONS (ADD column_name 'x')",
        )
        .await;
    let found = said(&tenants, "acme").await;
    assert_eq!(found.len(), 3, "{found:#?}");
    let words = "column `plans.id` has no options; expected `column_name 'the, id'`";
    assert!(found.iter().any(|it| it == words), "{found:#?}");
    tenants.repair(&name("acme")).await.unwrap();
    assert_eq!(said(&tenants, "acme").await, [""; 0]);
}

#[tokio::test]
async fn the_type_of_a_table_s_rows_is_given_back_and_taken_away() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TYPE row_of AS (id int, name text); CREATE TABLE one OF row_of (PRIMARY KEY (id)); \
         CREATE TABLE other (id int, name text)",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme", "beta"]).await;
    database
        .execute(
            "ALTER TABLE acme.one NOT OF; ALTER TABLE acme.other OF acme.row_of; DROP TABLE beta.one",
        )
        .await;
    let found = said(&tenants, "acme").await;
    assert_eq!(
        found,
        [
            "table `one` has no row type; expected `row_of`",
            "table `other` has row type `row_of`; expected none",
        ]
    );
    for who in ["acme", "beta"] {
        tenants.repair(&name(who)).await.unwrap();
        assert_eq!(said(&tenants, who).await, [""; 0]);
    }
}

#[tokio::test]
async fn defaults_and_comments_of_a_view_s_columns_are_set_right() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE t (id serial PRIMARY KEY, name text, kind text); CREATE VIEW v AS SELECT id, name, kind FROM t; \
         ALTER VIEW v ALTER name SET DEFAULT 'a name', ALTER kind SET DEFAULT 'a kind'; \
         COMMENT ON COLUMN v.id IS 'counted'; CREATE MATERIALIZED VIEW m AS SELECT 1 AS one; COMMENT ON COLUMN m.one IS '1'",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme", "beta"]).await;
    database
        .execute(
            "ALTER VIEW acme.v ALTER name DROP DEFAULT, ALTER kind SET DEFAULT 'x', ALTER id SET DEFAULT 7; \
             COMMENT ON COLUMN acme.v.id IS NULL; COMMENT ON COLUMN acme.m.one IS 'x'; \
             DROP VIEW beta.v; DROP MATERIALIZED VIEW beta.m",
        )
        .await;
    let found = said(&tenants, "acme").await;
    assert_eq!(found.len(), 4, "{found:#?}");
    let words = "column `v.name` has no default; expected `'a name'::text`";
    assert!(found.iter().any(|it| it == words), "{found:#?}");
    let found = said(&tenants, "beta").await;
    assert_eq!(found.len(), 2, "{found:#?}");
    for who in ["acme", "beta"] {
        tenants.repair(&name(who)).await.unwrap();
        assert_eq!(said(&tenants, who).await, [""; 0]);
    }
}

#[tokio::test]
async fn storage_parameters_of_the_migrations_count_and_those_of_an_operator_do_not() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE t (id int, body text) WITH (fillfactor = 70, toast.autovacuum_enabled = false); \
         CREATE TABLE u (id int); CREATE MATERIALIZED VIEW m WITH (fillfactor = 60) AS SELECT 1",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    assert_eq!(said(&tenants, "acme").await, [""; 0]);
    database
        .execute(
            "ALTER TABLE acme.u SET (autovacuum_enabled = false); ALTER TABLE acme.t SET (autovacuum_vacuum_threshold = 7); \
             ALTER TABLE acme.t ALTER body SET (n_distinct = 5), ALTER id SET STATISTICS 500",
        )
        .await;
    assert_eq!(said(&tenants, "acme").await, [""; 0]);
    database
        .execute(
            "ALTER TABLE acme.t SET (fillfactor = 90), RESET (toast.autovacuum_enabled); \
             ALTER MATERIALIZED VIEW acme.m RESET (fillfactor)",
        )
        .await;
    assert_eq!(said(&tenants, "acme").await.len(), 2);
    tenants.repair(&name("acme")).await.unwrap();
    assert_eq!(said(&tenants, "acme").await, [""; 0]);
    let tuned = "SELECT string_agg(o, ' ' ORDER BY o) FROM pg_class, unnest(reloptions) o WHERE oid = 'acme.t'::regclass";
    assert_eq!(
        database.value(tuned).await,
        "autovacuum_vacuum_threshold=7 fillfactor=70"
    );
}
