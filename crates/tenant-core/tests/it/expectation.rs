//! Migrations whose result depends on more than their text: what the schema is called,
//! when they run, what the database is like.

use tenant_core::{Health, ProblemKind, Tenants};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, name, tenants};

/// A trigger's argument, a default and a row have the schema's name as text.
const NAMED: &str = "
    CREATE TABLE tasks (id int PRIMARY KEY, title text, tenant text);
    CREATE TABLE tasks_log (id int, title text);
    CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      EXECUTE format('INSERT INTO %s VALUES ($1, $2)', TG_ARGV[0]) USING OLD.id, OLD.title; RETURN NEW; END $$;
    DO $$ BEGIN
      EXECUTE format('CREATE TRIGGER keep BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION keep(%L)', current_schema() || '.tasks_log');
      EXECUTE format('ALTER TABLE tasks ALTER COLUMN tenant SET DEFAULT %L', current_schema());
      INSERT INTO tasks VALUES (0, upper(current_schema()), current_schema());
    END $$;";

fn problems(health: &Health) -> Vec<String> {
    let problems = health.problems.iter();
    let problems = problems.map(|it| match &it.kind {
        ProblemKind::BrokenMigrations(error) => format!("{error:?}"),
        kind => format!("{:?}: {kind}", it.tenant),
    });
    problems.collect()
}

async fn health(tenants: &Tenants) -> Health {
    tenants.health().await.unwrap()
}

#[tokio::test]
async fn a_tenant_with_its_name_in_definitions_is_healthy_and_stays_as_it_is() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &Stream::new().with(NAMED)).await;
    create(&tenants, &["acme", "a_much_longer_name"]).await;
    let health = health(&tenants).await;
    assert!(health.is_healthy(), "{:?}", problems(&health));
    let repair = tenants.repair(&name("acme")).await.unwrap();
    assert!(
        repair.mended.is_empty() && repair.left.is_empty(),
        "{repair:?}"
    );
    database
        .execute("UPDATE acme.tasks SET title = 'other'; INSERT INTO acme.tasks (id) VALUES (7)")
        .await;
    let logged = database.value("SELECT count(*) FROM acme.tasks_log").await;
    assert_eq!(logged, "1");
    let owner = database
        .value("SELECT tenant FROM acme.tasks WHERE id = 7")
        .await;
    assert_eq!(owner, "acme");
}

#[tokio::test]
async fn a_definition_with_another_schema_s_name_is_found_and_repaired() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &Stream::new().with(NAMED)).await;
    create(&tenants, &["acme", "globex"]).await;
    database
        .execute(
            "ALTER TABLE acme.tasks ALTER COLUMN tenant SET DEFAULT 'globex'; \
             DROP TRIGGER keep ON acme.tasks; \
             CREATE TRIGGER keep BEFORE UPDATE ON acme.tasks FOR EACH ROW \
             EXECUTE FUNCTION acme.keep('globex.tasks_log')",
        )
        .await;
    let found = health(&tenants).await;
    assert_eq!(
        problems(&found),
        [
            "Some(\"acme\"): column `tasks.tenant` differs: default is `'globex'::text`, \
             should be `'acme'::text`",
            "Some(\"acme\"): trigger `keep` of `tasks` differs: definition is `CREATE TRIGGER keep \
             BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION keep('globex.tasks_log')`, should be \
             `CREATE TRIGGER keep BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION \
             keep('acme.tasks_log')`",
        ]
    );
    tenants.repair(&name("acme")).await.unwrap();
    database
        .execute("UPDATE acme.tasks SET title = 'other'")
        .await;
    let logged = database.value("SELECT count(*) FROM acme.tasks_log").await;
    assert_eq!(logged, "1");
    assert!(health(&tenants).await.is_healthy());
}

#[tokio::test]
async fn names_in_quotes_in_capitals_and_in_part_belong_to_the_tenant() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE t (id int, code text, tag text, short text, quoted text);
         DO $$ BEGIN
           EXECUTE format('ALTER TABLE t ALTER code SET DEFAULT %L', upper(replace(current_schema(), '_', '')));
           EXECUTE format('ALTER TABLE t ALTER tag SET DEFAULT %L', current_schema() || '-1');
           EXECUTE format('ALTER TABLE t ALTER short SET DEFAULT %L', replace(current_schema(), 'cust_', ''));
           EXECUTE format('ALTER TABLE t ALTER quoted SET DEFAULT %L', format('%I.t', current_schema()));
           EXECUTE format('ALTER TABLE t ADD CONSTRAINT %I CHECK (id > 0)', current_schema() || '_id_check');
           EXECUTE format('COMMENT ON TABLE t IS %L', 'of ' || current_schema());
         END $$;",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["cust_acme", "Big_Bang"]).await;
    let health = health(&tenants).await;
    assert!(health.is_healthy(), "{:?}", problems(&health));
}

#[tokio::test]
async fn what_a_moment_wrote_is_no_drift_and_is_said_once() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE t (id int, at timestamp DEFAULT 'now', day date, token text);
         ALTER TABLE t ADD CONSTRAINT past CHECK (day < 'today');
         DO $$ BEGIN EXECUTE format('ALTER TABLE t ALTER token SET DEFAULT %L', md5(random()::text)); END $$;",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme", "globex"]).await;
    database
        .execute(
            "ALTER TABLE acme.t ALTER at SET DEFAULT timestamp '2024-02-29 12:00:00'; \
             ALTER TABLE acme.t DROP CONSTRAINT past; \
             ALTER TABLE acme.t ADD CONSTRAINT past CHECK (day < '2024-02-29'::date)",
        )
        .await;
    let found = health(&tenants).await;
    assert!(found.is_healthy(), "{:?}", problems(&found));
    assert_eq!(
        found.varying,
        [
            "default of column `t.at`",
            "default of column `t.token`",
            "definition of constraint `past` of `t`",
        ]
    );
    let repair = tenants.repair(&name("acme")).await.unwrap();
    assert!(repair.mended.is_empty(), "{repair:?}");
    // Its definition is compared all the same, but for the moment.
    database
        .execute("ALTER TABLE acme.t DROP CONSTRAINT past; ALTER TABLE acme.t ADD CONSTRAINT past CHECK (day > '2024-02-29'::date)")
        .await;
    assert_eq!(health(&tenants).await.problems.len(), 1);
}

#[tokio::test]
async fn grants_by_default_privileges_are_nothing_that_older_tenants_lack() {
    let database = TestDatabase::new().await;
    let tenants = tenants(
        &database,
        &Stream::new().with(
            "CREATE TABLE t (id int); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';",
        ),
    )
    .await;
    create(&tenants, &["older"]).await;
    let role = database.role("secret").await;
    let role = role.name();
    database
        .execute(&format!(
            "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {role}; \
             ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC"
        ))
        .await;
    create(&tenants, &["younger"]).await;
    let health = health(&tenants).await;
    assert!(health.is_healthy(), "{:?}", problems(&health));
}

#[tokio::test]
async fn spares_are_refused_where_migrations_write_the_schema_s_name() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE boards (id int, code text);
         INSERT INTO boards VALUES (1, upper(left(replace(current_schema(), '_', ''), 10)));",
    );
    let tenants = tenants(&database, &stream).await;
    let error = tenants.spares().keep(2).await.unwrap_err();
    assert!(error.to_string().contains("rows of `boards`"), "{error}");
    assert_eq!(tenants.spares().count().await.unwrap().ready, 0);
    let left = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE '\\_spare%'";
    assert_eq!(database.value(left).await, "0");
}
