//! What is sent, statement by statement. Nothing is: the session's server only lets one in.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use proptest::prelude::*;

use super::opening::{View, opening};
use super::{Make, Transaction, Way};
use crate::engine::batches::tests::made_up;
use crate::engine::batches::{Batch, Mode, batches, split_first};
use crate::engine::script::Script;
use crate::engine::{Settings, Work};
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

/// Does `look` with work on a tenant that has `migrations` to come.
fn with_work(migrations: &MigrationSet, look: impl FnOnce(Work<'_>)) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || welcome(&listener));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let url = format!("postgres://nobody@127.0.0.1:{port}/nothing?sslmode=disable");
        let database = Database::parse(&url).unwrap();
        let sessions = database.sessions(1);
        let session: &Session = &sessions.get().await.unwrap();
        let (settings, registry) = (Settings::default(), Registry::default());
        let target = registry.target(&"acme".parse().unwrap());
        look(Work {
            session,
            schema: Schema::Tenant(&target),
            migrations,
            settings: &settings,
            database: &database,
            registry: &registry,
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
    let mut own = short.skip_while(|text| !text.starts_with("SET LOCAL lock_timeout"));
    own.next().unwrap();
    own.collect()
}

/// A condition that must hold: that of the lock, or of the path.
const CHECK: &str = "SELECT CAST(CASE WHEN pg";

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
                "UP 0",
                "ON 0",
                CHECK,
                "UP 1",
                "ON 1",
                CHECK,
                "INSERT INTO public.schem",
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
                "UP 0",
                "ON 0",
                CHECK,
                "UP 1",
                "ON 1",
                "UPDATE public.schema_tra",
                "COMMIT",
            ]
        );
    });
}

#[test]
fn a_tenant_is_taken_back_in_this_order() {
    let set = made_up(&[Mode::Together, Mode::Outside]);
    let migrations = set.iter().collect::<Vec<_>>();
    with_work(&set, |work| {
        let batches = batches(&migrations);
        let (first, rest) = split_first(&batches);
        let reverted = Transaction::first(work, Way::Revert, first).before(rest);
        assert_eq!(
            short(&reverted.as_last_step()),
            [
                "SELECT pg_catalog.pg_try",
                "SET LOCAL search_path TO",
                CHECK,
                "DELETE FROM \"acme\".\"__di",
                "DOWN 0",
                "UPDATE public.schema_tra",
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
                "BEGIN",
                "INSERT INTO \"acme\".\"__di",
                "UPDATE public.schema_tra",
                "COMMIT",
            ]
        );
    });
}

/// All statements of migrations among these.
fn of_migrations(texts: &[String]) -> Vec<String> {
    let own = |text: &&String| {
        ["UP ", "ON ", "DOWN "]
            .iter()
            .any(|own| text.starts_with(own))
    };
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
            let batches = batches(&migrations);
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
            let batches = batches(&migrations);
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
