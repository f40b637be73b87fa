//! `transaction-control`, `concurrently-in-transaction` and `mixed-transaction`.

use crate::{Like, PUBLIC, TENANT, each_gives, found, none_gives_any};

const OUTSIDE: Like = Like {
    in_transaction: false,
    ..TENANT
};

#[test]
fn transactions_are_the_business_of_the_run() {
    for like in [TENANT, PUBLIC, OUTSIDE] {
        each_gives(
            like,
            "transaction-control",
            &[
                "BEGIN;",
                "begin work;",
                "START TRANSACTION ISOLATION LEVEL SERIALIZABLE;",
                "COMMIT;",
                "COMMIT AND CHAIN;",
                "END;",
                "END TRANSACTION;",
                "ROLLBACK;",
                "ABORT;",
                "PREPARE TRANSACTION 'a';",
                "COMMIT PREPARED 'a';",
                "ROLLBACK PREPARED 'a';",
            ],
        );
        none_gives_any(
            like,
            &[
                "SAVEPOINT a; ROLLBACK TO SAVEPOINT a; ROLLBACK TO a; RELEASE SAVEPOINT a;",
                "PREPARE q AS SELECT 1;",
                "DO $$ BEGIN PERFORM 1; END $$;",
                "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;",
                "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;",
            ],
        );
    }
}

#[test]
fn a_block_may_commit_only_outside_a_transaction() {
    let text = "DO $$ BEGIN\n  COMMIT;\nEND $$;";
    assert_eq!(found(TENANT, text), ["transaction-control:2"]);
    assert_eq!(found(OUTSIDE, text), [""; 0]);
}

#[test]
fn what_cannot_run_in_a_transaction_is_noticed_unless_there_is_none() {
    let statements = [
        "CREATE INDEX CONCURRENTLY i ON tasks (a);",
        "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON tasks (a);",
        "DROP INDEX CONCURRENTLY i;",
        "REINDEX INDEX CONCURRENTLY i;",
        "REINDEX (CONCURRENTLY) TABLE tasks;",
        "REINDEX SCHEMA pg_catalog;",
        "REINDEX DATABASE d;",
        "REINDEX SYSTEM d;",
        "ALTER TABLE tasks DETACH PARTITION part CONCURRENTLY;",
        "VACUUM;",
        "VACUUM (ANALYZE) tasks;",
        "CLUSTER;",
    ];
    each_gives(TENANT, "concurrently-in-transaction", &statements);
    none_gives_any(OUTSIDE, &statements);
    let of_servers = [
        "CREATE DATABASE d;",
        "DROP DATABASE d;",
        "CREATE TABLESPACE s LOCATION '/srv/s';",
        "DROP TABLESPACE s;",
        "ALTER SYSTEM SET work_mem = '1MB';",
        "ALTER DATABASE d SET TABLESPACE s;",
    ];
    each_gives(PUBLIC, "concurrently-in-transaction", &of_servers);
    none_gives_any(
        TENANT,
        &[
            "CREATE INDEX i ON tasks (a);",
            "REFRESH MATERIALIZED VIEW CONCURRENTLY v;",
            "ALTER TABLE tasks DETACH PARTITION part;",
            "REINDEX INDEX i;",
            "CLUSTER tasks USING i;",
            "ANALYZE tasks;",
            "ALTER TYPE kind ADD VALUE 'b';",
            "CREATE TABLE tasks (\"concurrently\" int);",
        ],
    );
}

#[test]
fn ordinary_statements_do_not_share_a_migration_with_those_that_run_outside() {
    let index = "CREATE INDEX CONCURRENTLY i ON tasks (a);";
    for text in [
        format!("{index}\nUPDATE tasks SET a = 1;\nDELETE FROM tasks;"),
        "ALTER TYPE kind ADD VALUE 'b';\nINSERT INTO tasks VALUES ('b');".to_owned(),
        "DO $$ BEGIN COMMIT; END $$;\nUPDATE tasks SET a = 1;".to_owned(),
    ] {
        assert_eq!(found(OUTSIDE, &text), ["mixed-transaction:2"], "{text}");
    }
    none_gives_any(
        OUTSIDE,
        &[
            "SET lock_timeout = 0;\nCREATE INDEX CONCURRENTLY i ON tasks (a);\nANALYZE tasks;",
            "DROP INDEX CONCURRENTLY i;\nCREATE INDEX CONCURRENTLY i ON tasks (a);",
            "UPDATE tasks SET a = 1;\nDELETE FROM tasks;",
            "ALTER TYPE kind ADD VALUE 'b';",
        ],
    );
}
