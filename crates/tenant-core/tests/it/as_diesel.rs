//! A stream makes the same of a schema with this library as with Diesel's own harness.
//!
//! The streams are woven of topics, each of which leaves something behind that a later
//! migration of the same topic would trip over. The reference is Diesel, one deployment
//! at a time, each on a connection of its own whose path leads to the schema.

mod catalog;
mod topics;

use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, SimpleAsyncConnection};
use diesel_migrations::MigrationHarness;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use tenant_core::{Database, Settings, Status, Tenants, TransactionMode};
use test_support::{TestDatabase, rounds};

use crate::fixture::{Stream, migrate, name, open_at, outcome};
use catalog::contents;
use topics::{Topic, topics};

/// Diesel's harness on a connection of its own.
async fn diesel(url: &str, schema: &str) -> AsyncMigrationHarness<AsyncPgConnection> {
    let mut connection = Database::parse(url).unwrap().connect().await.unwrap();
    let path = format!("SET search_path TO {schema}");
    connection.batch_execute(&path).await.unwrap();
    AsyncMigrationHarness::new(connection)
}

/// The migrations of `topics`, mixed, each topic in its own order.
fn woven(topics: &[Topic], seed: u64) -> Vec<String> {
    let mut chance = StdRng::seed_from_u64(seed);
    let steps = topics.iter().enumerate();
    let mut turns = steps
        .flat_map(|(number, topic)| std::iter::repeat_n(number, topic.len()))
        .collect::<Vec<_>>();
    turns.shuffle(&mut chance);
    let mut rests = topics.iter().map(|topic| topic.iter()).collect::<Vec<_>>();
    let next = turns
        .into_iter()
        .filter_map(|turn| rests.get_mut(turn)?.next());
    next.cloned().collect()
}

/// The first `count` of `migrations`.
fn stream(migrations: &[String], count: usize) -> Stream {
    let migrations = migrations.iter().take(count);
    migrations.fold(Stream::new(), |stream, up| stream.with(up))
}

/// A server's or a role's settings, and who runs the migrations.
struct Place {
    database: TestDatabase,
    url: String,
    app: String,
    _roles: Vec<test_support::Role>,
}

impl Place {
    /// As the superuser or as an ordinary owner.
    async fn new(settings: &[&str], is_ordinary: bool) -> Self {
        let database = TestDatabase::new().await;
        let app = database.role("secret").await;
        let owner = database.role("secret").await;
        let (database_name, owner_name) = (database.name(), owner.name());
        database
            .execute(&format!(
                // For spares it has to be tried what the stream makes, and in PostgreSQL 15
                // that does not fit in one transaction.
                "ALTER ROLE {owner_name} CREATEDB; GRANT {} TO {owner_name}; \
                 GRANT ALL ON DATABASE {database_name} TO {owner_name}; \
                 GRANT ALL ON SCHEMA public TO {owner_name}",
                app.name()
            ))
            .await;
        for setting in settings {
            let sql = format!("ALTER DATABASE {database_name} SET {setting}");
            database.execute(&sql).await;
        }
        let url = if is_ordinary {
            owner.url()
        } else {
            database.url()
        };
        Self {
            url,
            app: app.name().to_owned(),
            database,
            _roles: vec![app, owner],
        }
    }

    async fn open(&self, stream: &Stream, transaction: TransactionMode) -> Tenants {
        let settings = Settings {
            transaction,
            ..Settings::default()
        };
        open_at(&self.url, stream, settings).await
    }

    /// What Diesel makes of `migrations`, one deployment at a time.
    async fn by_diesel(&self, migrations: &[String], schema: &str) -> Vec<String> {
        let mut connection = Database::parse(&self.url).unwrap().connect().await.unwrap();
        let create = format!("CREATE SCHEMA {schema}");
        connection.batch_execute(&create).await.unwrap();
        let stream = stream(migrations, migrations.len());
        for _ in migrations {
            let mut harness = diesel(&self.url, schema).await;
            harness.run_next_migration(stream.source()).unwrap();
        }
        contents(&self.database, schema).await
    }

    /// What this library makes of them, in each of its ways.
    async fn by_us(&self, migrations: &[String]) -> Vec<(&'static str, Vec<String>)> {
        let all = stream(migrations, migrations.len());
        let third = stream(migrations, migrations.len() / 3);
        let all_at_once = self.open(&all, TransactionMode::Schema).await;
        all_at_once.migrate_public().await.unwrap();
        all_at_once.create(&name("new")).await.unwrap();
        let each = self.open(&all, TransactionMode::Migration).await;
        each.create(&name("new_each")).await.unwrap();
        all_at_once.spares().keep(1).await.unwrap();
        assert!(all_at_once.create(&name("spare")).await.unwrap().from_spare);

        // A tenant that waits while others have begun, and is caught up at once.
        let empty = self.open(&Stream::new(), TransactionMode::Schema).await;
        empty.create(&name("empty")).await.unwrap();
        let early = self.open(&third, TransactionMode::Schema).await;
        early.create(&name("early")).await.unwrap();
        early.create(&name("early_each")).await.unwrap();
        early.create(&name("each_time")).await.unwrap();
        for count in migrations.len() / 3 + 1..=migrations.len() {
            let tenants = self
                .open(&stream(migrations, count), TransactionMode::Schema)
                .await;
            let report = tenants.migrate().only([name("each_time")]).await.unwrap();
            let done = outcome(&report, "each_time");
            assert_eq!(done.status, Status::Migrated, "{report:?}");
        }
        let report = each.migrate().only([name("early_each")]).await.unwrap();
        assert_eq!(report.count(Status::Migrated), 1, "{report:?}");
        let report = migrate(&all_at_once).await;
        assert_eq!(report.count(Status::Migrated), 2, "{report:?}");

        let mut made = Vec::new();
        for schema in [
            "new",
            "new_each",
            "spare",
            "empty",
            "early",
            "early_each",
            "each_time",
        ] {
            made.push((schema, contents(&self.database, schema).await));
        }
        made
    }

    /// Both make the same.
    async fn compare(&self, migrations: &[String]) {
        let expected = self.by_diesel(migrations, "diesels").await;
        for (schema, found) in self.by_us(migrations).await {
            let missing = expected.iter().filter(|line| !found.contains(line));
            let more = found.iter().filter(|line| !expected.contains(line));
            let (missing, more) = (missing.collect::<Vec<_>>(), more.collect::<Vec<_>>());
            let is_same = missing.is_empty() && more.is_empty();
            assert!(is_same, "{schema}: lacks {missing:#?}, has {more:#?}");
        }
    }
}

async fn compare_under(settings: &[&str], is_ordinary: bool) {
    for seed in 0..rounds(1, 12) {
        let place = Place::new(settings, is_ordinary).await;
        place
            .compare(&woven(&topics(&place.app), seed as u64))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_makes_the_same_as_with_diesel() {
    compare_under(&[], false).await;
}
#[tokio::test(flavor = "multi_thread")]
async fn it_does_in_another_zone_and_with_other_styles_for_an_ordinary_owner() {
    let settings = [
        "timezone = 'Europe/Zurich'",
        "datestyle = 'SQL, DMY'",
        "intervalstyle = 'sql_standard'",
        "default_transaction_isolation = 'serializable'",
    ];
    compare_under(&settings, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_does_on_the_other_side_of_the_world() {
    let settings = [
        "timezone = 'Pacific/Chatham'",
        "datestyle = 'German'",
        "intervalstyle = 'iso_8601'",
        "transform_null_equals = on",
        "check_function_bodies = off",
        "quote_all_identifiers = on",
        "default_transaction_isolation = 'repeatable read'",
    ];
    compare_under(&settings, false).await;
}
