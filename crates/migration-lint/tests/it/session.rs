//! `search-path` and `session-state`.

use crate::{PUBLIC, TENANT, each_gives, found, none_gives_any};

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
fn the_path_of_the_public_stream_is_checked_too() {
    assert_eq!(found(PUBLIC, "SET search_path TO app;"), ["search-path:1"]);
}
