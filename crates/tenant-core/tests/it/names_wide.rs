//! Names that need quotes, and names that were made to break out of them: through every call,
//! on a real database, and a million of them through the door that quotes.

use std::collections::BTreeSet;

use tenant_core::{
    Naming, Registry, Status, TenantName, Tenants, quote_ident as ident, quote_literal as literal,
};
use test_support::TestDatabase;

use crate::fixture::{Stream, tenants};

/// What was thought of, from other tools' reports and from the rules of PostgreSQL's scanner.
/// None has more than 52 bytes, so that there can be copies of each.
const HARD: [&str; 62] = [
    "cr\r\nX",
    "two  spaces",
    "big-bang",
    "2fast",
    "Acme",
    "ACME",
    "acme",
    "a.b",
    "a..b",
    ".",
    "a b",
    " a",
    "a ",
    " ",
    "a\"b",
    "\"",
    "\"\"",
    "\"a\"",
    "a'b",
    "'",
    "''",
    "a''b'",
    "a\\b",
    "\\",
    "\\'",
    "\\\"",
    "a'; DROP SCHEMA public CASCADE; --",
    "a\"; DROP SCHEMA public CASCADE; --",
    "\"; DROP TABLE schema_tracker; --",
    "'); DELETE FROM schema_tracker; --",
    "$$",
    "$a$",
    "a$1",
    "$1",
    "$$; DROP SCHEMA public CASCADE; $$",
    "{name}",
    "{}",
    "{0}{1}",
    "%I",
    "%s%L",
    "%",
    "_",
    "a_b",
    "a%b",
    "--",
    "/*",
    "*/",
    "a/*b*/",
    ";",
    "a,b",
    "(a)",
    "select",
    "user",
    "null",
    "été",
    "Ünïcödé",
    "東京",
    "🦀",
    "a\nb",
    "a\tb",
    "\u{1b}[31mred",
    "E'\\x41'",
];

/// Migrations that use the schema's name, and leave objects of many kinds.
fn stream() -> Stream {
    Stream::new()
        .with(
            "CREATE TYPE mood AS ENUM ('good', 'bad');
             CREATE TABLE boards (id serial PRIMARY KEY, title text NOT NULL);
             CREATE TABLE tasks (id int PRIMARY KEY, title text, mood mood DEFAULT 'good',
                 board int REFERENCES boards);
             CREATE VIEW good AS SELECT * FROM tasks WHERE mood = 'good';
             CREATE FUNCTION open_tasks() RETURNS bigint LANGUAGE sql SET search_path FROM CURRENT
                 AS 'SELECT count(*) FROM tasks';",
        )
        .back(
            "DROP FUNCTION open_tasks(); DROP VIEW good; DROP TABLE tasks; DROP TABLE boards;
             DROP TYPE mood;",
        )
        .with("ALTER TABLE tasks ADD COLUMN due date; CREATE INDEX by_due ON tasks (due);")
        .back("ALTER TABLE tasks DROP COLUMN due;")
}

async fn fleet(database: &TestDatabase, template: &str) -> Tenants {
    let naming = Naming::template(template).unwrap();
    let naming = naming.allowing("(?s).+").unwrap();
    let tenants = tenants(database, &stream()).await;
    let listed = tenants.listed_in(Registry::default().naming(naming));
    listed.await.unwrap()
}

fn hard(tenants: &Tenants) -> Vec<TenantName> {
    HARD.map(|text| tenants.name(text).unwrap()).to_vec()
}

/// The schemas beside those of the database itself.
async fn schemas(database: &TestDatabase) -> BTreeSet<String> {
    let own = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' \
         AND nspname NOT IN ('public', 'information_schema')";
    database.column(own).await.into_iter().collect()
}

async fn assert_healthy(tenants: &Tenants) {
    let health = tenants.health().await.unwrap();
    assert!(health.problems.is_empty(), "{:?}", health.problems);
}

fn assert_all(report: &tenant_core::FleetReport, status: Status) {
    let failed = report.outcomes.iter().find(|it| it.status != status);
    assert!(failed.is_none(), "{failed:?}");
    assert_eq!(report.outcomes.len(), HARD.len());
}

/// Each tenant gets a row that says whose it is.
async fn mark(database: &TestDatabase, naming: &Naming, names: &[TenantName]) {
    for name in names {
        let schema = ident(naming.schema_of(name).unwrap().as_str());
        let title = literal(name.as_str());
        let insert = format!("INSERT INTO {schema}.tasks (id, title) VALUES (1, {title})");
        database.execute(&insert).await;
    }
}

async fn live(template: &str) {
    let database = TestDatabase::new().await;
    let tenants = fleet(&database, template).await;
    let naming = tenants.registry().names().clone();
    let names = hard(&tenants);
    assert_all(
        &tenants.create_many(names.clone()).await.unwrap(),
        Status::Created,
    );
    let expected = |names: &[TenantName]| {
        let schemas = names.iter().map(|name| naming.schema_of(name).unwrap());
        schemas.map(String::from).collect::<BTreeSet<_>>()
    };
    assert_eq!(schemas(&database).await, expected(&names));
    mark(&database, &naming, &names).await;
    let listed = tenants.list().await.unwrap();
    assert!(
        listed
            .iter()
            .all(|it| it.error.is_none() && it.pending == Some(0)),
        "{listed:?}"
    );
    assert_eq!(listed.len(), HARD.len());
    assert_healthy(&tenants).await;

    let pool = tenants.pool().size(2).open().await.unwrap();
    for name in names.iter().chain(&names) {
        let own = pool.tenant(name).on_driver().await.unwrap();
        let row = own
            .query_typed_one("SELECT title, open_tasks() FROM tasks", &[])
            .await
            .unwrap();
        assert_eq!(
            (row.get::<_, String>(0), row.get::<_, i64>(1)),
            (name.to_string(), 1)
        );
        own.end();
        pool.tenant(name).await.unwrap().commit().await.unwrap();
    }

    let back = tenants.plan_rollback().await.unwrap();
    assert_all(&tenants.rollback(back).await.unwrap(), Status::Reverted);
    assert_all(&tenants.migrate().await.unwrap(), Status::Migrated);
    for (name, one) in names.iter().zip(1..) {
        let new = tenants.name(&format!("{one:02}-\"'{name}")).unwrap();
        tenants.rename(name, &new).await.unwrap();
        let title = format!(
            "SELECT title FROM {}.good",
            ident(naming.schema_of(&new).unwrap().as_str())
        );
        assert_eq!(database.value(&title).await, name.to_string());
        tenants.rename(&new, name).await.unwrap();
    }
    assert_healthy(&tenants).await;
    for name in &names {
        assert_eq!(
            tenants.contents(name).await.unwrap().tables.len(),
            2,
            "{name}"
        );
        tenants.drop_tenant(name).await.unwrap();
    }
    assert_eq!(schemas(&database).await, BTreeSet::new());
    assert!(tenants.list().await.unwrap().is_empty());
}

#[tokio::test]
async fn hard_names_live_in_schemas_of_the_same_name() {
    live("{name}").await;
}

#[tokio::test]
async fn hard_names_live_in_schemas_with_something_hard_around_them() {
    live("o\"r'g_{name}$").await;
}

#[tokio::test]
async fn tenants_with_hard_names_are_repaired_cloned_lost_and_adopted() {
    let database = TestDatabase::new().await;
    let tenants = fleet(&database, "org-{name}").await;
    let naming = tenants.registry().names().clone();
    let names = hard(&tenants);
    assert_all(
        &tenants.create_many(names.clone()).await.unwrap(),
        Status::Created,
    );
    mark(&database, &naming, &names).await;
    let schema = |name: &TenantName| ident(naming.schema_of(name).unwrap().as_str());
    for name in &names {
        let schema = schema(name);
        let damage = format!(
            "DROP VIEW {schema}.good;
             ALTER TABLE {schema}.tasks DROP COLUMN due, ADD COLUMN extra int"
        );
        database.execute(&damage).await;
    }
    let health = tenants.health().await.unwrap();
    assert!(
        health.problems.len() >= 3 * names.len(),
        "{}",
        health.problems.len()
    );
    for problem in &health.problems {
        // What is extra goes by the SQL that people are shown, the rest by a repair.
        if problem.kind.code() == "extra_object" {
            for statement in problem.sql(tenants.registry()) {
                database.execute(&statement).await;
            }
        }
        assert!(!problem.remedies(tenants.registry()).is_empty());
    }
    for name in &names {
        let repair = tenants.repair(name).await.unwrap();
        assert!(repair.left.is_empty(), "{name}: {repair:?}");
    }
    assert_healthy(&tenants).await;

    let copies = names.iter().zip(1..).map(|(name, one)| {
        let copy = tenants.name(&format!("{one:02};'{name}")).unwrap();
        (name, copy)
    });
    let copies = copies.collect::<Vec<_>>();
    for (name, copy) in &copies {
        tenants.clone_tenant(name, copy).await.unwrap();
        let title = format!("SELECT title FROM {}.tasks", schema(copy));
        assert_eq!(database.value(&title).await, name.to_string());
        tenants.drop_tenant(copy).await.unwrap();
    }

    // All are lost from the list, found by what they are called, and adopted again.
    database.execute("DELETE FROM schema_tracker").await;
    let health = tenants.health().await.unwrap();
    assert_eq!(health.problems.len(), names.len(), "{:?}", health.problems);
    for name in &names {
        tenants.adopt(name).await.unwrap();
    }
    assert_healthy(&tenants).await;

    tenants.spares().keep(5).await.unwrap();
    for (_, copy) in copies.iter().skip(20).take(5) {
        assert!(tenants.create(copy).await.unwrap().from_spare, "{copy}");
    }
    assert_healthy(&tenants).await;
}

/// Numbers that look random, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % below
    }

    /// A name of pieces that mean something to a scanner, and of any letters.
    fn name(&mut self) -> TenantName {
        const PIECES: [&str; 24] = [
            "\"", "'", "\\", "$", "$$", ";", "--", "/*", "*/", "\n", "\r", "\t", " ", ".", "a",
            "E'", "U&\"", "\u{1}", "\u{7f}", "é", "東", "🦀", "\u{202e}", "DROP ",
        ];
        let mut text = String::new();
        let wanted = 1 + self.next(12);
        for _ in 0..wanted {
            let piece = PIECES.get(self.next(PIECES.len())).unwrap();
            if text.len() + piece.len() <= 63 {
                text.push_str(piece);
            }
        }
        TenantName::quoted(&text).unwrap()
    }
}

/// What PostgreSQL's scanner takes for the name in a quoted identifier that begins here, and
/// what follows it.
///
/// Source: PostgreSQL manual, "Lexical Structure".
fn scanned(quoted: &str, quote: char) -> Option<(String, &str)> {
    let mut rest = quoted.strip_prefix(quote)?;
    let mut text = String::new();
    loop {
        let (before, after) = rest.split_once(quote)?;
        text.push_str(before);
        match after.strip_prefix(quote) {
            Some(after) => {
                text.push(quote);
                rest = after;
            }
            None => return Some((text, after)),
        }
    }
}

#[test]
fn of_a_million_names_none_breaks_out_of_its_quotes() {
    let mut numbers = Numbers(0x5eed_cafe_f00d_0001);
    for _ in 0..1_000_000 {
        let name = numbers.name();
        let name = name.as_str();
        assert_eq!(scanned(&ident(name), '"'), Some((name.to_owned(), "")));
        let quoted = literal(name);
        // With a backslash it is one of the form in which that is escaped.
        let scanned = match quoted.trim_start().strip_prefix('E') {
            Some(escaped) => {
                let doubled = scanned(escaped, '\'');
                doubled.map(|(text, rest)| (text.replace("\\\\", "\\"), rest))
            }
            None => scanned(&quoted, '\''),
        };
        assert_eq!(scanned, Some((name.to_owned(), "")), "{quoted}");
    }
}

#[tokio::test]
async fn the_server_reads_twenty_thousand_of_them_as_they_were_written() {
    let database = TestDatabase::new().await;
    let client = database.client().await;
    let mut numbers = Numbers(0x5eed_cafe_f00d_0002);
    for _ in 0..20 {
        let names = (0..1_000).map(|_| numbers.name()).collect::<Vec<_>>();
        let columns = names.iter().map(|name| {
            let (value, column) = (literal(name.as_str()), ident(name.as_str()));
            format!("{value}::text AS {column}")
        });
        let sql = format!("SELECT {}", columns.collect::<Vec<_>>().join(", "));
        let row = client.query_one(&sql, &[]).await.unwrap();
        for (at, name) in names.iter().enumerate() {
            assert_eq!(row.columns()[at].name(), name.as_str());
            assert_eq!(row.get::<_, &str>(at), name.as_str());
        }
    }
}
