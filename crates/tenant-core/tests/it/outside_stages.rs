//! Statements that PostgreSQL lets run outside a transaction only, cut off at every stage:
//! the next run ends as if nothing had happened.

use crate::stage::{Case, cut_off_everywhere};

const LOCK: &str = "LOCK TABLE events IN SHARE UPDATE EXCLUSIVE MODE";
const WRITE: &str = "UPDATE events SET kind = kind WHERE id = 7";
const ADD: &str = "INSERT INTO events SELECT 1000 + pg_backend_pid(), pg_backend_pid()::text";
const READ: &str = "SELECT FROM events";
const LOOK: &str = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT FROM days";

const VALID: &str = "SELECT string_agg(c.relname, ',' ORDER BY c.relname) FROM pg_index i \
    JOIN pg_class c ON c.oid = i.indexrelid \
    WHERE i.indrelid = 'events'::regclass AND i.indisvalid";
const BATCHES: &str = "SELECT min(batch) || ',' || max(batch) FROM events";
const LOGGED: &str = "SELECT string_agg(what, ',' ORDER BY what) FROM log";
const VALUES: &str = "SELECT array_to_string(enum_range(NULL::state), ',')";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_named_index_between_values_of_an_enum() {
    cut_off_everywhere(&Case {
        file: "ALTER TYPE state ADD VALUE 'done';
               CREATE INDEX CONCURRENTLY Of_Batch ON events (batch) WHERE batch > 0;
               ALTER TYPE state ADD VALUE 'late';",
        waits: &[(LOCK, 1), (ADD, 2), (LOOK, 1)],
        ends: &[
            (VALID, "events_pkey,of_batch,of_kind,of_state"),
            (VALUES, "open,done,late"),
        ],
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_without_a_name() {
    cut_off_everywhere(&Case {
        file: "CREATE UNIQUE INDEX CONCURRENTLY ON events (kind);",
        waits: &[(LOCK, 1), (ADD, 2), (LOOK, 1)],
        ends: &[(VALID, "events_kind_idx,events_pkey,of_kind,of_state")],
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_may_exist() {
    cut_off_everywhere(&Case {
        file: "CREATE INDEX CONCURRENTLY IF NOT EXISTS of_batch ON events (batch);",
        waits: &[(LOCK, 1), (ADD, 1), (LOOK, 1)],
        ends: &[(VALID, "events_pkey,of_batch,of_kind,of_state")],
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn indexes_that_are_dropped() {
    cut_off_everywhere(&Case {
        file: "DROP INDEX CONCURRENTLY of_kind; DROP INDEX CONCURRENTLY of_state;",
        waits: &[(LOCK, 1), (READ, 2)],
        ends: &[(VALID, "events_pkey")],
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_is_reindexed() {
    cut_off_everywhere(&Case {
        file: "REINDEX TABLE CONCURRENTLY events;",
        waits: &[(LOCK, 1), (ADD, 2), (LOOK, 1), (READ, 2)],
        ends: &[(VALID, "events_pkey,of_kind,of_state")],
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_is_reindexed() {
    cut_off_everywhere(&Case {
        file: "REINDEX INDEX CONCURRENTLY of_kind;",
        waits: &[(ADD, 1), (READ, 2)],
        ends: &[(VALID, "events_pkey,of_kind,of_state")],
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partition_that_is_detached() {
    cut_off_everywhere(&Case {
        file: "ALTER TABLE days DETACH PARTITION days_1 CONCURRENTLY;",
        waits: &[
            ("LOCK TABLE days IN SHARE UPDATE EXCLUSIVE MODE", 1),
            ("SELECT FROM days", 1),
        ],
        ends: &[
            (
                "SELECT count(*) FROM pg_inherits WHERE inhparent = 'days'::regclass",
                "1",
            ),
            (
                "SELECT count(*) FROM pg_constraint WHERE contype = 'c' AND conrelid = 'days_1'::regclass",
                "1",
            ),
        ],
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_is_vacuumed() {
    cut_off_everywhere(&Case {
        file: "SET lock_timeout = 0; VACUUM (ANALYZE) events; VACUUM FULL days_1;",
        waits: &[(LOCK, 1)],
        ends: &[(VALID, "events_pkey,of_kind,of_state")],
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_is_clustered() {
    cut_off_everywhere(&Case {
        file: "CLUSTER events USING of_kind; REINDEX TABLE events;",
        waits: &[(READ, 1)],
        ends: &[(VALID, "events_pkey,of_kind,of_state")],
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_procedure_that_commits() {
    cut_off_everywhere(&Case {
        file: "INSERT INTO log VALUES ('a'); CALL backfill(); INSERT INTO log VALUES ('b');",
        waits: &[(WRITE, 1)],
        ends: &[(BATCHES, "1,1"), (LOGGED, "a,b")],
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_block_that_commits() {
    cut_off_everywhere(&Case {
        file: "INSERT INTO log VALUES ('a');
               DO $$ DECLARE one int; BEGIN
                   FOR one IN SELECT id FROM events ORDER BY id LOOP
                       UPDATE events SET batch = batch + 1 WHERE id = one AND batch = 0;
                       COMMIT;
                   END LOOP;
               END $$;
               UPDATE events SET batch = batch * 2;",
        waits: &[(WRITE, 1)],
        ends: &[(BATCHES, "2,2"), (LOGGED, "a")],
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_that_are_one_transaction() {
    cut_off_everywhere(&Case {
        file: "INSERT INTO log VALUES ('a'); UPDATE events SET batch = batch + 1;",
        waits: &[(WRITE, 1)],
        ends: &[(BATCHES, "1,1"), (LOGGED, "a")],
    })
    .await;
}
