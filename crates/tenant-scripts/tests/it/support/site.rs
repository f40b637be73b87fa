//! A place for faults: a server of its own, and runs on it that take long enough
//! to be met in the middle.

use std::thread::sleep;
use std::time::{Duration, Instant};

use local_postgres::ThrowawayServer;
use serde_json::Value;
use test_support::{Trials, own_server};

use super::whole::Versions;
use super::{Command, Database, Finished, Migrations};

/// How many migrations there are beside the project's own.
const MORE: usize = 4;

/// Tables as a product has them: keys that refer to each other, indexes, some
/// rows. `_N` becomes the number of the migration.
const TABLES: &str = "
CREATE TABLE accounts_N (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dummy UUID REFERENCES dummy_table (id),
    email TEXT NOT NULL UNIQUE,
    plan TEXT NOT NULL DEFAULT 'free' CHECK (plan <> '')
);
CREATE INDEX accounts_N_dummy ON accounts_N (dummy);
CREATE INDEX accounts_N_plan ON accounts_N (plan, email);
INSERT INTO accounts_N (email) SELECT 'user' || n || '@example.org' FROM generate_series(1, 20) n;
CREATE TABLE invoices_N (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account BIGINT NOT NULL REFERENCES accounts_N (id),
    cents BIGINT NOT NULL,
    due DATE
);
CREATE INDEX invoices_N_account ON invoices_N (account);
CREATE INDEX invoices_N_due ON invoices_N (due) WHERE due IS NOT NULL;
INSERT INTO invoices_N (account, cents) SELECT id, id * 100 FROM accounts_N;
ALTER TABLE dummy_table ADD COLUMN plan_N TEXT NOT NULL DEFAULT 'none';
";

/// The way back.
const WITHOUT_TABLES: &str = "
ALTER TABLE dummy_table DROP COLUMN plan_N;
DROP TABLE invoices_N;
DROP TABLE accounts_N;
";

/// The project's own migrations and more, all in a transaction.
pub(crate) fn more() -> Migrations {
    some_more(MORE)
}

/// The project's own migrations and so many more.
fn some_more(count: usize) -> Migrations {
    (1..=count).fold(Migrations::ours(), |migrations, number| {
        let name = format!("2026-02-{number:02}-000000_more");
        let numbered = |sql: &str| sql.replace("_N", &format!("_{number}"));
        let migrations = migrations.tenant(&name, &numbered(TABLES));
        migrations.back(&name, &numbered(WITHOUT_TABLES))
    })
}

/// A server, and what tenants on it may be like.
#[derive(Debug)]
pub(crate) struct Site {
    /// Databases are copied from this one, for a run each. In the beginning there
    /// is no tenant in it.
    pub(crate) template: Database,
    pub(crate) server: ThrowawayServer,
    /// What the tenants are to be migrated with.
    pub(crate) migrations: Migrations,
    /// What they are like before and after.
    pub(crate) versions: Versions,
}

impl Site {
    /// One where tenants have [`more`] migrations to come.
    pub(crate) async fn new() -> Self {
        Self::with(more()).await
    }

    /// One with other migrations to come, which begin with the project's own.
    pub(crate) async fn with(migrations: Migrations) -> Self {
        let server = own_server().start().unwrap();
        Self {
            template: Database::on(&server).await,
            versions: Versions::that(&server, &[&Migrations::ours(), &migrations]).await,
            server,
            migrations,
        }
    }

    /// The same, where a tenant may be left at each version on the way.
    pub(crate) async fn step_by_step() -> Self {
        let steps = (0..=MORE).map(some_more).collect::<Vec<_>>();
        let steps = steps.iter().collect::<Vec<_>>();
        let site = Self::new().await;
        let versions = Versions::that(&site.server, &steps).await;
        Self { versions, ..site }
    }

    /// A command with the migrations to come.
    pub(crate) fn command(&self, database: &Database, line: &str) -> Command {
        database.command(line).migrations(&self.migrations)
    }

    /// Runs such a command.
    pub(crate) fn run(&self, database: &Database, line: &str) -> Finished {
        self.command(database, line).run()
    }

    /// How long such a run takes that nothing happens to: the shorter of two, so
    /// that a moment of it is seldom one after its end.
    pub(crate) async fn time(&self, line: &str) -> Duration {
        self.time_once(line).await.min(self.time_once(line).await)
    }

    async fn time_once(&self, line: &str) -> Duration {
        let database = self.template.copy().await;
        let begun = Instant::now();
        self.run(&database, line).succeeds();
        begun.elapsed()
    }

    /// Starts a command, kills it at some moment of the `whole` time that it takes,
    /// and waits until the server is done with what it was sent.
    pub(crate) async fn kill(
        &self,
        trials: &mut Trials,
        database: &Database,
        line: &str,
        whole: Duration,
    ) {
        let running = self.command(database, line).start();
        sleep(trials.moment(whole));
        trials.count("kills", 1);
        let ended = running.kill();
        trials.count("hit a run under way", usize::from(ended.is_none()));
        if let Some(ended) = ended {
            ended.succeeds();
        }
        database.until_alone().await;
    }

    /// The tenants with nothing to do, and those that are behind.
    pub(crate) async fn split(&self, database: &Database) -> (Vec<String>, Vec<String>) {
        let dry = self.run(database, "migrate-tenants --dry-run --json");
        let document = dry.succeeds().json();
        (named(&document, "up_to_date"), named(&document, "skipped"))
    }

    /// Notes what is wrong in the database at a time.
    pub(crate) async fn look(&self, database: &Database, trials: &mut Trials, when: &str) {
        let wrong = self.versions.wrong_in(database).await;
        trials.wrong(when, &wrong);
    }

    /// In the end all is well, whatever happened before, with these tenants.
    pub(crate) async fn ends_well(&self, database: &Database, names: &[String]) {
        self.run(database, "health-check").succeeds();
        assert_eq!(database.tracked().await, names);
        assert_eq!(self.split(database).await, (names.to_vec(), Vec::new()));
    }
}

/// Names for that many tenants, in order.
pub(crate) fn names(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("tenant_{number:02}"))
        .collect()
}

/// The tenants that ended with `status`, in the document of a run; none when the
/// run failed as a whole.
pub(crate) fn named(document: &Value, status: &str) -> Vec<String> {
    let tenants = document["tenants"].as_array().into_iter().flatten();
    let those = tenants.filter(|tenant| tenant["status"] == status);
    let names = those.map(|tenant| tenant["name"].as_str().unwrap().to_owned());
    names.collect()
}
