//! What in a clone could lead a write to the original: functions elsewhere with dynamic
//! SQL, rows that an application wrote, encoded names, numbers of objects.

use tenant_core::{Cloned, Error, Note, Tenants};
use test_support::TestDatabase;

use crate::fixture::{Stream, chain, create, name, tenants, two_steps};

async fn clone(tenants: &Tenants, to: &str) -> Result<Cloned, Error> {
    tenants.clone_tenant(&name("acme"), &name(to)).await
}

/// The functions and the tables for which a clone is refused.
async fn refused(tenants: &Tenants, of: &str) -> (Vec<String>, Vec<String>) {
    match clone(tenants, "beta").await {
        Err(Error::NameInText { places, rows, .. }) => (places, rows),
        Err(error) => panic!("{of}: {}", chain(&error)),
        Ok(cloned) => panic!("{of}: {cloned:?}"),
    }
}

/// Functions of the whole database. `log_to` writes where its argument says.
const SHARED: &str = "
    CREATE FUNCTION public.log_to(place text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
        EXECUTE format('INSERT INTO %s DEFAULT VALUES', place); RETURN place; END $$;
    CREATE FUNCTION public.kept(place text) RETURNS text LANGUAGE sql IMMUTABLE
        AS $$ SELECT public.log_to(place) $$;
    CREATE FUNCTION public.fired() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM log_to(current_schema()); RETURN NEW; END $$;
    CREATE TABLE public.journal (what text);
    CREATE FUNCTION public.of_journal() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        EXECUTE NEW.what; RETURN NEW; END $$;
    CREATE TRIGGER t BEFORE INSERT ON public.journal FOR EACH ROW EXECUTE FUNCTION public.of_journal();
    CREATE FUNCTION public.unrelated() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'SELECT 1'; END $$;
    CREATE TABLE public.plans (id int PRIMARY KEY);
    CREATE TRIGGER t BEFORE INSERT ON public.plans FOR EACH ROW EXECUTE FUNCTION public.of_journal();";

/// How something in a tenant's schema calls one of them, and the function that is told.
const CALLS: [(&str, &str); 11] = [
    (
        "CREATE TABLE t (v text DEFAULT public.log_to(''))",
        "log_to",
    ),
    (
        "CREATE TABLE t (v text, CHECK (public.log_to(v) > ''))",
        "log_to",
    ),
    (
        "CREATE TABLE t (v text, w text GENERATED ALWAYS AS (public.log_to(v)) STORED)",
        "log_to",
    ),
    (
        "CREATE TABLE t (v text);
         CREATE RULE r AS ON DELETE TO t DO ALSO SELECT public.log_to(OLD.v)",
        "log_to",
    ),
    (
        "CREATE TABLE t (v text);
         CREATE POLICY p ON t FOR INSERT WITH CHECK (public.log_to(v) > '')",
        "log_to",
    ),
    (
        "CREATE DOMAIN d AS text CHECK (public.kept(VALUE) > ''); CREATE TABLE t (v d)",
        "log_to",
    ),
    (
        "CREATE TABLE t (v text); CREATE VIEW w AS SELECT public.kept(v) FROM t",
        "log_to",
    ),
    (
        "CREATE TABLE t (v text);
         CREATE TRIGGER t AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION public.fired()",
        "log_to",
    ),
    (
        "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT public.kept('') $$",
        "log_to",
    ),
    (
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ INSERT INTO public.journal VALUES ('') $$",
        "of_journal",
    ),
    (
        "CREATE TABLE t (v text);
         CREATE RULE r AS ON INSERT TO t DO ALSO INSERT INTO public.journal VALUES (NEW.v)",
        "of_journal",
    ),
];

#[tokio::test]
async fn functions_elsewhere_that_a_tenant_calls_count_like_its_own() {
    for (call, function) in CALLS {
        let database = TestDatabase::new().await;
        database.execute(SHARED).await;
        let up = format!(
            "CREATE TABLE settings (value text); INSERT INTO settings VALUES (current_schema()); {call};"
        );
        let tenants = tenants(&database, &Stream::new().with(&up)).await;
        create(&tenants, &["acme"]).await;
        let (functions, rows) = refused(&tenants, call).await;
        let [told] = functions.as_slice() else {
            panic!("{call}: {functions:?}");
        };
        assert!(
            told.contains(&format!("public.{function}(")),
            "{call}: {told}"
        );
        assert_eq!(rows, ["settings"], "{call}");
        assert_eq!(database.schemas().await, ["acme"], "{call}");
        let (from, to) = (name("acme"), name("beta"));
        let allowed = tenants.clone_tenant(&from, &to).allow_name_in_rows();
        let notes = allowed.await.unwrap().notes;
        assert!(
            matches!(&notes[..], [Note::NameInRows { .. }]),
            "{call}: {notes:?}"
        );
    }
}

/// A foreign key fires no trigger of the table that it refers to, and what nothing in the
/// tenant calls does nothing in a clone.
#[tokio::test]
async fn functions_elsewhere_that_a_tenant_does_not_call_refuse_nothing() {
    let database = TestDatabase::new().await;
    database.execute(SHARED).await;
    let up = "CREATE TABLE settings (value text, plan int REFERENCES public.plans);
        INSERT INTO settings VALUES (current_schema());";
    let tenants = tenants(&database, &Stream::new().with(up)).await;
    create(&tenants, &["acme"]).await;
    clone(&tenants, "beta").await.unwrap();
}

/// A trigger that executes what a row says.
fn with_dynamic_sql() -> Stream {
    Stream::new().with(
        "CREATE TABLE settings (id int, value text, list text[], doc jsonb, bytes bytea, key uuid);
         CREATE TABLE tasks (id int PRIMARY KEY);
         CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           EXECUTE (SELECT value FROM settings LIMIT 1); RETURN NEW; END $$;
         CREATE TRIGGER keep BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION keep();",
    )
}

#[tokio::test]
async fn rows_that_an_application_wrote_count_like_those_of_migrations_also_encoded() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &with_dynamic_sql()).await;
    create(&tenants, &["acme"]).await;
    for value in [
        "(value) VALUES ('INSERT INTO ACME.log')",
        "(list) VALUES (ARRAY['x', 'acme'])",
        r#"(doc) VALUES ('{"schema": "acme"}')"#,
        "(value) VALUES (md5('acme'))",
        "(key) VALUES (md5('acme')::uuid)",
        "(value) VALUES (upper(encode(sha256('acme'), 'hex')))",
        "(bytes) VALUES (sha256('acme'))",
        "(value) VALUES (encode(sha512('acme'), 'hex'))",
        "(value) VALUES (encode(sha256('acme'), 'base64'))",
        "(bytes) VALUES ('acme.log')",
        "(value) VALUES (encode('acme', 'base64'))",
        "(value) VALUES (encode('to acme.log', 'base64'))",
    ] {
        let row = format!("TRUNCATE acme.settings; INSERT INTO acme.settings {value}");
        database.execute(&row).await;
        let (functions, rows) = refused(&tenants, value).await;
        assert_eq!(
            (functions, rows),
            (vec!["acme.keep()".to_owned()], vec!["settings".to_owned()])
        );
    }
    database
        .execute(
            "TRUNCATE acme.settings;
             INSERT INTO acme.settings VALUES (1, 'acme_2.log of acmes', '{}', '[\"ac\", \"me\"]',
                 'acm', '61636d00-0000-0000-0000-000000000000')",
        )
        .await;
    clone(&tenants, "beta").await.unwrap();
}

/// Diesel's first migration makes it in each schema, with dynamic SQL.
#[tokio::test]
async fn the_function_of_diesels_own_setup_refuses_nothing_unless_another_one_calls_it() {
    const SETUP: &str = "CREATE FUNCTION diesel_manage_updated_at(_tbl regclass) RETURNS VOID AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER set_updated_at BEFORE UPDATE ON %s
                    FOR EACH ROW EXECUTE PROCEDURE diesel_set_updated_at()', _tbl);
END;
$$ LANGUAGE plpgsql;
        CREATE TABLE settings (value text);
        INSERT INTO settings VALUES (current_schema());";
    let edited = SETUP.replace("_tbl);", "_tbl::text);");
    let called = format!(
        "{SETUP} CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           PERFORM diesel_manage_updated_at(NEW.value::regclass); RETURN NEW; END $$;
         CREATE TRIGGER keep BEFORE INSERT ON settings FOR EACH ROW EXECUTE FUNCTION keep();"
    );
    for (up, is_refused) in [(SETUP, false), (&edited, true), (&called, true)] {
        let database = TestDatabase::new().await;
        let tenants = tenants(&database, &Stream::new().with(up)).await;
        create(&tenants, &["acme"]).await;
        match is_refused {
            true => drop(refused(&tenants, up).await),
            false => drop(clone(&tenants, "beta").await.unwrap()),
        }
    }
}

#[tokio::test]
async fn an_encoded_name_in_a_text_written_by_hand_refuses_a_clone() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "DO $$ BEGIN EXECUTE format('ALTER TABLE acme.tasks ALTER title SET DEFAULT %L', md5('acme')); END $$",
        )
        .await;
    let (places, _) = refused(&tenants, "default").await;
    assert_eq!(places, ["default of column `tasks.title`"]);
}

#[tokio::test]
async fn numbers_of_the_originals_tables_become_those_of_the_clones() {
    let database = TestDatabase::new().await;
    let up = "CREATE TABLE tasks (id serial PRIMARY KEY); CREATE VIEW open AS SELECT * FROM tasks;
        CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE TABLE log (id int, relation oid, relations oid[]);";
    let tenants = tenants(&database, &Stream::new().with(up)).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "INSERT INTO acme.log VALUES (1, 'acme.tasks'::regclass, '{}'), (2, 'acme.tasks_id_seq'::regclass, NULL),
                 (3, 'pg_class'::regclass, NULL), (4, NULL, '{42}'), (5, 424242, NULL)",
        )
        .await;
    clone(&tenants, "beta").await.unwrap();
    let rows = "SELECT string_agg(relation::regclass::text, ' ' ORDER BY id) FROM beta.log";
    assert_eq!(
        database.value(rows).await,
        "beta.tasks beta.tasks_id_seq pg_class 424242"
    );
    for (row, column) in [
        ("6, 'acme.open'::regclass", "relation"),
        ("6, 'acme.f'::regproc", "relation"),
        ("6, 'acme.tasks'::regtype", "relation"),
        ("6, 'acme'::regnamespace", "relation"),
        ("6, 0, ARRAY['acme.tasks'::regclass::oid]", "relations"),
    ] {
        let row = format!("DELETE FROM acme.log WHERE id = 6; INSERT INTO acme.log VALUES ({row})");
        database.execute(&row).await;
        let Err(Error::NotCopyable { objects, .. }) = clone(&tenants, "gamma").await else {
            panic!("{row}");
        };
        let told = format!("values of column log.{column} that contain numbers of its objects");
        assert_eq!(objects, [told], "{row}");
    }
    assert_eq!(database.schemas().await, ["acme", "beta"]);
}

#[tokio::test]
async fn a_number_of_the_originals_tables_in_a_text_refuses_a_clone() {
    for (up, place) in [
        (
            "EXECUTE format('ALTER TABLE tasks ALTER of SET DEFAULT %s', 'log'::regclass::oid);",
            "default of column `tasks.of`",
        ),
        (
            "EXECUTE format('CREATE TRIGGER keep BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION keep(%s)',
                            'log'::regclass::oid);",
            "definition of trigger `keep` of `tasks`",
        ),
    ] {
        let database = TestDatabase::new().await;
        let stream = Stream::new().with(&format!(
            "CREATE TABLE tasks (id int, of oid, size int DEFAULT 20000); CREATE TABLE log (id int);
             CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               EXECUTE format('INSERT INTO %s VALUES (1)', TG_ARGV[0]::oid::regclass); RETURN NEW; END $$;
             DO $do$ BEGIN {up} END $do$;"
        ));
        let tenants = tenants(&database, &stream).await;
        create(&tenants, &["acme"]).await;
        let (places, rows) = refused(&tenants, up).await;
        assert_eq!(places, [format!("{place} (as the number of an object)")]);
        assert!(rows.is_empty());
        // A number of something else is no way to the original.
        database
            .execute("ALTER TABLE acme.tasks ALTER of SET DEFAULT 1259; DROP TRIGGER IF EXISTS keep ON acme.tasks")
            .await;
        clone(&tenants, "beta").await.unwrap();
    }
}
