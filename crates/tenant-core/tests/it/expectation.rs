//! Migrations whose result depends on more than their text: what the schema is called,
//! when they run, what the database is like.

use tenant_core::{Health, ProblemKind, Settings, Tenants};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, name, tenants};

/// A trigger's argument, a default and a row have the schema's name as text.
pub(crate) const NAMED: &str = "
    CREATE TABLE tasks (id int PRIMARY KEY, title text, tenant text);
    CREATE TABLE tasks_log (id int, title text);
    CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      EXECUTE format('INSERT INTO %s VALUES ($1, $2)', TG_ARGV[0]) USING OLD.id, OLD.title; RETURN NEW; END $$;
    DO $$ BEGIN
      EXECUTE format('CREATE TRIGGER keep BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION keep(%L)', current_schema() || '.tasks_log');
      EXECUTE format('ALTER TABLE tasks ALTER COLUMN tenant SET DEFAULT %L', current_schema());
      INSERT INTO tasks VALUES (0, upper(current_schema()), current_schema());
    END $$;";

pub(crate) fn problems(health: &Health) -> Vec<String> {
    let problems = health.problems.iter();
    let problems = problems.map(|it| match &it.kind {
        ProblemKind::BrokenMigrations(error) => format!("{error:?}"),
        kind => format!("{:?}: {kind}", it.tenant),
    });
    problems.collect()
}

pub(crate) async fn health(tenants: &Tenants) -> Health {
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
            "Some(\"acme\"): column `tasks.tenant` has default `'globex'::text`; expected `'acme'::text`",
            "Some(\"acme\"): trigger `keep` of `tasks` has definition `CREATE TRIGGER keep \
             BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION keep('globex.tasks_log')`; expected `CREATE TRIGGER keep BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION \
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

/// A key to a table that all tenants share, and work that takes a while after it.
/// The same tenants as another program sees them, which has tried nothing yet.
/// How many schemas the database has made, also those that were rolled back.
pub(crate) const SEEDED: &str = "
    CREATE TABLE boards (id int, code text);
    INSERT INTO boards VALUES (1, upper(left(replace(current_schema(), '_', ''), 10)));";

#[tokio::test]
async fn tenants_with_a_spare_s_name_in_their_rows_are_found() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &Stream::new().with(SEEDED)).await;
    create(&tenants, &["acme", "globex", "initech"]).await;
    assert!(health(&tenants).await.is_healthy());
    database
        .execute(
            "UPDATE globex.boards SET code = 'SPARE103A1'; \
             UPDATE initech.boards SET code = 'Spare parts'",
        )
        .await;
    assert_eq!(
        problems(&health(&tenants).await),
        [
            "Some(\"globex\"): rows of `boards` contain the name of the spare that became this tenant"
        ]
    );
}

#[tokio::test]
async fn a_spare_of_earlier_migrations_takes_no_name_and_becomes_no_tenant() {
    let database = TestDatabase::new().await;
    let first = "CREATE TABLE tasks (id int);";
    let tenants = tenants(&database, &Stream::new().with(first)).await;
    tenants.spares().keep(1).await.unwrap();
    let both = Stream::new().with(first).with(SEEDED);
    let tenants = crate::fixture::open(&database, &both, Settings::default()).await;
    tenants.migrate().await.unwrap();
    let outcome = tenants.create(&name("acme")).await.unwrap();
    assert!(!outcome.from_spare);
    let code = database.value("SELECT code FROM acme.boards").await;
    assert_eq!(code, "ACME");
    assert!(health(&tenants).await.is_healthy());
    // One that an earlier version of the library has made.
    let spare = "SELECT name FROM public.spare_schemas";
    let spare = database.value(spare).await;
    database
        .execute(&format!(
            "SET search_path TO {spare}; {SEEDED} \
             INSERT INTO __diesel_schema_migrations (version) VALUES ('20260202000000'); \
             UPDATE public.spare_schemas SET version = '20260202000000'"
        ))
        .await;
    let outcome = tenants.create(&name("globex")).await.unwrap();
    assert!(!outcome.from_spare);
    let code = database.value("SELECT code FROM globex.boards").await;
    assert_eq!(code, "GLOBEX");
    tenants.spares().keep(0).await.unwrap();
    assert_eq!(
        database
            .value("SELECT count(*) FROM public.spare_schemas")
            .await,
        "0"
    );
}

#[tokio::test]
async fn no_name_of_a_trial_is_in_what_is_shown_or_run() {
    let database = TestDatabase::new().await;
    // The name stands there in a form that nobody can know.
    let stream = Stream::new().with(
        "CREATE TABLE t (id int, code text, secret text);
         DO $$ BEGIN
           EXECUTE format('ALTER TABLE t ALTER code SET DEFAULT %L', reverse(current_schema()));
           EXECUTE format('CREATE VIEW v AS SELECT %L AS of', 'x' || left(current_schema(), 6));
         END $$;",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let found = health(&tenants).await;
    assert!(found.is_healthy(), "{:?}", problems(&found));
    assert_eq!(
        found.varying,
        ["default of column `t.code`", "definition of view `v`"]
    );
    database
        .execute("DROP VIEW acme.v; ALTER TABLE acme.t DROP COLUMN code")
        .await;
    let repair = tenants.repair(&name("acme")).await.unwrap();
    assert_eq!(repair.statements, Vec::<String>::new());
    let left = repair.left.iter();
    let left = left.map(|it| {
        (
            it.difference.to_string(),
            it.difference.sql(&"acme".parse().unwrap()),
        )
    });
    assert_eq!(
        left.collect::<Vec<_>>(),
        [
            ("column `t.code` is missing".to_owned(), Vec::new()),
            ("view `v` is missing".to_owned(), Vec::new()),
        ]
    );
}

#[tokio::test]
async fn two_tenants_with_their_names_in_definitions_do_not_differ() {
    let database = TestDatabase::new().await;
    let more = "DO $$ BEGIN EXECUTE format('ALTER TABLE tasks ADD CONSTRAINT %I CHECK (tenant <> %L)', \
                current_schema() || '_other', 'not ' || current_schema()); END $$;";
    let stream = Stream::new().with(NAMED).with(more);
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme", "Big_Bang"]).await;
    let (one, other) = (name("acme"), name("Big_Bang"));
    let same = tenants.compare(&one, &other).await.unwrap();
    assert_eq!(same.differences, []);
    database
        .execute("ALTER TABLE acme.tasks ALTER tenant SET DEFAULT 'third'")
        .await;
    let differing = tenants.compare(&one, &other).await.unwrap();
    let differing = differing.differences.iter().map(ToString::to_string);
    assert_eq!(
        differing.collect::<Vec<_>>(),
        ["column `tasks.tenant` has default `'Big_Bang'::text`; expected `'third'::text`"]
    );
}

#[tokio::test]
async fn another_tenant_s_name_is_no_part_of_one_s_own() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &Stream::new().with(NAMED)).await;
    create(&tenants, &["acme", "prod", "acme_prod"]).await;
    for other in ["acme", "prod"] {
        database
            .execute(&format!(
                "DROP TRIGGER keep ON acme_prod.tasks; \
                 CREATE TRIGGER keep BEFORE UPDATE ON acme_prod.tasks FOR EACH ROW \
                 EXECUTE FUNCTION acme_prod.keep('{other}.tasks_log')"
            ))
            .await;
        let found = health(&tenants).await;
        assert_eq!(found.problems.len(), 1, "{:?}", problems(&found));
        tenants.repair(&name("acme_prod")).await.unwrap();
        database
            .execute("UPDATE acme_prod.tasks SET title = 'other'")
            .await;
        let logged = format!("SELECT count(*) FROM {other}.tasks_log");
        assert_eq!(database.value(&logged).await, "0", "{other}");
    }
}

#[tokio::test]
async fn a_date_that_a_migration_writes_down_is_compared_on_that_day_too() {
    let database = TestDatabase::new().await;
    let today = database
        .value("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD')")
        .await;
    let stream = Stream::new().with(&format!("CREATE TABLE t (born date DEFAULT '{today}');"));
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    assert!(health(&tenants).await.is_healthy());
    database
        .execute("ALTER TABLE acme.t ALTER born SET DEFAULT '1999-01-01'")
        .await;
    assert_eq!(health(&tenants).await.problems.len(), 1);
}

/// The name stands in two arguments, neither of which is it.
const IN_PIECES: &str = "
    CREATE TABLE tasks_log (id int, title text);
    CREATE TABLE tasks (id int PRIMARY KEY, title text);
    CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      EXECUTE format('INSERT INTO %I.tasks_log VALUES ($1, $2)', TG_ARGV[0] || TG_ARGV[1]) USING OLD.id, OLD.title; RETURN NEW; END $$;
    DO $$ BEGIN EXECUTE format('CREATE TRIGGER keep BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION keep(%L, %L)',
      left(current_schema(), 2), substr(current_schema(), 3)); END $$;";

#[tokio::test]
async fn a_name_in_a_form_that_nobody_knows_refuses_a_clone_and_is_told_by_a_rename() {
    for up in [
        IN_PIECES.to_owned(),
        IN_PIECES.replace("left(current_schema(), 2)", "reverse(current_schema())"),
        IN_PIECES.replace(
            "left(current_schema(), 2)",
            "encode(current_schema()::text::bytea, 'hex')",
        ),
    ] {
        let database = TestDatabase::new().await;
        let tenants = tenants(&database, &Stream::new().with(&up)).await;
        create(&tenants, &["acme"]).await;
        assert!(health(&tenants).await.is_healthy(), "{up}");
        let (acme, copy) = (name("acme"), name("copy"));
        let refused = tenants.clone_tenant(&acme, &copy).await.unwrap_err();
        assert!(
            refused.to_string().contains("trigger `keep` of `tasks`"),
            "{refused}"
        );
        assert_eq!(database.schemas().await, ["acme"]);
        let renamed = tenants.rename(&acme, &copy).await.unwrap();
        let notes = renamed.notes.iter().map(ToString::to_string);
        let notes = notes.collect::<Vec<_>>().join("\n");
        assert!(notes.contains("trigger `keep` of `tasks`"), "{notes}");
    }
}

#[tokio::test]
async fn the_length_of_a_name_is_no_number_that_tenants_should_have() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE t (id int);
         DO $$ BEGIN PERFORM (current_schema() || '.t')::regclass;
         EXECUTE format('ALTER TABLE t ADD COLUMN l int DEFAULT %s', length(current_schema())); END $$;",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let found = health(&tenants).await;
    assert!(found.is_healthy(), "{:?}", problems(&found));
    let error = tenants.spares().keep(1).await.unwrap_err();
    assert!(error.to_string().contains("column `t.l`"), "{error}");
}

#[tokio::test]
async fn a_check_and_a_policy_with_the_name_follow_a_rename() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE t (id int, owner text); CREATE TABLE kept (owner text);
         DO $$ BEGIN
           EXECUTE format('ALTER TABLE t ADD CONSTRAINT ck CHECK (owner = %L)', current_schema());
           EXECUTE format('ALTER TABLE kept ADD CONSTRAINT ck CHECK (owner = %L)', current_schema());
           EXECUTE format('CREATE POLICY p ON t USING (owner = %L)', current_schema());
         END $$;",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["beta"]).await;
    database
        .execute("INSERT INTO beta.kept VALUES ('beta')")
        .await;
    let renamed = tenants.rename(&name("beta"), &name("gamma")).await.unwrap();
    database
        .execute("INSERT INTO gamma.t VALUES (1, 'gamma')")
        .await;
    let policy = "SELECT qual FROM pg_policies WHERE schemaname = 'gamma'";
    assert_eq!(database.value(policy).await, "(owner = 'gamma'::text)");
    // Rows stand against this one.
    let notes = renamed.notes.iter().map(ToString::to_string);
    let notes = notes.collect::<Vec<_>>().join("\n");
    assert!(notes.contains("constraint `ck` of `kept`"), "{notes}");
    assert_eq!(database.value("SELECT count(*) FROM gamma.kept").await, "1");
}

#[tokio::test]
async fn a_spare_of_another_text_becomes_no_tenant() {
    let database = TestDatabase::new().await;
    let first = tenants(&database, &Stream::new().with("CREATE TABLE t (id int);")).await;
    first.spares().keep(1).await.unwrap();
    let edited = Stream::new().with("CREATE TABLE t (id int, mail text NOT NULL);");
    let edited = crate::fixture::open(&database, &edited, Settings::default()).await;
    let outcome = edited.create(&name("acme")).await.unwrap();
    assert!(!outcome.from_spare);
    let columns = "SELECT count(*) FROM information_schema.columns \
                   WHERE table_schema = 'acme' AND column_name = 'mail'";
    assert_eq!(database.value(columns).await, "1");
}
