//! `search-path` and `session-state`.

use crate::{PUBLIC, TENANT, each_gives, found, lint, none_gives_any};

#[test]
fn every_way_to_change_the_path_is_noticed() {
    each_gives(
        TENANT,
        "search-path",
        &[
            "SET search_path TO app;",
            "set SEARCH_PATH = app, public;",
            "SET \"search_path\" = 'app';",
            "SET LOCAL search_path TO app;",
            "SET SESSION search_path TO DEFAULT;",
            "RESET search_path;",
            "SELECT set_config('search_path', 'app', true);",
            "SELECT pg_catalog.set_config('search_path', '', false);",
            "RESET ALL;",
            "DISCARD ALL;",
            "SET SCHEMA 'app';",
            "DO $$ BEGIN SET LOCAL search_path TO app; END $$;",
            "DO $$ BEGIN PERFORM set_config('search_path', 'app', true); END $$;",
        ],
    );
}

#[test]
fn the_path_of_a_function_is_its_own() {
    none_gives_any(
        TENANT,
        &[
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path = app AS 'SELECT 1';",
            "ALTER FUNCTION f() SET search_path TO app;",
            "ALTER FUNCTION f() RESET search_path;",
            "SET LOCAL lock_timeout = '2s';",
            "SELECT set_config('app.user', 'search_path', true), current_setting('search_path');",
            "SHOW search_path;",
            "DISCARD TEMP;",
            "SET TIME ZONE 'UTC';",
            "SET CONSTRAINTS ALL DEFERRED;",
        ],
    );
}

#[test]
fn a_change_of_role_is_noticed_in_both_streams() {
    for like in [TENANT, PUBLIC] {
        each_gives(
            like,
            "session-state",
            &[
                "SET ROLE app;",
                "SET LOCAL ROLE app;",
                "RESET ROLE;",
                "SET SESSION AUTHORIZATION app;",
                "RESET SESSION AUTHORIZATION;",
                "SELECT set_config('role', 'app', true);",
            ],
        );
    }
}

#[test]
fn a_path_that_a_block_executes_or_an_update_sets_is_found() {
    each_gives(
        TENANT,
        "search-path",
        &[
            "DO $$ BEGIN EXECUTE 'SET search_path = acme'; END $$;",
            "DO $$ BEGIN EXECUTE ('SET LOCAL ' || 'search_path = acme')::text; END $$;",
            "DO $$ BEGIN EXECUTE format('SET search_path = %I', 'acme'); END $$;",
            "DO $$ DECLARE s text := 'a'; BEGIN EXECUTE format('SET search_path = %I', s); END $$;",
            "DO $$ DECLARE s text := 'a'; BEGIN EXECUTE 'SET search_path = ' || s; END $$;",
            "DO $$ BEGIN EXECUTE format('SET %2$s = %1$I', 'acme', 'search_path'); END $$;",
            "DO $$ BEGIN EXECUTE 'SELECT set_config(''search_path'', ''acme'', true)'; END $$;",
            "UPDATE pg_settings SET setting = 'acme' WHERE name = 'search_path';",
            "UPDATE pg_catalog.pg_settings SET setting = 'acme' WHERE name IN ('x', 'Search_Path');",
            "DO $$ BEGIN UPDATE pg_settings SET setting = 'a' WHERE name = 'search_path'; END $$;",
        ],
    );
    let all = "UPDATE pg_settings SET setting = reset_val;";
    assert_eq!(found(TENANT, all), ["search-path:1", "session-state:1"]);
    each_gives(
        TENANT,
        "session-state",
        &[
            "DO $$ BEGIN EXECUTE 'SET ROLE app'; END $$;",
            "UPDATE pg_settings SET setting = 'app' WHERE name = 'role';",
        ],
    );
    none_gives_any(
        TENANT,
        &[
            "DO $$ BEGIN EXECUTE 'SET LOCAL lock_timeout = 100'; END $$;",
            "DO $$ BEGIN EXECUTE format('SELECT %L', 'SET search_path = acme'); END $$;",
            "UPDATE pg_settings SET setting = '64MB' WHERE name = 'work_mem';",
            "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN \
             EXECUTE 'SET LOCAL search_path = acme'; END $$;",
        ],
    );
}

#[test]
fn what_a_block_executes_is_checked_like_what_it_says_and_at_its_place() {
    for (like, text, rule, at) in [
        (
            TENANT,
            "DO $$ BEGIN\n  EXECUTE 'CREATE TABLE acme.t(id int)';\nEND $$;",
            "qualified-name",
            (2, "  EXECUTE 'CREATE TABLE ".len() + 1),
        ),
        (
            TENANT,
            "DO $$ BEGIN\n  EXECUTE $x$COMMENT ON TABLE t IS 'it''s';\n DROP TABLE acme.t$x$;\nEND $$;",
            "qualified-name",
            (3, " DROP TABLE ".len() + 1),
        ),
        (
            TENANT,
            "DO $$ BEGIN\n  EXECUTE format('CREATE TABLE %I.t(id int)', 'acme');\nEND $$;",
            "qualified-name",
            (2, "  EXECUTE ".len() + 1),
        ),
        (
            TENANT,
            "DO $$ BEGIN IF true THEN\n EXECUTE 'CREATE EXTENSION citext'; END IF; END $$;",
            "extension",
            (2, " EXECUTE '".len() + 1),
        ),
        (
            TENANT,
            "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN\n EXECUTE 'DELETE FROM acme.t'; END $$;",
            "qualified-name",
            (2, " EXECUTE 'DELETE FROM ".len() + 1),
        ),
        (
            TENANT,
            "DO $$ BEGIN\n EXECUTE 'CREATE TABLE t (d date DEFAULT ''today'')'; END $$;",
            "moment-constant",
            (2, " EXECUTE ".len() + 1),
        ),
    ] {
        let findings = lint(like, text);
        let found = findings
            .iter()
            .map(|one| (one.rule.to_string(), (one.line, one.column)));
        assert_eq!(found.collect::<Vec<_>>(), [(rule.to_owned(), at)], "{text}");
    }
    none_gives_any(
        TENANT,
        &[
            "DO $$ BEGIN EXECUTE format('CREATE TABLE %I.t(id int)', current_schema()); END $$;",
            "DO $$ BEGIN EXECUTE 'CREATE TABLE t(id int)'; END $$;",
            "DO $$ DECLARE s text; BEGIN EXECUTE s; END $$;",
        ],
    );
}

#[test]
fn the_path_of_the_public_stream_is_checked_too() {
    assert_eq!(found(PUBLIC, "SET search_path TO app;"), ["search-path:1"]);
}
