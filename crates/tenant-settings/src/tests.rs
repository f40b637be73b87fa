//! Tests of reading the file: what is understood, and what is said of mistakes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tenant_core::TenantState;

use super::*;

/// Every key, once.
const WHOLE: &str = r#"
database_url = "postgres://ann@h/d"
[migrations]
public = ["migrations/public", "vendor/x/migrations"]
tenant = "migrations/tenant"
[schema]
public = "src/schema_public.rs"
tenant = "/elsewhere/schema_tenant.rs"
[registry]
table = "public.organizations"
key = "slug"
schema_column = "schema_name"
state_column = "status"
states = { blocked = "suspended", "to be deleted" = "trashed" }
only = "deleted_at IS NULL"
[names]
schema = "org_{name}"
allow = "^[a-z][a-z0-9-]{1,50}$"
[path]
behind = ["public"]
extensions_schema = "extensions"
shared_objects = ["audit_log"]
[application]
role = "app"
[hooks]
seed = ["sql/seed.sql"]
on_drop = ["sql/going.sql"]
after_drop = ["sql/gone.sql"]
on_rename = ["sql/renamed.sql"]
[lint]
allowed_schemas = ["extensions"]
disabled_rules = ["prefer-text-field"]
enabled_rules = ["ban-drop-trigger"]
postgres_version = 15
citus = true
[defaults]
jobs = 4
lock_timeout = "500ms"
wait = "10m"
statement_timeout = "0"
max_failures = 3
transaction = "migration"
no_download = true
"#;

fn read(text: &str) -> Result<Written, SettingsError> {
    read::settings(text, Path::new("/project/tenants.toml"))
}

/// What is said of a file with mistakes.
#[track_caller]
fn refused(text: &str) -> String {
    let error = read(text).unwrap_err();
    assert!(matches!(error, SettingsError::Mistakes(_)), "{error:?}");
    error.to_string()
}

#[test]
fn every_key_is_read_and_paths_start_at_the_folder_of_the_file() {
    let written = read(WHOLE).unwrap();
    let public = written.migrations.public.unwrap();
    let folders = ["/project/migrations/public", "/project/vendor/x/migrations"];
    assert_eq!(public.value, folders.map(PathBuf::from));
    assert_eq!(public.line, 4);
    let tenant = written.migrations.tenant.unwrap().value;
    assert_eq!(tenant, [PathBuf::from("/project/migrations/tenant")]);
    let schema = written.schema.tenant.unwrap().value;
    assert_eq!(schema, Path::new("/elsewhere/schema_tenant.rs"));
    let table = written.registry.table.unwrap();
    assert_eq!(table.value.to_string(), "public.organizations");
    assert_eq!(written.registry.state_column.unwrap().value, "status");
    let mut states = written.registry.states.unwrap().value;
    states.sort_by(|one, other| one.0.cmp(&other.0));
    let word = |word: &str, state| (word.to_owned(), state);
    assert_eq!(
        states,
        [
            word("blocked", TenantState::Suspended),
            word("to be deleted", TenantState::Trashed)
        ]
    );
    assert_eq!(written.names.schema.unwrap().value, "org_{name}");
    assert_eq!(written.path.behind.unwrap().value, ["public"]);
    assert_eq!(written.application_role.unwrap().value, "app");
    let seed = written.hooks.seed.unwrap().value;
    assert_eq!(seed, [PathBuf::from("/project/sql/seed.sql")]);
    let lint = written.lint.unwrap().value;
    assert_eq!(lint.postgres_version, Some(15));
    assert!(lint.citus);
    let defaults = written.defaults;
    assert_eq!(defaults.jobs.unwrap().value.get(), 4);
    let lock = defaults.lock_timeout.unwrap().value;
    assert_eq!(lock, Duration::from_millis(500));
    assert_eq!(defaults.transaction.unwrap().value, Transaction::Migration);
}

#[test]
fn the_list_of_keys_is_the_keys_that_are_read() {
    let keys = keys::KEYS.iter().flat_map(|(_, keys)| keys.iter());
    let keys = keys.filter(|key| {
        let alone = format!("\n{key} = ");
        let section = format!("\n[{key}]");
        // They exclude others, and are in tests of their own.
        **key != "query"
            && **key != "beside"
            && !WHOLE.contains(&alone)
            && !WHOLE.contains(&section)
    });
    assert_eq!(keys.collect::<Vec<_>>(), Vec::<&&str>::new());
}

#[test]
fn an_unknown_key_is_an_error_that_names_its_place_and_the_nearest_key() {
    for (text, said) in [
        (
            "databse_url = 'x'",
            "tenants.toml:1:1: unknown key `databse_url` (did you mean `database_url`?)",
        ),
        (
            "\n[migration]\npublic = 'x'",
            "tenants.toml:2:2: unknown key `migration` (did you mean `migrations`?)",
        ),
        (
            "[defaults]\n  lock-timeout = '5s'",
            "tenants.toml:2:3: unknown key `lock-timeout` (did you mean `lock_timeout`?)",
        ),
        (
            "jobs = 4",
            "tenants.toml:1:1: unknown key `jobs` (`jobs` belongs in `[defaults]`)",
        ),
        (
            "[defaults]\ndatabase_url = 'x'",
            "tenants.toml:2:1: unknown key `database_url` (`database_url` belongs at the top of \
             the file)",
        ),
        (
            "max_failure = 4",
            "unknown key `max_failure` (did you mean `max_failures` in `[defaults]`?)",
        ),
        (
            "[names]\ncolour = 'red'",
            "unknown key `colour` (the keys in `[names]` are `schema`, `allow`)",
        ),
    ] {
        assert!(refused(text).ends_with(said), "{}", refused(text));
    }
}

#[test]
fn a_url_in_the_place_of_a_key_is_not_shown() {
    let said = refused("'postgres://ann:s3cret@h/d' = 1");
    assert!(
        said.contains("tenants.toml:1:1: a URL is not a key"),
        "{said}"
    );
    assert!(!said.contains("s3cret"), "{said}");
}

#[test]
fn a_wrong_value_is_an_error_that_names_its_place_and_what_is_expected() {
    for (text, said) in [
        (
            "[defaults]\njobs = \"eight\"",
            "tenants.toml:2:8: `jobs` must be a whole number of at least 1, but is a string",
        ),
        (
            "[defaults]\njobs = 0",
            "2:8: `jobs` must be a whole number of at least 1",
        ),
        (
            "[defaults]\nlock_timeout = 5",
            "2:16: `lock_timeout` must be a duration with its unit (ms, s, m, or h), such as \
             \"5s\", or \"0\", but is an integer",
        ),
        (
            "[defaults]\nwait = \"5\"",
            "`wait` must be a duration with its unit (ms, s, m, or h), such as \"5s\", or \"0\"",
        ),
        (
            "[migrations]\npublic = [\"a\", 7]",
            "2:16: `public` must be a string, but is an integer",
        ),
        (
            "[migrations]\npublic = []",
            "`public` must be a list of at least one path",
        ),
        (
            "registry = 'public.t'",
            "1:12: `registry` must be a section: `[registry]`",
        ),
        (
            "[registry]\ntable = 'organizations'",
            "`table` must be a table with its schema, such as \"public.organizations\"",
        ),
        (
            "[registry]\nquery = 'SELECT 1'\nkey = 'slug'",
            "3:7: `query` and `key` cannot be used together",
        ),
        (
            "[registry]\nbeside = 'a.b'\ntable = 'c.d'",
            "2:10: `beside` needs `query`, which is missing",
        ),
        (
            "[names]\nschema = 'org_'",
            "`schema` must be a template that contains `{name}` once, such as \"org_{name}\"",
        ),
        (
            "database_url = { env = 'postgres://ann:s3cret@h/d' }",
            "`database_url` must be a URL, or `{ env = \"NAME\" }` for a variable with the URL",
        ),
        (
            "database_url = { file = 'x' }",
            "`database_url` must be a URL, or `{ env = \"NAME\" }` for a variable with the URL",
        ),
        (
            "[path]\nextensions_schema = ''",
            "`extensions_schema` must be a string that is not empty",
        ),
        (
            "[path]\nextensions_schema = \"a\\u0000b\"",
            "`extensions_schema` must be a string without NUL",
        ),
        (
            "[defaults]\ntransaction = 'both'",
            "`transaction` must be \"schema\" or \"migration\"",
        ),
    ] {
        assert!(refused(text).ends_with(said), "{}", refused(text));
    }
}

#[test]
fn all_mistakes_are_reported_at_once_in_the_order_of_the_lines() {
    let said = refused("[defaults]\njobs = 0\n[path]\nbehin = 'x'\n");
    let lines = said.lines().collect::<Vec<_>>();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(lines[0].contains(":2:8: "), "{said}");
    assert!(lines[1].contains(":4:1: "), "{said}");
}

#[test]
fn what_is_no_toml_names_its_place() {
    for (text, place) in [
        ("[defaults\njobs = 1", "tenants.toml:1:"),
        ("jobs = 1\njobs = 2", "tenants.toml:2:1: "),
        ("\"ü\" = ", "tenants.toml:1:7: "),
    ] {
        assert!(refused(text).contains(place), "{}", refused(text));
    }
}

#[test]
fn the_url_is_in_no_debug_text() {
    let written = read("database_url = 'postgres://ann:s3cret@h/d'").unwrap();
    assert!(!format!("{written:?}").contains("s3cret"));
}

#[test]
fn two_folders_are_one_stream_and_one_version_with_two_texts_names_both() {
    let folder = tempfile::tempdir().unwrap();
    let migration = |path: &str, sql: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("up.sql"), sql).unwrap();
    };
    migration("one/2026-01-02-000000_b", "SELECT 2;");
    migration("two/2026-01-01-000000_a", "SELECT 1;");
    // The same migration twice is one.
    migration("two/2026-01-02-000000_b", "SELECT 2; -- the same");
    let folders = ["one", "two"].map(|name| folder.path().join(name));
    let set = read_folders(&folders).unwrap();
    let names = set.iter().map(|one| one.name()).collect::<Vec<_>>();
    assert_eq!(names, ["2026-01-01-000000_a", "2026-01-02-000000_b"]);
    migration("two/2026-01-02-000000_b", "SELECT 3;");
    let error = read_folders(&folders).unwrap_err();
    let said = error.to_string();
    assert!(said.contains("one/2026-01-02-000000_b/up.sql"), "{said}");
    assert!(said.contains("two/2026-01-02-000000_b/up.sql"), "{said}");
}
