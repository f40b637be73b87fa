//! Migrations that use the name of their schema for more than to find their own objects:
//! spares, health, repair, clones and renames.

use tenant_core::{Database, MigrationSet, Migrations, NameUses, Note, Settings, Tenants};
use test_support::TestDatabase;

use crate::expectation::{health, problems};
use crate::fixture::{Stream, chain, create, name, open, tenants};

/// Tables and columns for tenants whose name begins with `eu`.
const EUROPE: &str = "CREATE TABLE items (id int PRIMARY KEY, title text);
    DO $$ BEGIN
      IF current_schema() LIKE 'eu%' THEN
        CREATE TABLE gdpr (id int);
        ALTER TABLE items ADD consent text;
      END IF;
    END $$;";

/// Where that is.
const PLACE: &str = "`2026-02-01-000000_step/up.sql:3` (in a condition)";

async fn in_europe(database: &TestDatabase) -> Tenants {
    tenants(database, &Stream::new().with(EUROPE)).await
}

/// What the check says, and the statements that it shows.
async fn told(tenants: &Tenants) -> (Vec<String>, Vec<String>) {
    let found = health(tenants).await;
    let sql = found.problems.iter();
    let sql = sql.flat_map(|it| it.sql(tenants.registry()));
    (problems(&found), sql.collect())
}

#[tokio::test]
async fn uses_of_the_name_that_no_trial_shows_refuse_spares() {
    for (up, place) in [
        (EUROPE, PLACE),
        (
            "CREATE TABLE items (id int);
             INSERT INTO public.registry VALUES (current_schema());",
            "`2026-02-01-000000_step/up.sql:2` (in a row)",
        ),
        (
            "CREATE TABLE items (id int);
             DO $$ BEGIN EXECUTE format('CREATE FUNCTION %I() RETURNS int LANGUAGE sql AS ''SELECT 1''', \
                                        'f_' || md5(current_schema())); END $$;",
            "`2026-02-01-000000_step/up.sql:2` (in a statement that is put together)",
        ),
        (
            "CREATE TABLE items (id int);
             DO $$ BEGIN EXECUTE format('COMMENT ON TABLE items IS %L', \
                         encode(convert_to(current_schema(), 'utf8'), 'base64')); END $$;",
            "`2026-02-01-000000_step/up.sql:2` (in a statement that is put together)",
        ),
        (
            "CREATE TABLE items (id int); DO $$ DECLARE s text; BEGIN SHOW search_path INTO s;
             IF s LIKE '%eu%' THEN CREATE TABLE gdpr (id int); END IF; END $$;",
            "`2026-02-01-000000_step/up.sql:2` (in a condition)",
        ),
        (
            "CREATE TABLE items (id int); DO $$ BEGIN
             IF EXISTS (SELECT FROM pg_tables WHERE schemaname = current_schema()
             AND schemaname LIKE 'eu%' AND tablename = 'items') THEN CREATE TABLE gdpr (id int); END IF; END $$;",
            "`2026-02-01-000000_step/up.sql:3` (in a condition)",
        ),
        (
            "CREATE TABLE items (id int); DO $$ DECLARE r record; BEGIN
             FOR r IN SELECT * FROM information_schema.tables WHERE table_schema = current_schema() LOOP
             IF r.table_schema LIKE 'eu%' THEN CREATE TABLE gdpr (id int); END IF; END LOOP; END $$;",
            "`2026-02-01-000000_step/up.sql:3` (in a condition)",
        ),
    ] {
        let database = TestDatabase::new().await;
        database
            .execute("CREATE TABLE public.registry (name text)")
            .await;
        let tenants = tenants(&database, &Stream::new().with(up)).await;
        let refused = tenants.spares().keep(2).await.unwrap_err();
        assert!(refused.to_string().contains(place), "{refused}");
        assert_eq!(database.schemas().await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_spare_that_was_built_before_is_not_taken_unless_that_is_allowed() {
    let database = TestDatabase::new().await;
    let allowed = Settings {
        name_uses: NameUses::Allow,
        ..Settings::default()
    };
    let strict = in_europe(&database).await;
    let lenient = open(&database, &Stream::new().with(EUROPE), allowed).await;
    lenient.spares().keep(2).await.unwrap();
    assert!(!strict.create(&name("eu_new")).await.unwrap().from_spare);
    let gdpr = "SELECT to_regclass('eu_new.gdpr')";
    assert_eq!(database.value(gdpr).await, "eu_new.gdpr");
    assert!(lenient.create(&name("us_new")).await.unwrap().from_spare);
}

#[tokio::test]
async fn migrations_that_only_look_for_their_own_objects_have_spares() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "DO $$ DECLARE s text := current_schema(); BEGIN
           IF NOT EXISTS (SELECT FROM information_schema.tables
                          WHERE table_schema = current_schema() AND table_name = 'items') THEN
             EXECUTE format('CREATE TABLE %I.items (id serial)', s);
           END IF;
           EXECUTE 'ALTER TABLE ' || quote_ident(s) || '.items ADD title text';
           PERFORM setval(pg_get_serial_sequence(s || '.items', 'id'), 7);
         END $$;",
    );
    let tenants = tenants(&database, &stream).await;
    assert_eq!(tenants.spares().keep(1).await.unwrap().ready, 1);
    assert!(tenants.create(&name("acme")).await.unwrap().from_spare);
    assert!(health(&tenants).await.is_healthy());
}

#[tokio::test]
async fn a_tenant_is_compared_with_what_the_migrations_make_under_its_own_name() {
    let database = TestDatabase::new().await;
    let tenants = in_europe(&database).await;
    create(&tenants, &["eu_acme", "us_b"]).await;
    let found = health(&tenants).await;
    assert!(found.is_healthy(), "{:?}", problems(&found));
    assert_eq!(found.as_expected, Some(2));
    assert!(tenants.health().quick().await.unwrap().is_healthy());
    database
        .execute("ALTER TABLE eu_acme.items DROP COLUMN title; DROP TABLE eu_acme.gdpr")
        .await;
    let (found, _) = told(&tenants).await;
    assert_eq!(
        found,
        [
            "Some(\"eu_acme\"): table `gdpr` is missing",
            "Some(\"eu_acme\"): column `items.title` is missing",
        ]
    );
    tenants.repair(&name("eu_acme")).await.unwrap();
    assert!(health(&tenants).await.is_healthy());
    let gdpr = "SELECT to_regclass('eu_acme.gdpr')";
    assert_eq!(database.value(gdpr).await, "eu_acme.gdpr");
}

#[tokio::test]
async fn what_only_another_name_has_is_not_missing() {
    let database = TestDatabase::new().await;
    let up = "CREATE TABLE items (id int);
        DO $$ BEGIN IF current_schema() NOT LIKE 'eu%' THEN CREATE TABLE exports (id int); END IF; END $$;";
    let tenants = tenants(&database, &Stream::new().with(up)).await;
    create(&tenants, &["eu_acme", "us_b"]).await;
    let found = health(&tenants).await;
    assert!(found.is_healthy(), "{:?}", problems(&found));
    let quick = tenants.health().quick().await.unwrap();
    assert!(quick.is_healthy(), "{:?}", problems(&quick));
    let repaired = tenants.repair(&name("eu_acme")).await.unwrap();
    assert!(repaired.mended.is_empty(), "{repaired:?}");
    let exports = "SELECT to_regclass('eu_acme.exports') IS NULL";
    assert_eq!(database.value(exports).await, "t");
}

fn notes(notes: &[Note]) -> Vec<String> {
    notes.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_clone_and_a_renamed_tenant_keep_what_the_name_made_and_no_advice_drops_it() {
    let database = TestDatabase::new().await;
    let tenants = in_europe(&database).await;
    create(&tenants, &["eu_acme"]).await;
    database
        .execute("INSERT INTO eu_acme.gdpr VALUES (7)")
        .await;
    let (from, to) = (name("eu_acme"), name("us_b"));
    let cloned = tenants.clone_tenant(&from, &to).await.unwrap();
    let told_of = |to: &str| {
        format!(
            "the migrations use the schema's name at {PLACE}, and `{to}` still has what they created for `eu_acme`"
        )
    };
    assert_eq!(notes(&cloned.notes), [told_of("us_b")]);
    let renamed = tenants.rename(&from, &name("us_c")).await.unwrap();
    assert_eq!(notes(&renamed.notes), [told_of("us_c")]);
    let (found, sql) = told(&tenants).await;
    assert_eq!(
        found,
        [
            "Some(\"us_b\"): unexpected table `gdpr`",
            "Some(\"us_b\"): unexpected column `items.consent`",
            "Some(\"us_c\"): unexpected table `gdpr`",
            "Some(\"us_c\"): unexpected column `items.consent`",
        ]
    );
    assert_eq!(sql, Vec::<String>::new());
    let repaired = tenants.repair(&name("us_c")).await.unwrap();
    assert!(repaired.mended.is_empty(), "{repaired:?}");
    assert_eq!(repaired.left.len(), 2);
    let left = &repaired.left[0];
    assert!(
        left.problem(&name("us_c"))
            .sql(tenants.registry())
            .is_empty()
    );
    let rows = "SELECT count(*) FROM us_c.gdpr";
    assert_eq!(database.value(rows).await, "1");
}

#[tokio::test]
async fn a_rename_back_to_the_name_is_healthy_again() {
    let database = TestDatabase::new().await;
    let tenants = in_europe(&database).await;
    create(&tenants, &["eu_acme"]).await;
    let (one, other) = (name("eu_acme"), name("us_c"));
    tenants.rename(&one, &other).await.unwrap();
    assert!(!health(&tenants).await.is_healthy());
    tenants.rename(&other, &one).await.unwrap();
    let found = health(&tenants).await;
    assert!(found.is_healthy(), "{:?}", problems(&found));
}

#[tokio::test]
async fn a_role_that_can_create_no_database_hears_once_what_was_not_compared() {
    let database = TestDatabase::new().await;
    let role = database.role("secret").await;
    let (who, at) = (role.name(), database.name());
    database
        .execute(&format!(
            "GRANT CREATE ON DATABASE \"{at}\" TO {who}; GRANT ALL ON SCHEMA public TO {who}"
        ))
        .await;
    let migrations = Migrations {
        public: MigrationSet::registry(),
        tenant: Stream::new().with(EUROPE).set(),
    };
    let url = Database::parse(&role.url()).unwrap();
    let tenants = Tenants::open(url, migrations, Settings::default());
    let tenants = tenants.await.unwrap();
    tenants.migrate_public().await.unwrap();
    create(&tenants, &["eu_acme", "eu_b", "us_c"]).await;
    let found = health(&tenants).await;
    assert!(!found.is_healthy());
    assert_eq!(
        problems(&found),
        [format!(
            "None: the migrations use the schema's name at {PLACE}, and `eu_acme`, `eu_b` were not compared under their own names"
        )]
    );
    assert_eq!(found.as_expected, Some(1));
    let [problem] = &*found.problems else {
        panic!("{found:?}")
    };
    assert!(problem.sql(tenants.registry()).is_empty());
    assert_eq!(
        problem.remedies(tenants.registry()),
        [tenant_core::remedy::Advice::AllowScratchDatabase.into()]
    );
    // What is right for it is not known.
    let refused = tenants.repair(&name("eu_acme")).await.unwrap_err();
    assert_eq!(refused.sqlstate(), Some("42501"), "{}", chain(&refused));
}

#[tokio::test]
async fn what_was_found_under_a_name_is_kept_and_another_check_tries_others() {
    let database = TestDatabase::new().await;
    let tenants = in_europe(&database).await;
    let all = (0..23).map(|number| format!("eu_{number:02}"));
    let all = all.collect::<Vec<_>>();
    create(
        &tenants,
        &all.iter().map(String::as_str).collect::<Vec<_>>(),
    )
    .await;
    let first = health(&tenants).await;
    assert_eq!(first.as_expected, Some(20), "{:?}", problems(&first));
    let [told] = &*problems(&first) else {
        panic!("{:?}", problems(&first))
    };
    assert!(
        told.contains("and `eu_20`, `eu_21`, `eu_22` were not compared"),
        "{told}"
    );
    let again = open(&database, &Stream::new().with(EUROPE), Settings::default()).await;
    let second = health(&again).await;
    assert!(second.is_healthy(), "{:?}", problems(&second));
}

#[tokio::test]
async fn a_trigger_that_reads_the_name_at_run_time_has_spares() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE items (id int); CREATE TABLE items_log (tenant text, id int);
         CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           EXECUTE format('INSERT INTO %I.items_log VALUES ($1, $2)', TG_TABLE_SCHEMA)
             USING TG_TABLE_SCHEMA, NEW.id; RETURN NEW; END $$;
         CREATE TRIGGER keep AFTER INSERT ON items FOR EACH ROW EXECUTE FUNCTION keep();",
    );
    let tenants = tenants(&database, &stream).await;
    tenants.spares().keep(1).await.unwrap();
    assert!(tenants.create(&name("acme")).await.unwrap().from_spare);
    database.execute("INSERT INTO acme.items VALUES (7)").await;
    let log = "SELECT tenant || ' ' || id FROM acme.items_log";
    assert_eq!(database.value(log).await, "acme 7");
}
