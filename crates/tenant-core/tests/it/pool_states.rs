//! Every kind of state that a session of PostgreSQL can keep, left by one tenant in every
//! way in which work can end: the next tenant on the same connection finds none of it.

use std::time::Duration;

use diesel::QueryResult;
use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use schema_tenant::Dummy;
use tenant_core::{TenantConnection, TenantPool};
use test_support::{PgBouncer, TestDatabase, eventually};

use crate::fixture::name;
use crate::pgbouncer::pool_behind;
use crate::pool::{single, two_tenants};

/// Something that a session can keep.
struct State {
    /// What of `DISCARD ALL` would forget it, or what it is.
    kind: &'static str,
    /// How a tenant leaves it.
    left_by: &'static str,
    /// What another one sees of it.
    seen_by: &'static str,
    /// What that one has to see: the answer, or the error.
    expected: &'static str,
}

/// How many advisory locks there are in the database.
pub(crate) const LOCKS: &str = "SELECT count(*)::text AS text FROM pg_locks \
    WHERE locktype = 'advisory' \
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// The list is that of `DISCARD ALL`, and after it what even that leaves.
const STATES: &[State] = &[
    State {
        kind: "CLOSE ALL",
        left_by: "DECLARE mine CURSOR WITH HOLD FOR SELECT 'acme''s'",
        seen_by: "SELECT count(*)::text AS text FROM pg_cursors WHERE name = 'mine'",
        expected: "0",
    },
    State {
        kind: "SET SESSION AUTHORIZATION DEFAULT",
        left_by: "SET SESSION AUTHORIZATION pg_monitor",
        seen_by: "SELECT (session_user = 'pg_monitor')::text AS text",
        expected: "false",
    },
    State {
        kind: "RESET ROLE",
        left_by: "SET ROLE pg_monitor",
        seen_by: "SELECT current_setting('role') AS text",
        expected: "none",
    },
    State {
        kind: "RESET ALL: the path",
        left_by: "SET search_path TO acme",
        seen_by: "SELECT current_setting('search_path') AS text",
        expected: "globex",
    },
    State {
        kind: "RESET ALL: a time-out",
        left_by: "SET statement_timeout = '7s'",
        seen_by: "SELECT current_setting('statement_timeout') AS text",
        expected: "0",
    },
    State {
        kind: "RESET ALL: a setting of the application",
        left_by: "SET app.user_id = 'ann'",
        seen_by: "SELECT coalesce(current_setting('app.user_id', true), '') AS text",
        expected: "",
    },
    State {
        kind: "RESET ALL: the time zone, which Diesel has set",
        left_by: "SET TIME ZONE 'Asia/Tokyo'",
        seen_by: "SELECT current_setting('TimeZone') AS text",
        expected: "UTC",
    },
    State {
        kind: "RESET ALL: the encoding, which the driver has set",
        left_by: "SET client_encoding TO 'LATIN1'",
        seen_by: "SELECT current_setting('client_encoding') || ' ä' AS text",
        expected: "UTF8 ä",
    },
    State {
        kind: "RESET ALL: what transactions are like",
        left_by: "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE, \
                  READ ONLY, DEFERRABLE",
        seen_by: "SELECT concat_ws(' ', current_setting('transaction_isolation'), \
                  current_setting('transaction_read_only'), \
                  current_setting('transaction_deferrable')) AS text",
        expected: "read committed off off",
    },
    State {
        kind: "RESET ALL: which notices come",
        left_by: "SET client_min_messages TO debug5; \
                  DO $$ BEGIN RAISE NOTICE 'acme''s'; END $$",
        seen_by: "SELECT current_setting('client_min_messages') AS text",
        expected: "notice",
    },
    State {
        kind: "DEALLOCATE ALL",
        left_by: "PREPARE mine AS SELECT 'acme''s'; PREPARE \"my \"\"own\" AS SELECT 1",
        seen_by: "SELECT count(*)::text AS text FROM pg_prepared_statements WHERE from_sql",
        expected: "0",
    },
    State {
        kind: "DEALLOCATE ALL: prepared in a block",
        left_by: "DO $$ BEGIN EXECUTE 'PREPARE mine AS SELECT 1'; END $$",
        seen_by: "SELECT count(*)::text AS text FROM pg_prepared_statements WHERE from_sql",
        expected: "0",
    },
    State {
        kind: "UNLISTEN *",
        left_by: "LISTEN news",
        seen_by: "SELECT count(*)::text AS text FROM pg_listening_channels()",
        expected: "0",
    },
    State {
        kind: "pg_advisory_unlock_all",
        left_by: "SELECT pg_advisory_lock(7), pg_advisory_lock_shared(7, 8)",
        // The server ends a session that was cut off a moment later, and its locks with it.
        seen_by: "SELECT count(*)::text AS text FROM pg_locks \
                  WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
        expected: "0",
    },
    State {
        kind: "DISCARD PLANS",
        left_by: "SET search_path TO acme; INSERT INTO dummy_table (name) SELECT 'acme''s'; \
                  SELECT public.how_many()",
        seen_by: "SELECT public.how_many()::text AS text",
        expected: "0",
    },
    State {
        kind: "DISCARD TEMP: a table",
        left_by: "CREATE TEMP TABLE dummy_table AS SELECT 'acme''s' AS name",
        seen_by: "SELECT count(*)::text AS text FROM pg_class \
                  WHERE relnamespace = pg_my_temp_schema()",
        expected: "0",
    },
    State {
        kind: "DISCARD TEMP: a function",
        left_by: "CREATE FUNCTION pg_temp.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        seen_by: "SELECT count(*)::text AS text FROM pg_proc \
                  WHERE pronamespace = pg_my_temp_schema()",
        expected: "0",
    },
    State {
        kind: "DISCARD SEQUENCES",
        left_by: "SELECT nextval('public.numbers')",
        seen_by: "SELECT lastval()::text AS text",
        expected: "lastval is not yet defined in this session",
    },
    State {
        kind: "the state of random()",
        left_by: "SELECT setseed(0.5)",
        seen_by: "SELECT (random() = (SELECT number FROM public.first_number))::text AS text",
        expected: "false",
    },
    State {
        kind: "a library",
        left_by: "LOAD 'auto_explain'",
        seen_by: "SELECT count(*)::text AS text FROM pg_settings WHERE name ^@ 'auto_explain.'",
        expected: "0",
    },
    State {
        kind: "the statements of the driver, which are gone",
        left_by: "DEALLOCATE ALL",
        seen_by: "SELECT 'served' AS text",
        expected: "served",
    },
];

/// How the work ends.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Committed,
    RolledBack,
    Dropped,
    /// A query fails, and nobody does anything about it.
    Failed,
    /// The request is given up in the middle of a query.
    CutOff,
    Panic,
    /// The transaction is ended in it by SQL.
    ByHand,
    /// And the state comes after that.
    AfterEndByHand,
}

const ENDS: [End; 8] = [
    End::Committed,
    End::RolledBack,
    End::Dropped,
    End::Failed,
    End::CutOff,
    End::Panic,
    End::ByHand,
    End::AfterEndByHand,
];

#[derive(diesel::QueryableByName)]
struct Answer {
    #[diesel(sql_type = Text)]
    text: String,
}

/// The answer, or what the error says.
async fn ask(connection: &mut TenantConnection, sql: &str) -> String {
    let answer = diesel::sql_query(sql)
        .get_result::<Answer>(connection)
        .await;
    answer.map_or_else(|error| error.to_string(), |answer| answer.text)
}

/// What the states above need.
async fn prepare(database: &TestDatabase) {
    let sql = "CREATE SEQUENCE public.numbers START 41; \
         CREATE FUNCTION public.how_many() RETURNS bigint LANGUAGE plpgsql \
         AS 'BEGIN RETURN (SELECT count(*) FROM dummy_table); END'; \
         SELECT setseed(0.5); CREATE TABLE public.first_number AS SELECT random() AS number";
    TestDatabase::execute(database, sql).await;
}

/// On which connection the work does it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum On {
    /// The tenant's.
    Tenant,
    /// The one beneath, as it is lent to functions that take that.
    Beneath,
}

async fn run(tenant: &mut TenantConnection, sql: &str, on: On) -> QueryResult<()> {
    match on {
        On::Tenant => tenant.batch_execute(sql).await,
        On::Beneath => tenant.as_async_pg().await?.batch_execute(sql).await,
    }
}

/// Work of the tenant acme that leaves the state and ends in this way.
async fn leave(pool: &TenantPool, state: &State, (end, on): (End, On)) {
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    let left_by = match end {
        End::AfterEndByHand => &format!("COMMIT; {}", state.left_by),
        _ => state.left_by,
    };
    let left = run(&mut acme, left_by, on).await;
    left.unwrap_or_else(|error| panic!("{}: {error}", state.kind));
    match end {
        End::Committed => acme.commit().await.unwrap(),
        End::RolledBack => acme.rollback().await.unwrap(),
        End::Dropped | End::AfterEndByHand => drop(acme),
        End::Failed => assert!(run(&mut acme, "SELECT 1 / 0", on).await.is_err()),
        End::CutOff => {
            let query = run(&mut acme, "SELECT pg_sleep(300)", on);
            let cut = tokio::time::timeout(Duration::from_millis(50), query).await;
            assert!(cut.is_err(), "{cut:?}");
        }
        End::Panic => {
            let panicking = tokio::spawn(async move {
                assert!(acme.tenant().as_str() != "acme", "in the middle of work");
                drop(acme);
            });
            assert!(panicking.await.unwrap_err().is_panic());
        }
        End::ByHand => run(&mut acme, "COMMIT", on).await.unwrap(),
    }
}

async fn assert_nothing_is_seen(connection: &mut TenantConnection, state: &State, of: &str) {
    let seen = ask(connection, state.seen_by).await;
    assert_eq!(seen, state.expected, "{}: {of}", state.kind);
}

/// Leaves each state in each way, and lets the other tenant look.
async fn assert_nothing_is_left(pool: &TenantPool, states: &[&State], on: On) {
    for state in states {
        for end in ENDS {
            leave(pool, state, (end, on)).await;
            let mut globex = pool.tenant(&name("globex")).await.unwrap();
            assert_nothing_is_seen(&mut globex, state, &format!("{end:?}")).await;
            drop(globex);
            // With a statement that the driver may have prepared for acme.
            let mut globex = pool.tenant(&name("globex")).await.unwrap();
            let rows = Dummy::all(&mut globex).await;
            assert_eq!(rows.unwrap().len(), 0, "{}: {end:?}", state.kind);
        }
    }
}

#[tokio::test]
async fn whatever_a_session_can_keep_is_gone_for_the_next_tenant_however_the_work_ended() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    prepare(&database).await;
    let states = STATES.iter().collect::<Vec<_>>();
    assert_nothing_is_left(&pool, &states, On::Tenant).await;
}

#[tokio::test]
async fn the_same_is_gone_where_the_connection_beneath_was_lent() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    prepare(&database).await;
    let states = STATES.iter().collect::<Vec<_>>();
    assert_nothing_is_left(&pool, &states, On::Beneath).await;
}

/// Behind a pooler the server connection is not ours to close.
const STAYS_BEHIND_A_POOLER: [&str; 1] = ["a library"];

#[tokio::test]
async fn the_same_is_gone_behind_a_pooler_but_for_what_ends_with_its_connection_only() {
    let database = TestDatabase::new().await;
    two_tenants(&database).await;
    prepare(&database).await;
    let pooler = PgBouncer::start(&database, 1);
    let pool = pool_behind(&pooler, 1).await;
    let states = STATES.iter();
    let states = states.filter(|state| !STAYS_BEHIND_A_POOLER.contains(&state.kind));
    let states = states.collect::<Vec<_>>();
    for on in [On::Tenant, On::Beneath] {
        assert_nothing_is_left(&pool, &states, on).await;
    }
}

#[tokio::test]
async fn what_a_session_of_a_tenant_kept_is_gone_for_the_next_one() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    prepare(&database).await;
    for state in STATES {
        let mut acme = pool.tenant_session(&name("acme")).await.unwrap();
        let left_by = format!("BEGIN; {}; COMMIT", state.left_by);
        acme.batch_execute(&left_by).await.unwrap();
        drop(acme);
        let mut globex = pool.tenant_session(&name("globex")).await.unwrap();
        assert_nothing_is_seen(&mut globex, state, "session after session").await;
        assert_eq!(Dummy::all(&mut globex).await.unwrap().len(), 0);
        drop(globex);
        let mut globex = pool.tenant(&name("globex")).await.unwrap();
        assert_nothing_is_seen(&mut globex, state, "transaction after session").await;
    }
}

#[tokio::test]
async fn a_lock_of_the_session_ends_with_the_work_and_not_with_the_next_one() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    for end in ENDS {
        let locks = State {
            left_by: "SELECT pg_advisory_lock(7)",
            ..STATES[0]
        };
        leave(&pool, &locks, (end, On::Tenant)).await;
        // The connection lies in the pool, and nobody takes it.
        eventually(&format!("{end:?}: the lock is free"), async || {
            database.value(LOCKS).await == "0"
        })
        .await;
    }
}
