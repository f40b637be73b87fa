//! A run outside a transaction that is cut off at a stage, and the next run.
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

/// A migration, and what makes it wait.
pub(crate) struct Case {
    /// Its file.
    pub(crate) file: &'static str,
    /// What another session does in a transaction of its own so that the statement waits,
    /// and how often it waits for such a one.
    pub(crate) waits: &'static [(&'static str, usize)],
    /// Questions, and the answer to each in the end.
    pub(crate) ends: &'static [(&'static str, &'static str)],
}

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

/// Cuts the migration off at each stage in each way, and sees that the next run ends as if
/// nothing had happened.
pub(crate) async fn cut_off_everywhere(case: &Case) {
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
