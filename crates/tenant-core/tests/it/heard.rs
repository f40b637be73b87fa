//! What migrations make the server say: warnings always, notices where they are wanted,
//! each with the migration and the line that it is about.

use tenant_core::{Database, Error, Migrations, Outcome, ServerMessage, Settings, Status, Tenants};
use test_support::{PgBouncer, TestDatabase};
use tracing::Level;

use crate::capture::Ear;
use crate::fixture::{Stream, at, create, migrate, name, open, outcome, rollback, two_steps};
use crate::pgbouncer::behind;

const WARN: &str = "DO $$ BEGIN RAISE WARNING 'look: %', 6 * 7 USING DETAIL = 'why', \
                    HINT = 'do', ERRCODE = '01ABC'; END $$;";

const NOTE: &str = "DO $$ BEGIN RAISE NOTICE 'by the way'; RAISE INFO 'as well'; END $$;";

fn loud() -> Settings {
    Settings {
        notices: true,
        ..Settings::default()
    }
}

async fn set_up(database: &TestDatabase, stream: &Stream, settings: Settings) -> Tenants {
    let tenants = open(database, stream, settings).await;
    tenants.migrate_public().await.unwrap();
    tenants
}

/// Each with its severity, its text, its migration's number and its line.
fn told(messages: &[ServerMessage]) -> Vec<String> {
    let each = messages.iter().map(|one| {
        let step = one.migration.get(8..10).unwrap_or_default();
        let (severity, text, file, line) = (&one.severity, &one.text, &one.file, one.line);
        format!("{severity} {text} @{step} {file}:{line}")
    });
    each.collect()
}

fn assert_heard(outcome: &Outcome, expected: &[&str]) {
    assert_eq!(told(&outcome.messages), expected, "{outcome:?}");
    assert_eq!(outcome.messages_left_out, 0);
}

/// A stream that warns and notes in its second and third migration.
fn talkative() -> Stream {
    Stream::new()
        .with("CREATE TABLE tasks (id int);")
        .with(&format!("\n{WARN}\nSELECT 1;\n{NOTE}"))
        .back(&format!("SELECT 1;{WARN}"))
        .with(&format!("SELECT 1;\n\n{WARN}"))
        .back(WARN)
}

const WARNINGS: [&str; 2] = [
    "WARNING look: 42 @02 up.sql:2",
    "WARNING look: 42 @03 up.sql:3",
];

const ALL: [&str; 4] = [
    "WARNING look: 42 @02 up.sql:2",
    "NOTICE by the way @02 up.sql:4",
    "INFO as well @02 up.sql:4",
    "WARNING look: 42 @03 up.sql:3",
];

#[tokio::test]
async fn warnings_are_heard_always_and_notices_where_they_are_wanted() {
    for (settings, expected) in [(Settings::default(), &WARNINGS[..]), (loud(), &ALL[..])] {
        let database = TestDatabase::new().await;
        let tenants = set_up(&database, &talkative(), settings).await;
        let made = tenants.create(&name("acme")).await.unwrap();
        assert_heard(&made, expected);
        let first = made.messages.first().unwrap();
        assert_eq!(first.sqlstate, "01ABC");
        assert_eq!(first.detail.as_deref(), Some("why"));
        assert_eq!(first.hint.as_deref(), Some("do"));
        let spares = tenants.spares().keep(1).await.unwrap();
        assert_heard(&spares.outcomes[0], expected);
        // It takes the spare, and no migration runs.
        let taken = tenants.create(&name("globex")).await.unwrap();
        assert!(taken.from_spare);
        assert_heard(&taken, &[]);
        let back = rollback(&tenants).await;
        assert_heard(outcome(&back, "acme"), &["WARNING look: 42 @03 down.sql:1"]);
        assert_heard(&migrate(&tenants).await.outcomes[0], &WARNINGS[1..]);
        assert_heard(&migrate(&tenants).await.outcomes[0], &[]);
    }
}

#[tokio::test]
async fn migrations_outside_a_transaction_are_heard_alike() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().outside(WARN).with(NOTE).outside(NOTE);
    let tenants = set_up(&database, &stream, loud()).await;
    let expected = [
        "WARNING look: 42 @01 up.sql:1",
        "NOTICE by the way @02 up.sql:1",
        "INFO as well @02 up.sql:1",
        "NOTICE by the way @03 up.sql:1",
        "INFO as well @03 up.sql:1",
    ];
    assert_heard(&tenants.create(&name("acme")).await.unwrap(), &expected);
    let schema = "CREATE SCHEMA beta; INSERT INTO schema_tracker (name) VALUES ('beta')";
    database.execute(schema).await;
    assert_heard(outcome(&migrate(&tenants).await, "beta"), &expected);
}

#[tokio::test]
async fn public_migrations_are_heard_alike() {
    let database = TestDatabase::new().await;
    let (public, none) = (talkative(), Stream::new());
    let migrations = Migrations {
        public: public.set(),
        tenant: none.set(),
    };
    let url = Database::parse(&database.url()).unwrap();
    let tenants = Tenants::open(url, migrations, loud()).await.unwrap();
    let done = tenants.migrate_public().await.unwrap();
    assert_eq!(told(&done.messages), ALL);
    let done = tenants.migrate_public().await.unwrap();
    assert!(done.messages.is_empty(), "{done:?}");
}

#[tokio::test]
async fn a_pooler_passes_on_what_is_said() {
    let database = TestDatabase::new().await;
    let pooler = PgBouncer::start(&database, 2);
    let tenants = at(behind(&pooler), &talkative(), loud()).await;
    tenants.migrate_public().await.unwrap();
    create(&tenants, &["a", "b", "c"]).await;
    let schema = "CREATE SCHEMA d; INSERT INTO schema_tracker (name) VALUES ('d')";
    database.execute(schema).await;
    let report = migrate(&tenants).await;
    assert_heard(outcome(&report, "d"), &ALL);
    assert_heard(outcome(&report, "a"), &[]);
}

#[tokio::test]
async fn a_name_that_is_cut_is_told_with_its_statement() {
    let long = "n".repeat(70);
    let first = format!("CREATE TABLE t (a int);\nALTER TABLE t ADD COLUMN {long} int;");
    let second = format!("SELECT 1;\n\nCREATE INDEX \"{long}\" ON t (a);\nSELECT '{long}';");
    for outside in [false, true] {
        let database = TestDatabase::new().await;
        let stream = Stream::new().with("SELECT 1").with(&first);
        let stream = if outside {
            stream.outside(&second)
        } else {
            stream.with(&second)
        };
        let tenants = set_up(&database, &stream, loud()).await;
        let made = tenants.create(&name("acme")).await.unwrap();
        let cut = "n".repeat(63);
        let text = format!("NOTICE identifier \"{long}\" will be truncated to \"{cut}\"");
        let expected = [
            format!("{text} @02 up.sql:2"),
            format!("{text} @03 up.sql:3"),
        ];
        assert_eq!(told(&made.messages), expected);
    }
}

#[tokio::test]
async fn our_own_steps_say_nothing() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().outside("SELECT 1").with("CREATE TABLE t ();");
    let tenants = set_up(&database, &stream, loud()).await;
    // Its table of migrations is there, and is to be made if it is not.
    let schema = "CREATE SCHEMA acme; INSERT INTO schema_tracker (name) VALUES ('acme'); \
                  CREATE TABLE acme.__diesel_schema_migrations \
                  (version varchar(50) PRIMARY KEY, run_on timestamp DEFAULT now())";
    database.execute(schema).await;
    let report = migrate(&tenants).await;
    assert_eq!(report.count(Status::Migrated), 1);
    assert_heard(outcome(&report, "acme"), &[]);
    assert_heard(outcome(&rollback(&tenants).await, "acme"), &[]);
}

#[tokio::test]
async fn what_is_the_migrations_own_notice_is_heard() {
    let database = TestDatabase::new().await;
    let up = "DROP TABLE IF EXISTS nothing_such;\nCREATE TABLE t (id int);\nCREATE TABLE IF NOT \
              EXISTS t ();\nCREATE TABLE s (t int);CREATE VIEW v AS SELECT t FROM s;\nDROP TABLE s CASCADE;";
    let tenants = set_up(&database, &Stream::new().with(up), loud()).await;
    let expected = [
        "NOTICE table \"nothing_such\" does not exist, skipping @01 up.sql:1",
        "NOTICE relation \"t\" already exists, skipping @01 up.sql:3",
        "NOTICE drop cascades to view v @01 up.sql:5",
    ];
    assert_heard(&tenants.create(&name("acme")).await.unwrap(), &expected);
}

#[tokio::test]
async fn a_failure_comes_with_what_was_said_before_it() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&set_up(&database, &stream, loud()).await, &["acme"]).await;
    let stream = stream.with(&format!("{WARN}\nSELECT 1 / 0;"));
    let tenants = open(&database, &stream, Settings::default()).await;
    let report = migrate(&tenants).await;
    let failed = outcome(&report, "acme");
    assert_eq!(failed.status, Status::Failed);
    assert_heard(failed, &["WARNING look: 42 @03 up.sql:1"]);
}

#[tokio::test]
async fn an_error_of_one_call_has_what_was_said_before_it() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(&format!("{WARN}\nSELECT 1 / 0;"));
    let tenants = set_up(&database, &stream, loud()).await;
    let Err(Error::Migration(failure)) = tenants.create(&name("acme")).await else {
        panic!()
    };
    assert_eq!(told(&failure.messages), ["WARNING look: 42 @01 up.sql:1"]);
}

#[tokio::test]
async fn another_attempt_begins_anew() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&set_up(&database, &stream, loud()).await, &["acme"]).await;
    // It fails twice as if a lock had not been to be had, and a sequence is not rolled back.
    let up = format!(
        "{WARN} SELECT CASE WHEN nextval('public.attempts') < 3 \
         THEN public.lose() END; {WARN}"
    );
    database
        .execute(
            "CREATE SEQUENCE public.attempts; CREATE FUNCTION public.lose() RETURNS int \
             LANGUAGE plpgsql AS $$ BEGIN RAISE 'lost' USING ERRCODE = '40P01'; END $$",
        )
        .await;
    for outside in [false, true] {
        database
            .execute("SELECT setval('public.attempts', 1)")
            .await;
        let stream = two_steps();
        let stream = if outside {
            stream.outside(WARN).with(&up)
        } else {
            stream.with("SELECT 1").with(&up)
        };
        let tenants = open(&database, &stream, Settings::default()).await;
        let report = migrate(&tenants).await;
        let acme = outcome(&report, "acme");
        let mut expected = vec!["WARNING look: 42 @04 up.sql:1"; 2];
        if outside {
            expected.insert(0, "WARNING look: 42 @03 up.sql:1");
        }
        assert_eq!(acme.status, Status::Migrated, "{acme:?}");
        assert_heard(acme, &expected);
        let ledger = "DELETE FROM acme.__diesel_schema_migrations WHERE version > '202602029'; \
                      UPDATE schema_tracker SET fingerprints = '{}'";
        database.execute(ledger).await;
    }
}

#[tokio::test]
async fn no_more_is_kept_than_there_is_room_for_and_the_rest_is_counted() {
    let database = TestDatabase::new().await;
    let up = "DO $$ BEGIN FOR i IN 1..5000 LOOP RAISE NOTICE '%', i; END LOOP; \
              RAISE WARNING '%', repeat('\u{e9}', 20000); \
              FOR i IN 1..150 LOOP RAISE WARNING '%', i; END LOOP; END $$;";
    let stream = Stream::new().with(up);
    let tenants = set_up(&database, &stream, loud()).await;
    let made = tenants.create(&name("acme")).await.unwrap();
    let (warnings, notices): (Vec<_>, Vec<_>) =
        made.messages.iter().partition(|one| one.is_warning());
    assert_eq!((warnings.len(), notices.len()), (100, 100));
    assert_eq!(made.messages_left_out, 5000 - 100 + 151 - 100);
    assert_eq!(notices[99].text, "100");
    assert!(warnings[0].text.len() <= 10_003);
    let quiet = open(&database, &stream, Settings::default()).await;
    let made = quiet.create(&name("beta")).await.unwrap();
    assert_eq!((made.messages.len(), made.messages_left_out), (100, 51));
}

#[tokio::test]
async fn what_is_said_is_an_event_too_without_what_may_be_data() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(&format!("{WARN}DROP TABLE IF EXISTS nothing_such;"));
    let tenants = set_up(&database, &stream, loud()).await;
    let ear = Ear::open();
    tenants.create(&name("acme")).await.unwrap();
    let said = ear.said("migration said");
    let [warning, notice] = said.as_slice() else {
        panic!("{said:#?}")
    };
    assert_eq!((warning.level, notice.level), (Level::WARN, Level::DEBUG));
    assert_eq!(warning.field("tenant"), "acme");
    assert_eq!(warning.field("migration"), "2026-02-01-000000_step");
    assert_eq!(warning.field("severity"), "WARNING");
    assert_eq!(warning.field("sqlstate"), "01ABC");
    assert_eq!(warning.field("line"), "1");
    // A value may stand in it, and a log is read by others.
    assert!(!warning.fields.contains_key("text"), "{warning:?}");
    let text = "table \"nothing_such\" does not exist, skipping";
    assert_eq!(notice.field("text"), text);
}

#[tokio::test]
async fn a_listener_of_notifications_is_no_notice() {
    let database = TestDatabase::new().await;
    let up = "LISTEN here; NOTIFY here, 'something'; SELECT 1;";
    let tenants = set_up(&database, &Stream::new().with(up), loud()).await;
    assert_heard(&tenants.create(&name("acme")).await.unwrap(), &[]);
}
