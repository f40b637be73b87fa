//! Everything works the same whatever settings the database or the role has: each one that
//! PostgreSQL lets them set, at its extremes.
//!
//! The settings are tried some at a time. Where the result differs, each is tried by
//! itself, and the message names it. With `--long` each is tried by itself at once.

use std::fmt::Write as _;

use futures_util::{StreamExt, stream};
use tenant_core::{Database, Error, MigrationSet, Migrations, RollbackTo, Settings, Tenants};
use test_support::TestDatabase;
use tokio_postgres::Client;

use crate::fixture::{Stream, chain, name};
use crate::session::operator;

/// How many are tried together.
const TOGETHER: usize = 20;

/// How many databases there are at a time.
const AT_A_TIME: usize = 4;

/// Settings that are not tried, by the beginning of their name, and why.
const LEFT_OUT: [(&str, &str); 23] = [
    ("debug_", "for PostgreSQL's own developers"),
    ("trace_", "for PostgreSQL's own developers"),
    ("log_", "what the server writes to its log"),
    ("auto_explain", "what the server writes to its log"),
    ("jit", "makes the machine slow"),
    ("geqo_", "makes the machine slow"),
    ("backtrace_functions", "what the server writes to its log"),
    ("post_auth_delay", "makes the machine slow"),
    ("commit_delay", "makes the machine slow"),
    ("vacuum_cost_", "makes the machine slow"),
    ("wal_consistency_checking", "makes the machine slow"),
    ("ignore_system_indexes", "makes the machine slow"),
    ("zero_damaged_pages", "destroys data"),
    ("ignore_checksum_failure", "destroys data"),
    ("allow_system_table_mods", "destroys data"),
    ("session_preload_libraries", "loads other people's code"),
    ("local_preload_libraries", "loads other people's code"),
    ("dynamic_library_path", "the server doesn't find PL/pgSQL"),
    // These change what SQL means, for Diesel as well.
    ("session_replication_role", "triggers don't fire"),
    ("transform_null_equals", "conditions mean something else"),
    ("gin_fuzzy_search_limit", "queries leave out rows"),
    (
        "default_tablespace",
        "where tables are is what was asked for",
    ),
    ("role", "the role is another one"),
];

/// What is refused, with a part of the error: a clear refusal is right as well.
const REFUSED: [(&str, &str, &str); 1] = [(
    "standard_conforming_strings",
    "off",
    "standard_conforming_strings = off",
)];

/// Values of settings that are texts.
const TEXTS: [(&str, &[&str]); 10] = [
    ("search_path", &["nowhere", "pg_catalog", "public"]),
    ("DateStyle", &["German", "SQL, DMY", "Postgres, YMD"]),
    (
        "TimeZone",
        &["Europe/Zurich", "America/St_Johns", "Asia/Tokyo"],
    ),
    ("timezone_abbreviations", &["Australia", "India"]),
    ("client_encoding", &["LATIN1", "SQL_ASCII", "EUC_JP"]),
    ("default_text_search_config", &["pg_catalog.german"]),
    ("default_table_access_method", &["heap"]),
    ("application_name", &["", "it's \"odd\""]),
    ("temp_tablespaces", &[""]),
    ("lc_messages", &["C"]),
];

/// A setting and a value of it.
#[derive(Debug, Clone)]
struct Trial {
    name: String,
    value: String,
}

/// All trials, in rounds: in each a setting comes once.
async fn rounds(client: &Client) -> Vec<Vec<Trial>> {
    let sql = "SELECT name, vartype, min_val, max_val, enumvals::text[] FROM pg_settings \
               WHERE context IN ('user', 'superuser') AND name !~ '^transaction_(deferrable|isolation|read_only)$' \
               AND name <> ALL (ARRAY['session_authorization', 'seed', 'is_superuser']) \
               ORDER BY name";
    let mut rounds = Vec::<Vec<Trial>>::new();
    for row in client.query(sql, &[]).await.unwrap() {
        let (name, kind): (String, String) = (row.get(0), row.get(1));
        if LEFT_OUT.iter().any(|(left, _)| name.starts_with(left)) {
            continue;
        }
        let values = match kind.as_str() {
            "bool" => vec!["on".to_owned(), "off".to_owned()],
            "enum" => row.get(4),
            "string" => {
                let texts = TEXTS.iter().find(|(text, _)| *text == name);
                let texts = texts.map_or(&[][..], |(_, values)| *values);
                texts.iter().map(ToString::to_string).collect()
            }
            _ => vec![row.get(2), row.get(3)],
        };
        for (round, value) in values.into_iter().enumerate() {
            if rounds.len() <= round {
                rounds.push(Vec::new());
            }
            let name = name.clone();
            let trial = Trial { name, value };
            rounds.get_mut(round).unwrap().push(trial);
        }
    }
    rounds
}

/// A bit of everything, in SQL that means the same in each session.
fn stream() -> Stream {
    Stream::new()
        .with(
            "CREATE TYPE state AS ENUM ('open', 'done'); \
             CREATE TABLE \"Order\" (id int PRIMARY KEY, note text DEFAULT 'it''s \\ odd', \
                 state state DEFAULT 'open', at timestamptz DEFAULT '2026-07-01 12:00', \
                 amount float8 DEFAULT 0.1, raw bytea DEFAULT '\\x00ff', \
                 span interval DEFAULT '1 day 02:00', tags text[] DEFAULT ARRAY['a', 'b'], \
                 CHECK (note NOT LIKE 'x%')); \
             CREATE TABLE line (id int PRIMARY KEY, of int REFERENCES \"Order\", changed int DEFAULT 0); \
             CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS $$ \
                 BEGIN NEW.changed := OLD.changed + 1; RETURN NEW; END $$; \
             CREATE TRIGGER changed BEFORE UPDATE ON line FOR EACH ROW EXECUTE FUNCTION count_change(); \
             CREATE VIEW open_orders AS SELECT id, \"Order\".note FROM \"Order\" WHERE state = 'open'; \
             INSERT INTO \"Order\" (id) VALUES (1), (2); INSERT INTO line VALUES (1, 1);",
        )
        .back(
            "DROP VIEW open_orders; DROP TABLE line, \"Order\"; DROP FUNCTION count_change(); \
             DROP TYPE state;",
        )
}

fn longer() -> Stream {
    stream()
        .with(
            "ALTER TABLE \"Order\" ADD COLUMN \"left\" int GENERATED ALWAYS AS (id * 2) STORED; \
             UPDATE line SET of = 2; CREATE TABLE log (at timestamptz NOT NULL) PARTITION BY RANGE (at); \
             CREATE TABLE log_july PARTITION OF log FOR VALUES FROM ('2026-07-01') TO ('2026-08-01'); \
             INSERT INTO log VALUES ('2026-07-31 23:30');",
        )
        .back("DROP TABLE log; ALTER TABLE \"Order\" DROP COLUMN \"left\";")
        .outside("CREATE INDEX CONCURRENTLY line_of ON line (of);")
        .back("DROP INDEX CONCURRENTLY line_of;")
}

async fn opened(url: &str, stream: &Stream) -> Result<Tenants, Error> {
    let migrations = Migrations {
        public: MigrationSet::from_source(&schema_public::MIGRATIONS).unwrap(),
        tenant: stream.set(),
    };
    Tenants::open(Database::parse(url)?, migrations, Settings::default()).await
}

/// Everything that is in a tenant.
async fn dump(url: &str, tenant: &str) -> Result<String, Error> {
    let client = Database::parse(url)?.pinned_driver().await?;
    let uniform = "SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET bytea_output = 'hex'; \
                   SET extra_float_digits = 1; SET search_path = ''";
    client.batch_execute(uniform).await.unwrap();
    let mut dump = String::new();
    for table in ["\"Order\"", "line", "log", "open_orders"] {
        let sql = format!("SELECT jsonb_agg(to_jsonb(t) ORDER BY t)::text FROM {tenant}.{table} t");
        if let Ok(rows) = client.query_typed(&sql, &[]).await {
            let rows = rows
                .iter()
                .filter_map(|row| row.get::<_, Option<String>>(0));
            let rows = rows.collect::<String>();
            write!(dump, "{table}: {rows}; ").unwrap();
        }
    }
    Ok(dump)
}

/// Goes through all that can be done, and tells what came of it.
async fn story(url: &str) -> Result<Vec<String>, Error> {
    let mut told = Vec::new();
    let older = opened(url, &stream()).await?;
    older.migrate_public().await?;
    for tenant in ["acme", "globex"] {
        older.create(&name(tenant)).await?;
    }
    told.push(format!("{:?}", older.spares().keep(1).await?.ready));
    let tenants = opened(url, &longer()).await?;
    for outcome in tenants.migrate().await?.outcomes {
        if let Some(error) = outcome.error {
            return Err(error);
        }
        told.push(format!("{} {:?}", outcome.name, outcome.status));
    }
    tenants.create(&name("spare")).await?;
    let client = Database::parse(url)?.pinned_driver().await?;
    let damage = "ALTER TABLE globex.line DROP COLUMN changed; DROP TABLE globex.log";
    client.batch_execute(damage).await.unwrap();
    drop(client);
    let health = tenants.health().await?;
    let problems = health.problems.iter();
    told.extend(problems.map(|it| format!("{:?}: {}", it.tenant, it.kind)));
    tenants.repair(&name("globex")).await?;
    let health = tenants.health().await?;
    told.push(format!("{} {:?}", health.is_healthy(), health.as_expected));
    told.push(dump(url, "acme").await?);
    let plan = tenants.plan_rollback().to(RollbackTo::Nothing).await?;
    told.push(format!(
        "{:?}",
        plan.loss().map(|lost| {
            let lost = lost.iter();
            lost.map(|it| (it.table.clone(), it.column.clone(), it.tenants))
                .collect::<Vec<_>>()
        })
    ));
    for outcome in tenants
        .rollback(tenants.plan_rollback().await?)
        .await?
        .outcomes
    {
        if let Some(error) = outcome.error {
            return Err(error);
        }
        told.push(format!("{} {:?}", outcome.name, outcome.reverted));
    }
    tenants.migrate().await?;
    tenants.rename(&name("globex"), &name("initech")).await?;
    tenants.clone_tenant(&name("acme"), &name("copy")).await?;
    told.push(dump(url, "copy").await?);
    tenants.drop_tenant(&name("acme")).await?;
    for tenant in tenants.list().await? {
        told.push(format!("{} {:?}", tenant.name, tenant.version));
    }
    Ok(told)
}

/// The same in one text, with `trials` set for the database or for the role.
async fn told_with(trials: &[Trial], of_role: bool) -> String {
    let database = TestDatabase::new().await;
    let role = operator(&database, &[]).await;
    let whose = match of_role {
        true => format!("ROLE {}", role.name()),
        false => format!("DATABASE {}", database.name()),
    };
    let client = database.client().await;
    // Compiling each query because of absurd costs only takes long.
    let set = format!("ALTER {whose} SET jit = off");
    client.batch_execute(&set).await.unwrap();
    for Trial { name, value } in trials {
        let quoted = tenant_core::quote_ident(name);
        let value = match name.as_str() {
            // A list is no text.
            "search_path" | "temp_tablespaces" if !value.is_empty() => value.clone(),
            _ => tenant_core::quote_literal(value),
        };
        let set = format!("ALTER {whose} SET {quoted} = {value}");
        if let Err(error) = client.batch_execute(&set).await {
            // Such as a stack that is larger than the system's.
            let code = error.code().unwrap().code();
            assert_eq!(code, "22023", "{set}: {error:?}");
        }
    }
    match story(&role.url()).await {
        Ok(told) => told.join("\n"),
        Err(error) => format!("refused: {}", chain(&error)),
    }
}

/// What is wrong with `trials`, one by one where several were tried.
async fn differing(trials: Vec<Trial>, of_role: bool, expected: &str) -> Vec<String> {
    let told = told_with(&trials, of_role).await;
    if told == expected {
        return Vec::new();
    }
    if let [trial] = &trials[..] {
        let is_refusal = |(name, value, part): &(&str, &str, &str)| {
            trial.name == *name && trial.value == *value && told.contains(part)
        };
        let is_expected = REFUSED.iter().any(is_refusal);
        let told = told.lines().filter(|line| !expected.contains(line));
        let told = told.collect::<Vec<_>>().join("\n");
        let wrong = format!("{} = {}: {told}", trial.name, trial.value);
        return Vec::from_iter((!is_expected).then_some(wrong));
    }
    let mut wrong = Vec::new();
    for trial in trials {
        wrong.extend(Box::pin(differing(vec![trial], of_role, expected)).await);
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_set_for_a_role_or_a_database_the_result_is_the_same_or_a_clear_refusal() {
    let database = TestDatabase::new().await;
    let rounds = rounds(&database.client().await).await;
    let all = rounds.into_iter().flatten().collect::<Vec<_>>();
    assert!(all.len() > 200, "{}", all.len());
    let (refused, fine) = all.into_iter().partition::<Vec<_>, _>(|trial| {
        let mut refused = REFUSED.iter();
        refused.any(|(name, value, _)| trial.name == *name && trial.value == *value)
    });
    let together = if test_support::long() { 1 } else { TOGETHER };
    let groups = fine.chunks(together).map(<[Trial]>::to_vec);
    let groups = groups.chain(refused.into_iter().map(|one| vec![one]));
    let groups = groups.collect::<Vec<_>>();
    let expected = told_with(&[], false).await;
    assert!(expected.contains("true Some(3)"), "{expected}");
    let tried = groups.into_iter().enumerate().map(|(number, group)| {
        let expected = expected.clone();
        tokio::spawn(async move { differing(group, number % 2 == 1, &expected).await })
    });
    let tried = stream::iter(tried).buffer_unordered(AT_A_TIME);
    let wrong = tried.collect::<Vec<_>>().await.into_iter();
    let wrong = wrong.flat_map(Result::unwrap).collect::<Vec<_>>();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
