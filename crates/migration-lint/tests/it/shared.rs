//! `extension`, `schema-statement`, `shared-object`, `copy-stdin` and
//! `backslash-command`.

use crate::{PUBLIC, TENANT, each_gives, found, lint, none_gives_any};

#[test]
fn extensions_belong_to_the_public_stream() {
    let extensions = [
        "CREATE EXTENSION IF NOT EXISTS citext;",
        "CREATE EXTENSION citext WITH SCHEMA app;",
        "ALTER EXTENSION citext UPDATE;",
        "ALTER EXTENSION citext SET SCHEMA app;",
        "DROP EXTENSION citext;",
    ];
    for text in extensions {
        let found = found(TENANT, text);
        assert_eq!(
            found.first().map(String::as_str),
            Some("extension:1"),
            "{text}"
        );
    }
    none_gives_any(PUBLIC, &extensions);
    let finding = &lint(TENANT, extensions[0])[0];
    let hint = finding.hint.as_deref().unwrap();
    assert!(hint.contains("--extensions-schema"), "{hint}");
}

#[test]
fn schemas_are_not_the_business_of_a_tenants_migration() {
    let statements = [
        "CREATE SCHEMA app;",
        "CREATE SCHEMA IF NOT EXISTS app AUTHORIZATION owner;",
        "ALTER SCHEMA app RENAME TO b;",
        "DROP SCHEMA app CASCADE;",
        "ALTER TABLE tasks SET SCHEMA app;",
        "ALTER TYPE kind SET SCHEMA app;",
        "ALTER FUNCTION f() SET SCHEMA app;",
        "ALTER SEQUENCE s SET SCHEMA app;",
        "ALTER VIEW v SET SCHEMA public;",
    ];
    each_gives(TENANT, "schema-statement", &statements);
    none_gives_any(PUBLIC, &statements);
}

#[test]
fn what_exists_once_in_a_server_belongs_to_the_public_stream() {
    let statements = [
        "CREATE ROLE reader;",
        "ALTER ROLE reader SET search_path = app;",
        "DROP USER reader;",
        "CREATE PUBLICATION p FOR ALL TABLES;",
        "ALTER DATABASE d SET timezone = 'UTC';",
        "CREATE SERVER s FOREIGN DATA WRAPPER w;",
        "DROP OWNED BY reader;",
        "REASSIGN OWNED BY reader TO writer;",
        "GRANT reader TO writer;",
        "REVOKE ADMIN OPTION FOR reader FROM writer;",
        "GRANT CONNECT ON DATABASE app TO reader;",
        "GRANT USAGE ON FOREIGN SERVER s TO reader;",
        "REVOKE CREATE ON TABLESPACE fast FROM reader;",
        "GRANT USAGE ON LANGUAGE plpgsql TO reader;",
        "COMMENT ON DATABASE app IS 'ours';",
        "COMMENT ON ROLE reader IS NULL;",
        "COMMENT ON EXTENSION citext IS 'text';",
        "COMMENT ON EVENT TRIGGER e IS 'text';",
        "SECURITY LABEL ON ROLE reader IS 'x';",
        "CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION f();",
        "CREATE USER MAPPING FOR reader SERVER s;",
        "ALTER LARGE OBJECT 4711 OWNER TO CURRENT_USER;",
        "CREATE ACCESS METHOD a TYPE INDEX HANDLER f;",
    ];
    each_gives(TENANT, "shared-object", &statements);
    none_gives_any(PUBLIC, &statements);
    let inside = [
        "GRANT SELECT ON tasks TO reader;",
        "GRANT SELECT ON ALL TABLES IN SCHEMA pg_temp TO reader;",
        "REVOKE ALL ON FUNCTION f() FROM PUBLIC;",
        "COMMENT ON TABLE tasks IS 'about a role';",
        "COMMENT ON COLUMN tasks.role IS 'on database';",
        "COMMENT ON FOREIGN TABLE far IS 'x';",
    ];
    none_gives_any(TENANT, &inside);
}

#[test]
fn a_statement_about_what_exists_once_is_named_whole() {
    for (text, title) in [
        (
            "CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION f();",
            "CREATE EVENT TRIGGER",
        ),
        ("DROP FOREIGN DATA WRAPPER w;", "DROP FOREIGN DATA WRAPPER"),
        (
            "DROP USER MAPPING FOR reader SERVER s;",
            "DROP USER MAPPING",
        ),
        (
            "SECURITY LABEL ON ROLE reader IS 'x';",
            "SECURITY LABEL ON ROLE",
        ),
        ("DROP USER reader;", "DROP USER"),
    ] {
        let message = &lint(TENANT, text)[0].message;
        assert!(
            message.starts_with(&format!("`{title}` affects")),
            "{message}"
        );
    }
}

#[test]
fn what_copy_does_on_the_server_is_not_taken_back() {
    let statements = [
        "COPY tasks TO '/tmp/tasks.csv';",
        "COPY (SELECT * FROM tasks) TO PROGRAM 'gzip > /tmp/tasks.gz';",
        "COPY tasks FROM PROGRAM 'cat /tmp/tasks.csv';",
    ];
    for like in [TENANT, PUBLIC] {
        each_gives(like, "copy-outside", &statements);
    }
    none_gives_any(TENANT, &["COPY tasks FROM '/tmp/tasks.csv';"]);
}

#[test]
fn tenants_objects_stay_with_the_role_that_migrates() {
    let statements = [
        "ALTER TABLE tasks OWNER TO app;",
        "ALTER FUNCTION f() OWNER TO \"App\";",
        "ALTER TYPE kind OWNER TO app;",
    ];
    each_gives(TENANT, "owner", &statements);
    none_gives_any(PUBLIC, &statements);
    let to_itself = "ALTER TABLE tasks OWNER TO CURRENT_USER;";
    none_gives_any(TENANT, &[to_itself]);
}

#[test]
fn default_privileges_are_given_in_one_schema() {
    let statements = [
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader;",
        "ALTER DEFAULT PRIVILEGES FOR ROLE app REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;",
    ];
    each_gives(TENANT, "shared-object", &statements);
    none_gives_any(PUBLIC, &statements);
    let inside = "ALTER DEFAULT PRIVILEGES IN SCHEMA pg_temp GRANT SELECT ON TABLES TO reader;";
    none_gives_any(TENANT, &[inside]);
    let block = "DO $$ BEGIN ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO r; END $$;";
    each_gives(TENANT, "shared-object", &[block]);
}

#[test]
fn copy_needs_a_file_on_the_server() {
    for like in [TENANT, PUBLIC] {
        each_gives(
            like,
            "copy-stdin",
            &[
                "COPY tasks FROM STDIN;",
                "copy tasks (a, b) from stdin with (format csv);",
                "COPY tasks TO STDOUT;",
                "COPY (SELECT 1) TO STDOUT;",
                "COPY tasks (a) FROM stdin;\n1\nit's \\N\n\\.\n\nSELECT 1;",
            ],
        );
        none_gives_any(like, &["COPY tasks FROM '/srv/stdin';"]);
    }
}

#[test]
fn commands_of_psql_are_named_with_their_lines() {
    let text = "\\set ON_ERROR_STOP on\nSELECT 1;\n  \\i other.sql\nSELECT 2 \\gexec\n";
    let expected = [1, 3, 4].map(|line| format!("backslash-command:{line}"));
    assert_eq!(found(TENANT, text), expected);
    assert_eq!(found(PUBLIC, text), expected);
    none_gives_any(TENANT, &[r"SELECT '\d', E'\\d', $$\d$$; -- \d"]);
}
