//! What no event may hold.

use tenant_core::{Database, Migrations, Settings, Tenants};
use test_support::TestDatabase;

use crate::capture::Ear;
use crate::events::fields;
use crate::fixture::{Stream, chain, create, migrate, name, open, tenants, two_steps};

/// What stands for a secret in the migrations, the rows and the URL of a test.
const SECRET: &str = "hunter2";

/// Fails when something that was told has a secret, a URL or a statement in it.
fn assert_nothing_is_given_away(ear: &Ear) {
    for one in ear.events().iter().chain(&ear.spans()) {
        let text = format!("{one:?}");
        for secret in [SECRET, "postgres://", "INSERT", "CREATE", "SELECT"] {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
    }
}

#[tokio::test]
async fn no_event_holds_a_statement_a_value_or_a_password() {
    let database = TestDatabase::new().await;
    let first =
        "CREATE TABLE notes (text text); INSERT INTO notes VALUES ('hunter2'), ('hunter2');";
    let stream = Stream::new().with(first);
    create(&tenants(&database, &stream).await, &["acme"]).await;
    let failing = [
        ("42601", "SELECT hunter2 hunter2 hunter2;"),
        ("42601", "CREATE ROLE anybody PASSWORD \"hunter2\";"),
        ("22P02", "SELECT 'hunter2'::int;"),
        (
            "22P02",
            "ALTER TABLE notes ALTER text TYPE int USING text::int;",
        ),
        ("23505", "CREATE UNIQUE INDEX one ON notes (text);"),
        ("P0001", "DO $$ BEGIN RAISE EXCEPTION 'hunter2'; END $$;"),
        (
            "23514",
            "DO $$ BEGIN RAISE 'hunter2' USING ERRCODE = '23514', HINT = 'hunter2'; END $$;",
        ),
        ("42883", "SELECT nothing_such('hunter2');"),
        ("38000", "COPY notes FROM PROGRAM 'exit 1 # hunter2';"),
        (
            "42P01",
            "DO $$ BEGIN INSERT INTO nowhere VALUES ('hunter2'); END $$;",
        ),
    ];
    for (sqlstate, statement) in failing {
        let stream = Stream::new().with(first).with(statement);
        let tenants = open(&database, &stream, Settings::default()).await;
        let ear = Ear::open();
        let report = migrate(&tenants).await;
        tenants.create(&name("globex")).await.unwrap_err();
        let (_, error) = report.failures().next().unwrap();
        assert!(chain(error).contains(SECRET), "{}", chain(error));
        let ended = ear.said("schema ended");
        assert_eq!(fields(&ended, "sqlstate"), [sqlstate; 2], "{statement}");
        assert_nothing_is_given_away(&ear);
    }
}

#[tokio::test]
async fn no_event_holds_a_url_or_its_password() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    let role = database.role(SECRET).await;
    let sets = || Migrations {
        public: Stream::new().set(),
        tenant: stream.set(),
    };
    let nowhere = role.url().replace(database.name(), "no_such_database");
    let ear = Ear::open();
    for url in [role.url(), nowhere] {
        let url = url.replacen('@', &format!(":{SECRET}@"), 1);
        let database = Database::parse(&url).unwrap();
        if let Ok(tenants) = Tenants::open(database, sets(), Settings::default()).await {
            tenants.list().await.unwrap_err();
            tenants.create(&name("globex")).await.unwrap_err();
        }
    }
    let failed = ear.said("call ended");
    assert_eq!(fields(&failed, "call"), ["open", "list", "open"]);
    assert_eq!(fields(&failed, "sqlstate"), ["", "42501", "3D000"]);
    assert_eq!(ear.said("schema ended").len(), 1);
    assert_nothing_is_given_away(&ear);
}
