//! `qualified-name` and `touches-public`.

use migration_lint::{Options, lint_text};

use crate::{PUBLIC, TENANT, each_gives, found, lint, none_gives_any, short};

#[test]
fn a_schema_is_noticed_wherever_it_can_stand() {
    each_gives(
        TENANT,
        "qualified-name",
        &[
            "CREATE TABLE app.tasks (id bigint);",
            "CREATE TABLE IF NOT EXISTS app.tasks (id bigint);",
            "CREATE TABLE tasks (id bigint REFERENCES app.users (id));",
            "CREATE TABLE tasks (id bigint, FOREIGN KEY (id) REFERENCES app.users);",
            "CREATE TABLE tasks (kind app.kind);",
            "CREATE TABLE tasks (kinds app.kind[]);",
            "CREATE TABLE tasks (kind text DEFAULT app.kind());",
            "CREATE TABLE tasks (name text COLLATE app.german);",
            "CREATE TABLE tasks (LIKE app.tasks INCLUDING ALL);",
            "CREATE TABLE tasks () INHERITS (app.tasks);",
            "CREATE TABLE part PARTITION OF app.tasks FOR VALUES IN (1);",
            "CREATE TABLE tasks (a int CHECK (app.good(a)));",
            "CREATE TABLE tasks (a int GENERATED ALWAYS AS (app.f(1)) STORED);",
            "CREATE TABLE tasks AS SELECT * FROM app.tasks;",
            "ALTER TABLE app.tasks ADD COLUMN a int;",
            "ALTER TABLE tasks ADD COLUMN a app.kind;",
            "ALTER TABLE tasks ALTER COLUMN a TYPE app.kind;",
            "ALTER TABLE tasks ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES app.users (id);",
            "ALTER TABLE tasks ATTACH PARTITION app.part FOR VALUES IN (1);",
            "DROP TABLE app.tasks;",
            "DROP TABLE IF EXISTS tasks, app.tasks CASCADE;",
            "CREATE INDEX ON app.tasks (a);",
            "CREATE INDEX i ON tasks (app.f(a));",
            "CREATE INDEX i ON tasks (a app.text_ops);",
            "DROP INDEX app.i;",
            "ALTER INDEX app.i RENAME TO j;",
            "CREATE TYPE app.kind AS ENUM ('a');",
            "ALTER TYPE app.kind ADD VALUE 'b';",
            "DROP TYPE app.kind;",
            "CREATE DOMAIN app.age AS int;",
            "CREATE SEQUENCE app.s;",
            "ALTER SEQUENCE s OWNED BY app.tasks.id;",
            "CREATE VIEW app.v AS SELECT 1;",
            "CREATE VIEW v AS SELECT * FROM tasks JOIN app.users USING (id);",
            "CREATE MATERIALIZED VIEW app.v AS SELECT 1;",
            "REFRESH MATERIALIZED VIEW app.v;",
            "CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1';",
            "CREATE FUNCTION f(a app.kind) RETURNS int LANGUAGE sql AS 'SELECT 1';",
            "CREATE FUNCTION f() RETURNS app.kind LANGUAGE sql AS 'SELECT NULL';",
            "DROP FUNCTION app.f(int);",
            "DROP FUNCTION f(app.kind);",
            "CREATE TRIGGER t BEFORE INSERT ON app.tasks FOR EACH ROW EXECUTE FUNCTION f();",
            "CREATE TRIGGER t BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION app.f();",
            "DROP TRIGGER t ON app.tasks;",
            "CREATE POLICY p ON app.tasks USING (true);",
            "CREATE POLICY p ON tasks USING (a = app.f());",
            "COMMENT ON TABLE app.tasks IS 'x';",
            "COMMENT ON COLUMN app.tasks.a IS 'x';",
            "COMMENT ON FUNCTION app.f() IS 'x';",
            "GRANT SELECT ON app.tasks TO reader;",
            "GRANT SELECT ON ALL TABLES IN SCHEMA app TO reader;",
            "REVOKE ALL ON FUNCTION app.f() FROM reader;",
            "INSERT INTO app.tasks VALUES (1);",
            "INSERT INTO tasks SELECT * FROM app.tasks;",
            "UPDATE app.tasks SET a = 1;",
            "UPDATE tasks SET a = app.f();",
            "DELETE FROM app.tasks;",
            "DELETE FROM tasks USING app.users WHERE true;",
            "TRUNCATE app.tasks;",
            "LOCK TABLE app.tasks;",
            "SELECT * FROM app.tasks;",
            "SELECT app.f(1);",
            "SELECT * FROM app.f(1);",
            "SELECT a::app.kind FROM tasks;",
            "SELECT CAST(a AS app.kind) FROM tasks;",
            "SELECT app.kind 'a';",
            "SELECT app.tasks.a FROM tasks;",
            "SELECT app.tasks.* FROM tasks;",
            "SELECT a OPERATOR(app.+) b FROM tasks;",
            "SELECT (SELECT 1 FROM app.tasks);",
            "WITH x AS (SELECT * FROM app.tasks) SELECT * FROM x;",
            "MERGE INTO app.tasks t USING x ON t.a = x.a WHEN MATCHED THEN DELETE;",
            "CALL app.p();",
            "COPY app.tasks FROM '/srv/tasks.csv';",
            "ANALYZE app.tasks;",
            "SELECT nextval('app.s');",
            "SELECT 'app.tasks'::regclass;",
            "SELECT nextval('app.s'::regclass);",
            "SELECT regclass 'app.tasks';",
            "CREATE TABLE tasks (id bigint DEFAULT nextval('app.tasks_id_seq'::regclass));",
            "SELECT * FROM other_database.app.tasks;",
            "SELECT * FROM \"App\".tasks;",
            "CREATE STATISTICS app.s ON a, b FROM tasks;",
            "CREATE TEXT SEARCH CONFIGURATION app.c (PARSER = pg_catalog.\"default\");",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO reader;",
        ],
    );
}

#[test]
fn a_name_in_public_is_a_matter_of_its_own() {
    each_gives(
        TENANT,
        "touches-public",
        &[
            "CREATE TABLE public.tasks (id bigint);",
            "CREATE TABLE tasks (name public.citext);",
            "CREATE TABLE tasks (name text DEFAULT ''::public.citext);",
            "CREATE TABLE tasks (id bigint REFERENCES PUBLIC.users (id));",
            "SELECT \"public\".f();",
            "SELECT nextval('public.s');",
            "GRANT USAGE ON SCHEMA public TO reader;",
        ],
    );
}

#[test]
fn dots_that_name_no_schema_are_left_alone() {
    none_gives_any(
        TENANT,
        &[
            "SELECT tasks.id, t.* FROM tasks t;",
            "SELECT (t.place).street, (t).id FROM tasks t;",
            "UPDATE tasks SET place.street = 'a' WHERE tasks.id = 1;",
            "INSERT INTO tasks AS t VALUES (1) ON CONFLICT (id) DO UPDATE SET a = excluded.a + t.a;",
            "ALTER SEQUENCE tasks_id_seq OWNED BY tasks.id;",
            "COMMENT ON COLUMN tasks.id IS 'public.tasks';",
            "SELECT 1.5, .5, '1.5'::numeric, 'public.tasks';",
            "CREATE POLICY p ON tasks USING (tasks.owner = current_user);",
            "CREATE RULE r AS ON UPDATE TO tasks DO ALSO INSERT INTO log VALUES (NEW.id, OLD.id);",
            "CREATE TRIGGER t BEFORE UPDATE ON tasks FOR EACH ROW \
             WHEN (OLD.a IS DISTINCT FROM NEW.a) EXECUTE FUNCTION f();",
            "SELECT pg_catalog.now(), a OPERATOR(pg_catalog.+) b, 'x'::pg_catalog.text FROM tasks;",
            "SELECT * FROM information_schema.tables WHERE tables.table_name = 'a';",
            "SELECT * FROM pg_catalog.pg_class c WHERE c.oid = 'tasks'::regclass;",
            "SET LOCAL citus.propagate_set_commands TO 'local';",
            "SELECT current_setting('app.user');",
            "SELECT data->'a.b'->>'c.d' FROM tasks;",
            "-- public.tasks\nSELECT 1; /* app.tasks */",
            "SELECT public FROM tasks; SELECT public.id FROM public;",
            "SELECT DISTINCT ON (t.a) t.a FROM tasks t GROUP BY t.a ORDER BY t.a;",
            "DELETE FROM tasks t USING users u WHERE t.owner = u.id RETURNING t.*;",
            "SELECT nextval('tasks_id_seq'::regclass), 'tasks.id'::text;",
            "WITH w AS (SELECT 1 AS a) SELECT w.a FROM w;",
            "MERGE INTO tasks t USING x ON t.a = x.a WHEN MATCHED THEN UPDATE SET a = x.a;",
        ],
    );
}

#[test]
fn the_public_stream_may_name_schemas() {
    none_gives_any(
        PUBLIC,
        &[
            "CREATE TABLE public.tasks (name extensions.citext);",
            "SELECT public.f();",
        ],
    );
}

#[test]
fn schemas_that_are_allowed_are_left_alone() {
    let options = Options {
        allowed_schemas: vec!["extensions".to_owned()],
        ..Options::default()
    };
    let text = "CREATE TABLE tasks (a EXTENSIONS.citext, b \"Extensions\".citext);";
    assert_eq!(
        short(&lint_text(&TENANT.sql(text), &options)),
        ["qualified-name:1"]
    );
}

#[test]
fn names_in_blocks_and_functions_count_too() {
    let block = "DO $$\nDECLARE r public.tasks%ROWTYPE;\nBEGIN\n  CREATE TABLE app.t (a int);\n  \
                 IF EXISTS (SELECT 1 FROM app.t) THEN PERFORM app.f(1); END IF;\nEND $$;";
    assert_eq!(
        found(TENANT, block),
        [
            "touches-public:2",
            "qualified-name:4",
            "qualified-name:5",
            "qualified-name:5"
        ]
    );
    let function = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n  \
                    INSERT INTO public.log VALUES (NEW.id);\n  RETURN NEW;\nEND $$;";
    assert_eq!(found(TENANT, function), ["touches-public:3"]);
    let sql = "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS $$\n  \
               SELECT count(*) FROM public.log l WHERE l.id = 1\n$$;";
    assert_eq!(found(TENANT, sql), ["touches-public:2"]);
    let atomic = "CREATE FUNCTION f() RETURNS bigint\nBEGIN ATOMIC\n  \
                  SELECT count(*) FROM app.log;\nEND;";
    assert_eq!(found(TENANT, atomic), ["qualified-name:3"]);
}

#[test]
fn variables_in_blocks_and_functions_are_no_schemas() {
    none_gives_any(
        TENANT,
        &[
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$\n\
             DECLARE r record; x tasks.id%TYPE; y tasks%ROWTYPE;\n\
             BEGIN\n\
               NEW.updated_at := now();\n\
               SELECT * INTO r FROM tasks t WHERE t.id = NEW.id;\n\
               x := r.place.street;\n\
               INSERT INTO log VALUES (NEW.a, OLD.a, r.b, y.c);\n\
               RETURN NEW;\n\
             END $$;",
            "DO $$ BEGIN UPDATE tasks SET a = 1 WHERE tasks.id = 2; END $$;",
            "CREATE FUNCTION add(a int, b int) RETURNS int LANGUAGE sql AS $$ SELECT add.a + b $$;",
        ],
    );
}

#[test]
fn a_schema_of_another_server_is_none_of_this_database() {
    let import = |into: &str| format!("IMPORT FOREIGN SCHEMA sales FROM SERVER s INTO {into};");
    none_gives_any(TENANT, &[&*import("pg_temp")]);
    let messages = lint(TENANT, &import("app"))
        .into_iter()
        .map(|finding| finding.message)
        .collect::<Vec<_>>();
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(messages[0].contains("`app`"), "{messages:?}");
}
