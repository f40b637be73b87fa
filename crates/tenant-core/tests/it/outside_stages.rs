//! Statements that PostgreSQL lets run outside a transaction only, cut off at every stage:
//! the next run ends as if nothing had happened.
//!
//! A second session holds what a statement waits for, so that it is cut off exactly there.

use std::time::Duration;

use tenant_core::{FleetReport, Settings, Status};
use test_support::{TestDatabase, eventually};
use tokio::task::JoinHandle;
use tokio_postgres::Client;

use crate::fixture::{Stream, create, migrate, open, outcome, tenants, version};
use crate::outside_server::major;

/// What each tenant has before.
const BEFORE: &str = "
    CREATE TYPE state AS ENUM ('open');
    CREATE TABLE events (id int PRIMARY KEY, kind text NOT NULL, batch int, state state);
    CREATE INDEX of_state ON events (state);
    CREATE INDEX of_kind ON events (kind);
    INSERT INTO events SELECT n, md5(n::text), 0 FROM generate_series(1, 100) n;
    CREATE TABLE days (day int NOT NULL, note text) PARTITION BY RANGE (day);
    CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM (1) TO (2);
    CREATE TABLE days_2 PARTITION OF days FOR VALUES FROM (2) TO (3);
    CREATE TABLE log (what text);
    CREATE PROCEDURE backfill() LANGUAGE plpgsql AS $$
    DECLARE one int;
    BEGIN
        FOR one IN SELECT id FROM events ORDER BY id LOOP
            UPDATE events SET batch = batch + 1 WHERE id = one AND batch = 0;
            COMMIT;
        END LOOP;
    END $$;";

/// A statement, and what makes it wait.
struct Case {
    /// The file, which the statement is the middle of.
    file: &'static str,
    /// What another session does in a transaction of its own so that the statement waits,
    /// and how often it waits for such a one.
    waits: &'static [(&'static str, usize)],
    /// Questions, and the answer to each in the end.
    ends: &'static [(&'static str, &'static str)],
}

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

const CASES: &[Case] = &[
    Case {
        file: "ALTER TYPE state ADD VALUE 'done';
               CREATE INDEX CONCURRENTLY Of_Batch ON events (batch) WHERE batch > 0;
               ALTER TYPE state ADD VALUE 'late';",
        waits: &[(LOCK, 1), (ADD, 2), (LOOK, 1)],
        ends: &[
            (VALID, "events_pkey,of_batch,of_kind,of_state"),
            (VALUES, "open,done,late"),
        ],
    },
    Case {
        file: "CREATE UNIQUE INDEX CONCURRENTLY ON events (kind);",
        waits: &[(LOCK, 1), (ADD, 2), (LOOK, 1)],
        ends: &[(VALID, "events_kind_idx,events_pkey,of_kind,of_state")],
    },
    Case {
        file: "CREATE INDEX CONCURRENTLY IF NOT EXISTS of_batch ON events (batch);",
        waits: &[(LOCK, 1), (ADD, 1), (LOOK, 1)],
        ends: &[(VALID, "events_pkey,of_batch,of_kind,of_state")],
    },
    Case {
        file: "DROP INDEX CONCURRENTLY of_kind; DROP INDEX CONCURRENTLY of_state;",
        waits: &[(LOCK, 1), (READ, 2)],
        ends: &[(VALID, "events_pkey")],
    },
    Case {
        file: "REINDEX TABLE CONCURRENTLY events;",
        waits: &[(LOCK, 1), (ADD, 2), (LOOK, 1), (READ, 2)],
        ends: &[(VALID, "events_pkey,of_kind,of_state")],
    },
    Case {
        file: "REINDEX INDEX CONCURRENTLY of_kind;",
        waits: &[(ADD, 1), (READ, 2)],
        ends: &[(VALID, "events_pkey,of_kind,of_state")],
    },
    Case {
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
    },
    Case {
        file: "SET lock_timeout = 0; VACUUM (ANALYZE) events; VACUUM FULL days_1;",
        waits: &[(LOCK, 1)],
        ends: &[(VALID, "events_pkey,of_kind,of_state")],
    },
    Case {
        file: "CLUSTER events USING of_kind; REINDEX TABLE events;",
        waits: &[(READ, 1)],
        ends: &[(VALID, "events_pkey,of_kind,of_state")],
    },
    Case {
        file: "INSERT INTO log VALUES ('a'); CALL backfill(); INSERT INTO log VALUES ('b');",
        waits: &[(WRITE, 1)],
        ends: &[(BATCHES, "1,1"), (LOGGED, "a,b")],
    },
    Case {
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
    },
    Case {
        file: "INSERT INTO log VALUES ('a'); UPDATE events SET batch = batch + 1;",
        waits: &[(WRITE, 1)],
        ends: &[(BATCHES, "1,1"), (LOGGED, "a")],
    },
];

/// How a run is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// The server ends its session.
    Terminated,
    /// Somebody cancels its statement.
    Canceled,
    /// Its statement takes too long.
    TimedOut,
    /// The program is gone; the server only finds out when the statement is over.
    Gone,
}

const CUTS: [Cut; 4] = [Cut::Terminated, Cut::Canceled, Cut::TimedOut, Cut::Gone];

/// When a run is cut off.
#[derive(Debug, Clone, Copy)]
enum Stage {
    /// Before the statement.
    Before,
    /// While it waits for the session number so and so that does this.
    Within(&'static str, usize),
    /// When it is done, and that is not written down.
    After(&'static str),
}

/// Another session, in the middle of a transaction in the tenant's schema.
struct Holder(Client, i32);

impl Holder {
    async fn of(database: &TestDatabase, tenant: &str, does: &str) -> Self {
        let client = database.client().await;
        let begin = format!("SET search_path TO {tenant}; BEGIN; {does}");
        client.batch_execute(&begin).await.unwrap();
        let row = client.query_one("SELECT pg_backend_pid()", &[]).await;
        Self(client, row.unwrap().get(0))
    }

    /// Waits until a run waits for this one.
    async fn is_waited_for(&self, database: &TestDatabase) {
        let sql = format!("SELECT count(*) > 0 FROM ({}) w", self.waiting());
        eventually("a run waits for another session", async || {
            database.value(&sql).await == "t"
        })
        .await;
    }

    fn waiting(&self) -> String {
        format!(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
             AND application_name = 'diesel-tenants' AND {} = ANY (pg_blocking_pids(pid))",
            self.1
        )
    }

    async fn end(self) {
        self.0.batch_execute("ROLLBACK").await.unwrap();
    }
}

/// One statement in a database of its own.
struct Place {
    database: TestDatabase,
    before: Stream,
    stream: Stream,
}

impl Place {
    async fn of(case: &Case) -> Self {
        let database = TestDatabase::new().await;
        let before = Stream::new().with(BEFORE);
        drop(tenants(&database, &before).await);
        Self {
            database,
            before,
            stream: Stream::new().with(BEFORE).outside(case.file),
        }
    }

    async fn start(&self, cut: Cut) -> JoinHandle<FleetReport> {
        let settings = Settings {
            statement_timeout: match cut {
                Cut::TimedOut => Duration::from_millis(400),
                _ => Duration::ZERO,
            },
            ..Settings::default()
        };
        let tenants = open(&self.database, &self.stream, settings).await;
        tokio::spawn(async move { migrate(&tenants).await })
    }

    /// Runs until the stage, and cuts the run off there.
    async fn cut_off(&self, tenant: &str, stage: Stage, cut: Cut) {
        let database = &self.database;
        let ledger = "LOCK TABLE __diesel_schema_migrations IN SHARE MODE";
        let (run, last) = match stage {
            Stage::Before => {
                let holder = Holder::of(database, tenant, ledger).await;
                (self.start(cut).await, holder)
            }
            Stage::Within(does, number) => {
                let mut holder = Holder::of(database, tenant, does).await;
                let run = self.start(cut).await;
                for _ in 1..number {
                    holder.is_waited_for(database).await;
                    let next = Holder::of(database, tenant, does).await;
                    holder.end().await;
                    holder = next;
                }
                (run, holder)
            }
            Stage::After(does) => {
                let holder = Holder::of(database, tenant, does).await;
                let run = self.start(cut).await;
                holder.is_waited_for(database).await;
                let last = Holder::of(database, tenant, ledger).await;
                holder.end().await;
                (run, last)
            }
        };
        if cut != Cut::TimedOut {
            last.is_waited_for(database).await;
        }
        let each = |function: &str| format!("SELECT {function}(pid) FROM ({}) w", last.waiting());
        match cut {
            Cut::Terminated => database.execute(&each("pg_terminate_backend")).await,
            Cut::Canceled => database.execute(&each("pg_cancel_backend")).await,
            Cut::TimedOut => {}
            Cut::Gone => {
                run.abort();
                drop(run.await);
                last.end().await;
                return;
            }
        }
        let report = run.await.unwrap();
        assert_eq!(
            outcome(&report, tenant).status,
            Status::Failed,
            "{report:?}"
        );
        last.end().await;
    }

    /// The next run, and what there is then.
    async fn finish(&self, tenant: &str, case: &Case, cut: Cut, what: &str) {
        let database = &self.database;
        let busy = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                    AND application_name = 'diesel-tenants' AND state <> 'idle'";
        eventually("the server has noticed", async || {
            database.value(busy).await == "0"
        })
        .await;
        let recorded = format!(
            "SELECT count(*) FROM {tenant}.__diesel_schema_migrations WHERE version = '{}'",
            version(2)
        );
        // What a program sent before it was gone, the server may complete with its record.
        let was_recorded = database.value(&recorded).await == "1";
        assert!(!was_recorded || cut == Cut::Gone, "{what}");
        let expected = if was_recorded {
            Status::UpToDate
        } else {
            Status::Migrated
        };
        let report = self.start(Cut::Gone).await.await.unwrap();
        let outcome = outcome(&report, tenant);
        assert_eq!(outcome.status, expected, "{what}: {report:?}");
        assert_eq!(database.value(&recorded).await, "1", "{what}");
        let invalid = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid";
        assert_eq!(database.column(invalid).await, [""; 0], "{what}");
        let journal = format!(
            "SELECT obj_description('{tenant}.__diesel_schema_migrations'::regclass, 'pg_class')"
        );
        assert_eq!(database.value(&journal).await, "NULL", "{what}");
        let client = database.client().await;
        let path = format!("SET search_path TO {tenant}");
        client.batch_execute(&path).await.unwrap();
        for (question, answer) in case.ends {
            let row = client.query_one(*question, &[]).await.unwrap();
            let found = row
                .try_get::<_, String>(0)
                .unwrap_or_else(|_| row.get::<_, i64>(0).to_string());
            assert_eq!(&found, answer, "{what}: {question}");
        }
    }
}

fn stages(case: &Case) -> Vec<Stage> {
    let within = case.waits.iter().flat_map(|(does, times)| {
        let numbers = 1..=*times;
        numbers.map(|number| Stage::Within(does, number))
    });
    let after = case.waits.first().map(|(does, _)| Stage::After(does));
    std::iter::once(Stage::Before)
        .chain(within)
        .chain(after)
        .collect()
}

async fn cut_off_everywhere(case: &Case) {
    let place = Place::of(case).await;
    if case.file.contains("DETACH") && major(&place.database).await < 14 {
        return;
    }
    let mut number = 0;
    for stage in stages(case) {
        for cut in CUTS {
            number += 1;
            let tenant = format!("t{number:02}");
            create(
                &open(&place.database, &place.before, Settings::default()).await,
                &[tenant.as_str()],
            )
            .await;
            let what = format!("{}: {cut:?}, {stage:?}", case.file);
            place.cut_off(&tenant, stage, cut).await;
            place.finish(&tenant, case, cut, &what).await;
        }
    }
}

/// A test for each of the cases, so that they run beside each other.
macro_rules! cases {
    ($($name:ident: $number:literal,)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            cut_off_everywhere(&CASES[$number]).await;
        })*

        #[test]
        fn each_case_is_tried() {
            assert_eq!([$($number),*], *(0..CASES.len()).collect::<Vec<_>>());
        }
    };
}

cases! {
    a_named_index_between_values_of_an_enum: 0,
    an_index_without_a_name: 1,
    an_index_that_may_exist: 2,
    indexes_that_are_dropped: 3,
    a_table_that_is_reindexed: 4,
    an_index_that_is_reindexed: 5,
    a_partition_that_is_detached: 6,
    a_table_that_is_vacuumed: 7,
    a_table_that_is_clustered: 8,
    a_procedure_that_commits: 9,
    a_block_that_commits: 10,
    statements_that_are_one_transaction: 11,
}
