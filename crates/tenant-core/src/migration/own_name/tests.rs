//! What counts as a use of the schema's name, and what is only a look at the tenant's objects.

use crate::migration::MigrationSet;

fn uses(up: &str) -> Vec<String> {
    let set = MigrationSet::of_texts(&[("2026-01-01-000000_step", up, "SELECT 1")]);
    let uses = set.uses_of_name(&MigrationSet::default());
    let uses = uses
        .iter()
        .map(|one| format!("{} {:?}", one.line, one.purpose));
    uses.collect()
}

#[test]
fn what_finds_the_tenants_own_objects_is_no_use_of_the_name() {
    let mut wrong = Vec::new();
    for up in [
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = 'x') THEN CREATE TABLE x (); END IF; END $$",
        "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typname = 'mood' AND n.nspname = current_schema()) THEN CREATE TYPE mood AS ENUM ('a'); END IF; END $$",
        "DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'c' AND connamespace = current_schema()::regnamespace) THEN ALTER TABLE t DROP CONSTRAINT c; END IF; END $$",
        "DO $$ DECLARE s text := current_schema(); BEGIN IF NOT EXISTS (SELECT FROM pg_tables WHERE schemaname = s AND tablename = 'x') THEN CREATE TABLE x (); END IF; END $$",
        "DO $$ DECLARE r record; BEGIN FOR r IN SELECT schemaname, tablename FROM pg_tables WHERE schemaname = current_schema() LOOP EXECUTE format('ALTER TABLE %I.%I ADD x int', r.schemaname, r.tablename); END LOOP; END $$",
        "DO $$ DECLARE r record; BEGIN FOR r IN SELECT tablename FROM pg_tables WHERE schemaname = ANY (current_schemas(false)) LOOP EXECUTE 'ALTER TABLE ' || quote_ident(current_schema()) || '.' || quote_ident(r.tablename) || ' ADD x int'; END LOOP; END $$",
        "DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO public', current_schema()); END $$",
        "SELECT setval(pg_get_serial_sequence(current_schema() || '.t', 'id'), 7)",
        "DO $$ BEGIN PERFORM (current_schema() || '.t')::regclass; END $$",
        "DO $$ BEGIN IF to_regclass(format('%I.t', current_schema())) IS NULL THEN CREATE TABLE t (); END IF; END $$",
        "DO $$ BEGIN IF current_schema() = 'public' THEN RAISE EXCEPTION 'not here'; END IF; END $$",
        "DO $$ BEGIN IF current_schema() IS NULL THEN RAISE EXCEPTION 'nowhere'; END IF; END $$",
        "DO $$ BEGIN RAISE NOTICE 'working on %', current_schema(); END $$",
        "DO $$ DECLARE n int; BEGIN SELECT count(*) INTO n FROM information_schema.columns WHERE table_schema = current_schema() AND column_name = 'x'; IF n = 0 THEN ALTER TABLE t ADD x int; END IF; END $$",
        "DO $$ DECLARE s text; BEGIN SELECT current_schema() INTO s; EXECUTE format('CREATE INDEX IF NOT EXISTS i ON %I.t (id)', s); END $$",
        "DO $$ DECLARE s text; BEGIN SELECT n.nspname INTO STRICT s FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid WHERE c.oid = 't'::regclass; EXECUTE 'ALTER TABLE ' || quote_ident(s) || '.t ADD x int'; END $$",
        "DO $$ DECLARE s text := current_schema(); f text; BEGIN f := format('%I.%I', s, 't'); EXECUTE 'ALTER TABLE ' || f || ' ADD x int'; END $$",
        "DO $$ DECLARE n int; BEGIN EXECUTE 'SELECT count(*) FROM pg_tables WHERE schemaname = $1' INTO n USING current_schema(); END $$",
        "DO $$ DECLARE n int; BEGIN EXECUTE format('SELECT count(*) FROM pg_tables WHERE schemaname = %L', current_schema()) INTO n; END $$",
        "CREATE FUNCTION has(p_schema text, p_table text) RETURNS bool LANGUAGE sql AS $$ SELECT EXISTS (SELECT FROM information_schema.tables WHERE table_schema = p_schema AND table_name = p_table) $$; DO $$ BEGIN IF NOT has(current_schema(), 'x') THEN CREATE TABLE x (); END IF; END $$",
        "CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (TG_TABLE_SCHEMA, TG_OP); RETURN NEW; END $$; CREATE TRIGGER a AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION audit()",
        "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT md5(current_schema()) $$",
        "CREATE FUNCTION f() RETURNS text LANGUAGE sql SET search_path FROM CURRENT AS $$ SELECT 'x' $$",
        "CREATE TABLE t (id int, tenant text DEFAULT current_schema())",
        "CREATE TABLE t (id int, tenant text DEFAULT md5(current_schema()))",
        "CREATE POLICY p ON t USING (tenant = current_schema())",
        "CREATE VIEW v AS SELECT current_schema() AS tenant",
        "INSERT INTO public.registry (schema_name) VALUES ('shared')",
        "SELECT current_schema()",
        "SELECT set_config('search_path', current_schema() || ', public', true)",
        "DO $$ BEGIN PERFORM pg_advisory_xact_lock(hashtext(current_schema())); END $$",
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_tables WHERE schemaname IN (current_schema(), 'public') AND tablename = 'x') THEN CREATE TABLE x (); END IF; END $$",
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM information_schema.columns WHERE (table_schema, table_name) = (current_schema(), 't')) THEN ALTER TABLE t ADD x int; END IF; END $$",
        "DO $$ BEGIN RAISE EXCEPTION 'no' USING DETAIL = current_schema(); END $$",
        "DO $$ BEGIN EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT ON TABLES TO app', current_schema()); END $$",
        "DO $$ DECLARE s text := (SELECT current_schema()); BEGIN EXECUTE 'COMMENT ON SCHEMA ' || quote_ident(s) || ' IS ''a tenant'''; END $$",
        "DO $$ BEGIN IF (SELECT c.relnamespace::regnamespace::text = current_schema() FROM pg_class c WHERE c.oid = 't'::regclass) THEN CREATE TABLE x (); END IF; END $$",
        "SHOW search_path",
        r"DO $$ BEGIN IF EXISTS (SELECT FROM pg_tables WHERE schemaname = current_schema() AND schemaname NOT LIKE 'pg\_%' AND schemaname NOT IN ('pg_catalog', 'information_schema') AND tablename = 'x') THEN ALTER TABLE x ADD y int; END IF; END $$",
        "DO $$ BEGIN IF EXISTS (SELECT FROM pg_tables WHERE (schemaname = current_schema() OR schemaname = 'audit') AND tablename = 'x') THEN CREATE TABLE y (); END IF; END $$",
        "DO $$ BEGIN IF EXISTS (SELECT FROM pg_tables WHERE schemaname = 'audit' AND tablename = 'x') AND NOT EXISTS (SELECT FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'x') THEN CREATE TABLE x (); END IF; END $$",
        "DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM pg_tables WHERE schemaname = current_schema() LOOP EXECUTE format('ALTER TABLE %I.%I ADD x int', r.schemaname, r.tablename); END LOOP; END $$",
        "DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM information_schema.tables WHERE table_schema = 'audit' LOOP IF r.table_schema LIKE 'a%' THEN CREATE TABLE x (); END IF; END LOOP; END $$",
        "DO $$ DECLARE s text; BEGIN SHOW search_path INTO s; EXECUTE 'ALTER TABLE ' || quote_ident(s) || '.t ADD x int'; END $$",
        "DO $$ DECLARE s text := (SELECT schemaname FROM pg_tables WHERE schemaname = current_schema() AND tablename = 't'); BEGIN EXECUTE format('ALTER TABLE %I.t ADD x int', s); END $$",
        "DO $$ BEGIN IF (SELECT n.nspname FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid WHERE c.oid = 't'::regclass) = current_schema() THEN CREATE TABLE x (); END IF; END $$",
        "DO $$ BEGIN IF EXISTS (SELECT FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name) WHERE c.table_schema = current_schema() AND c.column_name = 'x' AND t.table_type = 'BASE TABLE') THEN ALTER TABLE t DROP x; END IF; END $$",
        "-- current_schema() LIKE 'eu%'\nSELECT 1",
        "INSERT INTO docs VALUES ('call current_schema() to see it')",
    ] {
        if !uses(up).is_empty() {
            wrong.push((up, uses(up)));
        }
    }
    assert_eq!(wrong, []);
}

#[test]
fn what_differs_with_the_name_is_a_use_of_it() {
    let mut wrong = Vec::new();
    for (up, found) in [
        (
            "DO $$ BEGIN\n IF current_schema() LIKE 'eu%' THEN CREATE TABLE gdpr (id int); END IF; END $$",
            "2 Condition",
        ),
        (
            "DO $$ BEGIN IF current_schema() = 'acme' THEN CREATE TABLE x (); END IF; END $$",
            "1 Condition",
        ),
        (
            "DO $$ BEGIN IF left(current_schema(), 3) = 'eu_' THEN CREATE TABLE x (); END IF; END $$",
            "1 Condition",
        ),
        (
            "DO $$ DECLARE s text := current_schema(); BEGIN IF s ~ '^eu' THEN CREATE TABLE x (); END IF; END $$",
            "1 Condition",
        ),
        (
            "DO $$ DECLARE s text; BEGIN s := current_schema;\n CASE s WHEN 'acme' THEN CREATE TABLE x (); ELSE NULL; END CASE; END $$",
            "2 Condition",
        ),
        (
            "INSERT INTO public.registry VALUES (current_schema(), 7)",
            "1 Row",
        ),
        (
            "INSERT INTO public.registry SELECT nspname FROM pg_namespace WHERE nspname = current_schema()",
            "1 Row",
        ),
        (
            "UPDATE public.registry SET ready = true WHERE name = current_schema()",
            "1 Condition",
        ),
        (
            "INSERT INTO public.registry VALUES (current_schema() || '.t')",
            "1 Row",
        ),
        (
            "INSERT INTO t SELECT 1 WHERE current_setting('search_path') LIKE 'eu%'",
            "1 Row",
        ),
        (
            "DO $$ BEGIN EXECUTE format('CREATE TABLE %I ()', 't_' || md5(current_schema())); END $$",
            "1 Statement",
        ),
        (
            "DO $$ BEGIN EXECUTE 'CREATE INDEX ' || quote_ident(current_schema() || '_i') || ' ON t (id)'; END $$",
            "1 Statement",
        ),
        (
            "DO $$ BEGIN EXECUTE format('COMMENT ON TABLE t IS %L', encode(convert_to(current_schema(), 'utf8'), 'base64')); END $$",
            "1 Statement",
        ),
        (
            "DO $$ BEGIN EXECUTE format('ALTER TABLE t ALTER x SET DEFAULT %L', current_schema()); END $$",
            "1 Statement",
        ),
        (
            "DO $$ BEGIN EXECUTE format('CREATE TRIGGER k BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION keep(%L)', current_schema() || '.log'); END $$",
            "1 Statement",
        ),
        (
            "CREATE TABLE t AS SELECT current_schema() AS tenant",
            "1 Row",
        ),
        (
            "CREATE MATERIALIZED VIEW v AS SELECT current_schema() AS tenant",
            "1 Row",
        ),
        (
            "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$\n SELECT md5(current_schema()) $$; SELECT f()",
            "2 Expression",
        ),
        (
            "CREATE FUNCTION is_eu(s text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN\n RETURN s LIKE 'eu%'; END $$; DO $$ BEGIN IF is_eu(current_schema()) THEN CREATE TABLE x (); END IF; END $$",
            "2 Expression",
        ),
        (
            "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN\n IF current_schema() > 'm' THEN CREATE TABLE x (); END IF; END $$; CALL p()",
            "2 Condition",
        ),
        (
            "CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN\n INSERT INTO public.log VALUES (TG_TABLE_SCHEMA); RETURN NEW; END $$; CREATE TRIGGER a AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION audit(); INSERT INTO t VALUES (1)",
            "2 Row",
        ),
        (
            "CREATE TABLE t (id int, tenant text DEFAULT md5(current_schema())); INSERT INTO t (id) VALUES (1)",
            "1 Row",
        ),
        (
            "DO $$ DECLARE s text; BEGIN EXECUTE 'SHOW search_path' INTO s; IF s LIKE 'eu%' THEN CREATE TABLE x (); END IF; END $$",
            "1 Condition",
        ),
        (
            "DO $$ DECLARE s text; BEGIN SHOW search_path INTO s; IF s LIKE '%eu%' THEN CREATE TABLE x (); END IF; END $$",
            "1 Condition",
        ),
        (
            "DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND schemaname LIKE 'eu%' AND tablename = 'a') THEN CREATE TABLE x (); END IF; END $$",
            "1 Condition",
        ),
        (
            "DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_tables t WHERE t.schemaname IN ('acme', 'globex') AND t.schemaname = current_schema()) THEN CREATE TABLE x (); END IF; END $$",
            "1 Condition",
        ),
        (
            "DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND 'acme' = schemaname) THEN CREATE TABLE x (); END IF; END $$",
            "1 Condition",
        ),
        (
            "DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND left(lower(schemaname::text), 2) = 'eu') THEN CREATE TABLE x (); END IF; END $$",
            "1 Condition",
        ),
        (
            "DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND starts_with(schemaname, 'eu')) THEN CREATE TABLE x (); END IF; END $$",
            "1 Condition",
        ),
        (
            "DO $$ DECLARE n int; BEGIN SELECT count(*) INTO n FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid WHERE c.oid = 't'::regclass AND n.nspname ~* '^eu'; IF n > 0 THEN CREATE TABLE x (); END IF; END $$",
            "1 Condition",
        ),
        (
            "DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = 'a' LOOP IF r.table_schema LIKE 'eu%' THEN CREATE TABLE x (); END IF; END LOOP; END $$",
            "1 Condition",
        ),
        (
            "DO $$ DECLARE r pg_tables%ROWTYPE; BEGIN SELECT t.* INTO r FROM pg_tables t WHERE schemaname = current_schema() LIMIT 1; IF r.schemaname = 'acme' THEN CREATE TABLE x (); END IF; END $$",
            "1 Condition",
        ),
        (
            "DO $$ DECLARE s text := (SELECT schemaname FROM pg_tables WHERE schemaname = current_schema() AND tablename = 't'); BEGIN IF s ~ '^eu' THEN CREATE TABLE x (); END IF; END $$",
            "1 Condition",
        ),
        (
            "DO $$ DECLARE s text; BEGIN SELECT INTO s t.table_schema FROM information_schema.tables t WHERE t.table_schema = current_schema() LIMIT 1; IF s ~ '^eu' THEN CREATE TABLE x (); END IF; END $$",
            "1 Condition",
        ),
        (
            "DO $$ DECLARE r record; BEGIN FOR r IN SELECT n.nspname AS s FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid WHERE c.oid = 't'::regclass LOOP IF r.s LIKE 'eu%' THEN CREATE TABLE x (); END IF; END LOOP; END $$",
            "1 Condition",
        ),
        (
            "DO $$ BEGIN IF (SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = 't'::regclass) LIKE 'eu%' THEN CREATE TABLE x (); END IF; END $$",
            "1 Condition",
        ),
        (
            "DO $$ BEGIN EXECUTE 'INSERT INTO public.registry VALUES (current_schema())'; END $$",
            "1 Row",
        ),
        (
            "SELECT partman.create_parent(current_schema() || '.events', 'at')",
            "1 Expression",
        ),
        ("INSERT INTO t VALUES (hashtext(current_schema()))", "1 Row"),
        (
            "DO $$ BEGIN EXECUTE format('CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $f$ SELECT count(*) FROM %I.t $f$', current_schema()); END $$",
            "1 Statement",
        ),
        (
            "DO $$ BEGIN PERFORM set_config('app.tenant', current_schema(), true); END $$",
            "1 Expression",
        ),
        (
            "SELECT CASE WHEN current_schema() LIKE 'eu%' THEN nextval('a') ELSE nextval('b') END",
            "1 Expression",
        ),
    ] {
        if uses(up) != [found] {
            wrong.push((up, uses(up)));
        }
    }
    assert_eq!(wrong, []);
}

#[test]
fn a_function_of_the_public_migrations_uses_the_name_if_a_tenants_migration_calls_it() {
    let body = "CREATE FUNCTION public.setup() RETURNS void LANGUAGE plpgsql AS $$ BEGIN\n\
                IF current_schema() LIKE 'eu%' THEN CREATE TABLE gdpr (); END IF; END $$";
    let public = MigrationSet::of_texts(&[("2026-01-01-000000_shared", body, "SELECT 1")]);
    let of = |up: &str| {
        let tenant = MigrationSet::of_texts(&[("2026-02-01-000000_step", up, "SELECT 1")]);
        let uses = tenant.uses_of_name(&public);
        uses.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        of("SELECT public.setup()"),
        ["`2026-01-01-000000_shared/up.sql:2` (in a condition)"]
    );
    assert_eq!(of("SELECT 1"), Vec::<String>::new());
}
