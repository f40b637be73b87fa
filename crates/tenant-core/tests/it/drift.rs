//! Damage done by hand to what a schema holds, found and named.

use std::collections::BTreeSet;

use tenant_core::{Mending, ProblemKind, Tenants};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, name, tenants};

/// Something of everything that a shape holds.
pub(crate) fn everything() -> Stream {
    Stream::new()
        .with(
            "CREATE TYPE status AS ENUM ('open', 'it''s, well', 'done'); \
             CREATE DOMAIN amount AS numeric(10, 2) DEFAULT 0 CHECK (VALUE >= 0); \
             CREATE TYPE place AS (street text, city text); \
             CREATE SEQUENCE numbers AS int START WITH 100 INCREMENT BY 5; \
             CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS \
                 $$BEGIN NEW.touched := now(); RETURN NEW; END$$; \
             CREATE FUNCTION is_open(s status) RETURNS boolean LANGUAGE sql IMMUTABLE AS \
                 $$SELECT s = 'open'$$; \
             CREATE TABLE people (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \
                 email text NOT NULL UNIQUE, \"Full Name\" varchar(80) COLLATE \"C\"); \
             CREATE TABLE tasks (id serial PRIMARY KEY, owner bigint REFERENCES people, \
                 title text NOT NULL DEFAULT 'a task', state status NOT NULL DEFAULT 'open', \
                 kind varchar(9) CHECK (kind IN ('bug', 'wish')), cost amount, home place, \
                 length int GENERATED ALWAYS AS (char_length(title)) STORED, \
                 number int DEFAULT nextval('numbers'), touched timestamptz); \
             COMMENT ON TABLE tasks IS 'What''s to do'; COMMENT ON COLUMN tasks.kind IS 'bug or wish'",
        )
        .with(
            "CREATE INDEX tasks_due_idx ON tasks (touched DESC) WHERE state <> 'done'; \
             CREATE INDEX tasks_lower_idx ON tasks (lower(title)); \
             CREATE VIEW open_tasks AS SELECT id, title, owner FROM tasks \
                 WHERE is_open(state) AND kind IN ('bug', 'wish'); \
             CREATE MATERIALIZED VIEW counts AS SELECT owner, count(*) AS n FROM tasks GROUP BY 1; \
             CREATE UNIQUE INDEX counts_idx ON counts (owner); \
             CREATE TRIGGER tasks_touch BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION touch(); \
             ALTER TABLE tasks ENABLE ROW LEVEL SECURITY; \
             CREATE POLICY own_tasks ON tasks FOR SELECT USING (kind IN ('bug', 'wish')); \
             CREATE STATISTICS tasks_stats ON owner, kind FROM tasks; \
             CREATE TABLE log (at date NOT NULL, line text) PARTITION BY RANGE (at); \
             CREATE TABLE log_2026 PARTITION OF log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01'); \
             CREATE INDEX log_at_idx ON log (at)",
        )
}

/// What the check says is different, of each tenant, in words.
pub(crate) async fn found(tenants: &Tenants) -> Vec<(String, String)> {
    let health = tenants.health().await.unwrap();
    let problems = health.problems.iter();
    let words = problems.map(|problem| {
        let tenant = problem.tenant.clone().unwrap_or_default();
        (tenant, problem.kind.to_string())
    });
    words.collect()
}

#[tokio::test]
async fn tenants_made_by_the_migrations_are_as_expected_whatever_they_are_called() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &everything()).await;
    // Names of tables, of a view's columns, of types, and one that needs quotes.
    create(
        &tenants,
        &["acme", "tasks", "people", "title", "status", "Acme", "n"],
    )
    .await;
    assert_eq!(found(&tenants).await, []);
    let health = tenants.health().await.unwrap();
    assert_eq!((health.checked, health.as_expected), (7, Some(7)));
}

/// Each kind of damage: the SQL that does it, what is said of it, and whether it
/// can be mended without losing anything.
pub(crate) const DAMAGE: &[(&str, &str, Mending)] = &[
    (
        "DROP INDEX tasks_due_idx",
        "index `tasks_due_idx` is missing",
        Mending::Adds,
    ),
    (
        "ALTER TABLE tasks ADD COLUMN legacy int",
        "unexpected column `tasks.legacy`",
        Mending::Removes,
    ),
    (
        "ALTER TABLE tasks DROP COLUMN number",
        "column `tasks.number` is missing",
        Mending::Adds,
    ),
    (
        "ALTER TABLE tasks ALTER COLUMN number TYPE bigint",
        "column `tasks.number` has type `bigint`; expected `integer`",
        Mending::Rewrites,
    ),
    (
        "ALTER TABLE tasks ALTER COLUMN title SET DEFAULT 'x'",
        "column `tasks.title` has default `'x'::text`; expected `'a task'::text`",
        Mending::Adds,
    ),
    (
        "ALTER TABLE tasks ALTER COLUMN title DROP NOT NULL",
        "column `tasks.title` allows NULL; expected NOT NULL",
        Mending::Adds,
    ),
    (
        "ALTER TABLE tasks ALTER COLUMN length DROP EXPRESSION",
        "column `tasks.length` has no generation expression; expected `(char_length(title)) STORED`",
        Mending::Rewrites,
    ),
    (
        "ALTER TABLE people ALTER COLUMN id DROP IDENTITY",
        "column `people.id` has no identity; expected `ALWAYS AS IDENTITY (INCREMENT BY 1 \
      MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1)`",
        Mending::Adds,
    ),
    (
        "ALTER TABLE tasks DROP CONSTRAINT tasks_kind_check",
        "constraint `tasks_kind_check` of `tasks` is missing",
        Mending::Adds,
    ),
    (
        "ALTER TABLE tasks DROP CONSTRAINT tasks_owner_fkey, ADD CONSTRAINT tasks_owner_fkey FOREIGN KEY (owner) \
      REFERENCES people ON DELETE CASCADE",
        "constraint `tasks_owner_fkey` of `tasks` has definition `FOREIGN KEY (owner) REFERENCES people(id) \
      ON DELETE CASCADE`; expected `FOREIGN KEY (owner) REFERENCES people(id)`",
        Mending::Adds,
    ),
    (
        "DROP TABLE log CASCADE",
        "table `log` is missing",
        Mending::Adds,
    ),
    (
        "DROP SEQUENCE numbers CASCADE",
        "sequence `numbers` is missing",
        Mending::Adds,
    ),
    (
        "ALTER SEQUENCE numbers INCREMENT BY 1",
        "sequence `numbers` has definition `AS integer INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH \
      100 CACHE 1 NO CYCLE`; expected `AS integer INCREMENT BY 5 MINVALUE 1 MAXVALUE 2147483647 START WITH 100 \
      CACHE 1 NO CYCLE`",
        Mending::Adds,
    ),
    (
        "ALTER TYPE status ADD VALUE 'lost'",
        "type `status` has labels `'open', 'it''s, well', 'done', 'lost'`; expected `'open', 'it''s, well', \
      'done'`",
        Mending::ByHand,
    ),
    (
        "DROP VIEW open_tasks",
        "view `open_tasks` is missing",
        Mending::Adds,
    ),
    (
        "DROP MATERIALIZED VIEW counts",
        "materialized view `counts` is missing",
        Mending::Adds,
    ),
    (
        "CREATE OR REPLACE FUNCTION is_open(s status) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$SELECT true$$",
        "function `is_open(s status)` has definition",
        Mending::Adds,
    ),
    (
        "CREATE FUNCTION more() RETURNS int LANGUAGE sql AS $$SELECT 1$$",
        "unexpected function `more()`",
        Mending::Removes,
    ),
    (
        "DROP TRIGGER tasks_touch ON tasks",
        "trigger `tasks_touch` of `tasks` is missing",
        Mending::Adds,
    ),
    (
        "ALTER TABLE tasks DISABLE TRIGGER tasks_touch",
        "trigger `tasks_touch` of `tasks` is set to `DISABLE`; expected `ENABLE`",
        Mending::Adds,
    ),
    (
        "DROP POLICY own_tasks ON tasks",
        "policy `own_tasks` of `tasks` is missing",
        Mending::Adds,
    ),
    (
        "ALTER TABLE tasks DISABLE ROW LEVEL SECURITY",
        "table `tasks` has row-level security off; expected `enabled`",
        Mending::Adds,
    ),
    (
        "COMMENT ON TABLE tasks IS NULL",
        "table `tasks` has no comment; expected `What's to do`",
        Mending::Adds,
    ),
    (
        "DROP STATISTICS tasks_stats",
        "statistics `tasks_stats` is missing",
        Mending::Adds,
    ),
    (
        "ALTER TABLE log_2026 SET UNLOGGED",
        "table `log_2026` is `unlogged`; expected ordinary",
        Mending::Adds,
    ),
    (
        "REVOKE EXECUTE ON FUNCTION is_open FROM PUBLIC",
        "missing grants on function `is_open(s status)`: `PUBLIC` lacks EXECUTE",
        Mending::Adds,
    ),
    (
        "GRANT SELECT ON tasks TO PUBLIC",
        "unexpected grants on table `tasks`: `PUBLIC` has SELECT",
        Mending::Removes,
    ),
    (
        "CREATE RULE quiet AS ON DELETE TO people DO INSTEAD NOTHING",
        "unexpected rule `quiet` of `people`",
        Mending::Removes,
    ),
];

#[tokio::test]
async fn each_kind_of_damage_is_named_at_its_tenant_and_at_no_other() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &everything()).await;
    for (number, (damage, said, mending)) in DAMAGE.iter().enumerate() {
        let (hurt, sound) = (format!("hurt_{number}"), format!("sound_{number}"));
        create(&tenants, &[&hurt, &sound]).await;
        database
            .execute(&format!(
                "SET search_path TO {hurt}; {damage}; RESET search_path"
            ))
            .await;
        let health = tenants
            .health()
            .only([name(&hurt), name(&sound)])
            .await
            .unwrap();
        let found = health.problems.iter().map(|problem| {
            assert_eq!(
                problem.tenant.as_deref(),
                Some(hurt.as_str()),
                "{damage}: {problem:?}"
            );
            let ProblemKind::Drift(difference) = &problem.kind else {
                panic!("{damage}: {problem:?}")
            };
            (difference.to_string(), difference.mending())
        });
        let found = found.collect::<Vec<_>>();
        let is_said =
            |(words, kind): &(String, Mending)| words.starts_with(said) && kind == mending;
        assert!(found.iter().any(is_said), "{damage}\n{found:#?}");
        assert_eq!(health.as_expected, Some(1), "{damage}");
    }
}

#[tokio::test]
async fn an_index_that_could_not_be_built_is_not_valid() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &everything()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'acme.tasks_due_idx'::regclass",
        )
        .await;
    let said = "index `tasks_due_idx` is invalid".to_owned();
    assert_eq!(found(&tenants).await, [("acme".to_owned(), said)]);
}

#[tokio::test]
async fn what_belongs_to_a_table_that_is_gone_is_not_told_one_by_one() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &everything()).await;
    create(&tenants, &["acme"]).await;
    database.execute("DROP TABLE acme.tasks CASCADE").await;
    let words = found(&tenants).await.into_iter().map(|(_, words)| words);
    let expected = [
        "table `tasks` is missing",
        "view `open_tasks` is missing",
        "materialized view `counts` is missing",
    ];
    assert_eq!(
        words.collect::<BTreeSet<_>>(),
        expected.iter().map(ToString::to_string).collect()
    );
}

#[tokio::test]
async fn partitions_that_came_with_time_are_no_difference() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &everything()).await;
    create(&tenants, &["acme"]).await;
    let next = "CREATE TABLE acme.log_2027 PARTITION OF acme.log FOR VALUES FROM ('2027-01-01') TO \
                ('2028-01-01'); CREATE INDEX ON acme.log_2027 (line)";
    database.execute(next).await;
    assert_eq!(found(&tenants).await, []);
    database.execute("DROP TABLE acme.log_2026").await;
    assert_eq!(found(&tenants).await, []);
}
