//! What is sent, statement by statement. Nothing is: the session's server only lets one in.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use proptest::prelude::*;

use super::opening::{View, opening, set_again};
use super::{Make, Transaction, Way};
use crate::engine::batches::tests::made_up;
use crate::engine::batches::{Batch, Cut, Mode, batches, split_first};
use crate::engine::script::Script;
use crate::engine::{Settings, Surroundings, Work};
use crate::link::{Database, Session};
use crate::migration::{Migration, MigrationSet};
use crate::name::Schema;
use crate::registry::Registry;

/// "Come in" and "ready": all that a server says before it is asked for something.
const WELCOME: [u8; 15] = *b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";

/// Lets one in, and answers nothing.
fn welcome(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().unwrap();
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    let mut startup = vec![0; u32::from_be_bytes(length) as usize - 4];
    stream.read_exact(&mut startup).unwrap();
    stream.write_all(&WELCOME).unwrap();
    stream
}

/// Does `look` with work on a tenant that has `migrations` to come, directly.
fn with_work(migrations: &MigrationSet, look: impl FnOnce(Work<'_>)) {
    with_work_on(migrations, Database::known_as_direct, look);
}

/// The same with a database that is reached in another way.
fn with_work_on(
    migrations: &MigrationSet,
    reached: impl FnOnce(Database) -> Database,
    look: impl FnOnce(Work<'_>),
) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || welcome(&listener));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let url = format!("postgres://app@127.0.0.1:{port}/nothing?sslmode=disable");
        let database = reached(Database::parse(&url).unwrap());
        let sessions = database.sessions(1);
        let session: &Session = &sessions.get().await.unwrap();
        let (settings, registry) = (Settings::default(), Registry::default());
        let target = registry.tenant("acme", None).unwrap();
        look(Work {
            session,
            schema: Schema::Tenant(&target),
            migrations,
            settings: &settings,
            database: &database,
            registry: &registry,
            surroundings: &Surroundings::default(),
            listener: None,
        });
    });
    drop(server.join().unwrap());
}

fn texts(script: &Script<'_>) -> Vec<String> {
    let texts = script.statements().map(|(text, _)| text.trim_end());
    let texts = texts.map(|text| text.trim_end_matches(';').trim_end().to_owned());
    texts.collect()
}

/// The first words of each statement.
fn short(script: &Script<'_>) -> Vec<String> {
    let texts = texts(script).into_iter();
    texts.map(|text| text.chars().take(24).collect()).collect()
}

/// The same from the lock on.
fn from_the_lock(script: &Script<'_>) -> Vec<String> {
    let short = short(script).into_iter();
    let mut own = short.skip_while(|text| !text.starts_with("DISCARD SEQUENCES"));
    own.next().unwrap();
    own.collect()
}

/// A condition that must hold: that of the lock, or of the path.
const CHECK: &str = "SELECT CAST(CASE WHEN pg";

/// The question for the number of the transaction.
const NUMBER: &str = "SELECT pg_catalog.txid_c";

/// The statements that write the row of the list, and check it.
const INSERT_ROW: &str = "WITH written AS (INSERT ";
const UPDATE_ROW: &str = "WITH written AS (UPDATE ";

#[test]
fn a_tenant_is_made_in_this_order() {
    let set = made_up(&[Mode::Together; 2]);
    let migrations = set.iter().collect::<Vec<_>>();
    with_work(&set, |work| {
        let made = Transaction::first(work, Way::Create, &migrations).making(Make::Schema);
        assert_eq!(
            from_the_lock(&made.as_one_message()),
            [
                CHECK,
                "CREATE SCHEMA \"acme\"",
                "CREATE TABLE IF NOT EXIS",
                "SET LOCAL search_path TO",
                CHECK,
                "INSERT INTO \"acme\".\"__di",
                "DROP TABLE up_0",
                "DROP TABLE on_0",
                CHECK,
                "DROP TABLE up_1",
                "DROP TABLE on_1",
                CHECK,
                INSERT_ROW,
                NUMBER,
                "COMMIT",
            ]
        );
    });
}

#[test]
fn a_tenant_is_migrated_in_this_order() {
    let set = made_up(&[Mode::Together; 2]);
    let migrations = set.iter().collect::<Vec<_>>();
    with_work(&set, |work| {
        let applied = Transaction::first(work, Way::Apply, &migrations).knowing(&[]);
        assert_eq!(
            from_the_lock(&applied.as_one_message()),
            [
                CHECK,
                "SET LOCAL search_path TO",
                "WITH recorded AS (INSERT",
                "DROP TABLE up_0",
                "DROP TABLE on_0",
                CHECK,
                "DROP TABLE up_1",
                "DROP TABLE on_1",
                UPDATE_ROW,
                NUMBER,
                "COMMIT",
            ]
        );
    });
}

#[test]
fn what_a_migration_may_leave_is_put_back_before_the_next_one() {
    let set = MigrationSet::of_texts(&[
        ("2026-02-01-000000_one", "SAVEPOINT a; SELECT f()", ""),
        ("2026-02-02-000000_two", "SELECT g()", ""),
    ]);
    let migrations = set.iter().collect::<Vec<_>>();
    with_work(&set, |work| {
        let applied = Transaction::first(work, Way::Apply, &migrations).knowing(&[]);
        let sent = from_the_lock(&applied.as_one_message());
        assert_eq!(
            sent[3..],
            [
                "SAVEPOINT \"diesel tenant",
                "SAVEPOINT a",
                "SELECT f()",
                "RELEASE SAVEPOINT \"diese",
                "DO 'DECLARE\n           d",
                "RESET SESSION AUTHORIZAT",
                "RESET ROLE",
                CHECK,
                "RESET ALL",
                "CLOSE ALL",
                "UNLISTEN *",
                "DISCARD TEMP",
                "DISCARD SEQUENCES",
                "SET LOCAL search_path TO",
                "SELECT g()",
                "SET CONSTRAINTS ALL IMME",
                "RESET SESSION AUTHORIZAT",
                "RESET ROLE",
                UPDATE_ROW,
                NUMBER,
                "COMMIT",
                "RESET SESSION AUTHORIZAT",
                "RESET ROLE",
                "RESET ALL",
                "CLOSE ALL",
                "UNLISTEN *",
                "DISCARD TEMP",
                "DISCARD SEQUENCES",
                "SELECT pg_catalog.pg_adv",
            ]
        );
    });
}

#[test]
fn a_tenant_is_taken_back_in_this_order() {
    let set = made_up(&[Mode::Together, Mode::Outside]);
    let migrations = set.iter().collect::<Vec<_>>();
    with_work(&set, |work| {
        let batches = batches(&migrations, Cut::Never);
        let (first, rest) = split_first(&batches);
        let reverted = Transaction::first(work, Way::Revert, first).before(rest);
        assert_eq!(
            short(&reverted.as_last_step()),
            [
                "SELECT pg_catalog.pg_try",
                "SET LOCAL search_path TO",
                CHECK,
                "DELETE FROM \"acme\".\"__di",
                "DROP TABLE down_0",
                UPDATE_ROW,
                NUMBER,
                "COMMIT",
            ]
        );
    });
}

#[test]
fn a_migration_outside_a_transaction_is_only_recorded_in_one() {
    let set = made_up(&[Mode::Outside]);
    let migrations = set.iter().collect::<Vec<_>>();
    with_work(&set, |work| {
        let recorded = Transaction::after_outside(work, Way::Apply, &migrations);
        assert_eq!(
            short(&recorded.as_one_message()),
            [
                "BEGIN ISOLATION LEVEL RE",
                "SET LOCAL lock_timeout =",
                "INSERT INTO \"acme\".\"__di",
                UPDATE_ROW,
                NUMBER,
                "COMMIT",
            ]
        );
    });
}

/// The start of a transaction on a direct connection.
const OPENING: [&str; 8] = [
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE",
    "RESET SESSION AUTHORIZATION",
    "RESET ROLE",
    "RESET ALL",
    "CLOSE ALL",
    "UNLISTEN *",
    "DISCARD TEMP",
    "DISCARD SEQUENCES",
];

#[test]
fn it_is_opened_read_write_before_anything_else_and_a_direct_session_sets_nothing() {
    with_work(&made_up(&[]), |work| {
        let opened = texts(&opening(work, View::Newest));
        let (lock, before) = opened.split_last().unwrap();
        assert!(lock.starts_with(CHECK), "{lock}");
        assert_eq!(before, OPENING);
        let of_one_moment = texts(&opening(work, View::OfOneMoment));
        assert_eq!(of_one_moment[..8], OPENING);
        assert_eq!(
            of_one_moment[8..10],
            [
                "COMMIT",
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE NOT DEFERRABLE"
            ]
        );
        assert_eq!(of_one_moment.len(), 11);
    });
}

#[test]
fn behind_a_pooler_each_transaction_sets_what_counts_in_it() {
    with_work_on(&made_up(&[]), Database::behind_pooler, |work| {
        let opened = texts(&opening(work, View::Newest));
        assert_eq!(opened[..8], OPENING);
        let pinned = [
            "SET LOCAL TimeZone = 'UTC'",
            "SET LOCAL row_security = 'off'",
            "SET LOCAL quote_all_identifiers = 'off'",
            "SET LOCAL client_min_messages = 'notice'",
            "SET LOCAL exit_on_error = 'off'",
            "SET LOCAL idle_in_transaction_session_timeout = '0'",
            "SET LOCAL lock_timeout = '5000'",
            "SET LOCAL statement_timeout = '0'",
        ];
        assert_eq!(opened[8..16], pinned);
        assert_eq!(opened.len(), 17);
        let mut again = Script::default();
        set_again(work, &mut again);
        assert_eq!(texts(&again), pinned);
    });
}

#[test]
fn a_later_transaction_of_a_run_forgets_what_was_set_outside_one() {
    let set = made_up(&[Mode::Together]);
    let migrations = set.iter().collect::<Vec<_>>();
    with_work(&set, |work| {
        let next = texts(&Transaction::next(work, Way::Apply, &migrations).as_one_message());
        assert_eq!(next[..2], [OPENING[0], "RESET ALL"]);
        assert!(next[2].starts_with("SET LOCAL search_path"), "{next:?}");
    });
}

/// All statements of migrations among these.
fn of_migrations(texts: &[String]) -> Vec<String> {
    let own = |text: &&String| text.starts_with("DROP TABLE ");
    texts.iter().filter(own).cloned().collect()
}

/// What a run sends in transactions: the first one as `rendered`, then the others.
fn run<'a>(work: Work<'a>, way: Way, rendered: &Script<'a>, rest: &[Batch<'_, 'a>]) -> Vec<String> {
    let mut all = texts(rendered);
    for batch in rest {
        let migrations = batch.migrations;
        let next = match batch.mode {
            Mode::Together => Transaction::next(work, way, migrations),
            Mode::Outside => Transaction::after_outside(work, way, migrations),
        };
        all.extend(texts(&next.as_one_message()));
    }
    all
}

fn some_modes() -> impl Strategy<Value = Vec<Mode>> {
    let mode = prop_oneof![3 => Just(Mode::Together), 1 => Just(Mode::Outside)];
    proptest::collection::vec(mode, 0..5)
}

fn a_way() -> impl Strategy<Value = (Way, Make)> {
    prop_oneof![
        Just((Way::Create, Make::Schema)),
        Just((Way::Apply, Make::Nothing)),
        Just((Way::Apply, Make::Ledger)),
        Just((Way::Revert, Make::Nothing)),
    ]
}

/// The migrations in the order in which the run takes them.
fn in_order(set: &MigrationSet, way: Way) -> Vec<&Migration> {
    let mut migrations = set.iter().collect::<Vec<_>>();
    if way == Way::Revert {
        migrations.reverse();
    }
    migrations
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn one_message_and_the_steps_are_the_same_statements(
        modes in some_modes(),
        (way, make) in a_way(),
    ) {
        let set = made_up(&modes);
        let migrations = in_order(&set, way);
        with_work(&set, |work| {
            let batches = batches(&migrations, Cut::Never);
            let (first, rest) = split_first(&batches);
            let transaction = Transaction::first(work, way, first)
                .making(make)
                .before(rest);
            let opened = texts(&opening(work, View::Newest));
            let last_step = texts(&transaction.as_last_step());
            let steps = [opened, last_step].concat();
            let message = transaction.as_one_message();
            assert_eq!(texts(&message), steps);

            // What must hold is one statement with the record.
            let known = transaction.knowing(&[]).as_one_message();
            let known = texts(&known);
            let at = known.iter().position(|text| text.contains("ORDER BY version COLLATE"));
            let at = at.unwrap();
            let merged = usize::from(!first.is_empty());
            assert_eq!(known[..at], steps[..at]);
            assert_eq!(known[at + 1..], steps[at + 1 + merged..]);
            if let Some(record) = steps.get(at + 1).filter(|_| merged == 1) {
                assert!(known[at].contains(record.as_str()), "{}", known[at]);
            }
        });
    }

    #[test]
    fn each_statement_is_sent_once_and_each_transaction_is_committed(
        modes in some_modes(),
        (way, make) in a_way(),
    ) {
        let set = made_up(&modes);
        let migrations = in_order(&set, way);
        with_work(&set, |work| {
            let batches = batches(&migrations, Cut::Never);
            let (first, rest) = split_first(&batches);
            let made = Transaction::first(work, way, first).making(make);
            let sent = run(work, way, &made.as_one_message(), rest);
            let inside = |one: &&&Migration| one.in_transaction();
            let expected = migrations.iter().filter(inside);
            let expected = expected.flat_map(|one| one.statements(way.file()));
            let expected = expected.map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(of_migrations(&sent), expected);
            let count = |text: &str| sent.iter().filter(|sent| sent.starts_with(text)).count();
            assert_eq!(count("BEGIN"), 1 + rest.len());
            assert_eq!(count("COMMIT"), 1 + rest.len());
        });
    }
}
