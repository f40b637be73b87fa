//! Folders of migrations.

use std::fs;
use std::path::Path;

use migration_lint::{FolderError, Options, Report, Stream, created_names, lint_folder};
use tempfile::TempDir;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn report(folder: &TempDir, options: &Options) -> Report {
    lint_folder(Stream::Tenant, folder.path(), options).unwrap()
}

/// The findings as `path:line rule`.
fn lines(folder: &TempDir, options: &Options) -> Vec<String> {
    let findings = report(folder, options).findings.into_iter();
    findings
        .map(|finding| {
            let file = finding.file.strip_prefix(folder.path()).unwrap();
            format!("{}:{} {}", file.display(), finding.line, finding.rule)
        })
        .collect()
}

fn found(files: &[(&str, &str)]) -> Vec<String> {
    lines(&folder(files), &Options::default())
}

#[test]
fn good_migrations_are_counted_and_give_nothing() {
    let folder = folder(&[
        (
            "2026-01-01-000000_a/up.sql",
            "CREATE TABLE a (id uuid PRIMARY KEY);",
        ),
        ("2026-01-01-000000_a/down.sql", "DROP TABLE a;"),
        (
            "2026-01-02-000000_b/up.sql",
            "CREATE INDEX CONCURRENTLY i ON a (id);",
        ),
        ("2026-01-02-000000_b/down.sql", "DROP INDEX CONCURRENTLY i;"),
        (
            "2026-01-02-000000_b/metadata.toml",
            "run_in_transaction = false\n",
        ),
        ("README.md", "not SQL"),
        (".hidden/notes", "not SQL"),
    ]);
    let report = report(&folder, &Options::default());
    assert_eq!(report.findings, []);
    assert_eq!((report.migrations, report.files), (2, 4));
}

#[test]
fn findings_name_the_file_and_the_line() {
    assert_eq!(
        found(&[
            (
                "2026-01-02-000000_b/up.sql",
                "SELECT 1;\n\nSELECT public.f();"
            ),
            ("2026-01-02-000000_b/down.sql", "SELECT 1;\nCOMMIT;"),
            ("2026-01-01-000000_a/up.sql", "SET search_path TO a;"),
            ("2026-01-01-000000_a/down.sql", "-- nothing"),
        ]),
        [
            "2026-01-01-000000_a/down.sql:1 missing-down",
            "2026-01-01-000000_a/up.sql:1 search-path",
            "2026-01-02-000000_b/down.sql:2 transaction-control",
            "2026-01-02-000000_b/up.sql:3 touches-public",
        ]
    );
}

#[test]
fn a_migration_needs_both_files_and_statements_in_them() {
    assert_eq!(
        found(&[
            ("2026-01-01-000000_a/up.sql", "SELECT 1;"),
            ("2026-01-02-000000_b/down.sql", "SELECT 1;"),
            ("2026-01-03-000000_c/up.sql", "-- Your SQL goes here"),
            (
                "2026-01-03-000000_c/down.sql",
                "-- lint:ignore missing-down nothing to revert"
            ),
        ]),
        [
            "2026-01-01-000000_a:1 missing-down",
            "2026-01-02-000000_b:1 not-a-migration",
            "2026-01-03-000000_c/up.sql:1 empty-up",
        ]
    );
}

#[test]
fn names_and_versions_are_checked() {
    let good = "SELECT 1;";
    assert_eq!(
        found(&[
            ("2026-01-01-000000_a/up.sql", good),
            ("2026-01-01-000000_a/down.sql", good),
            ("2026-01-01-000000_b/up.sql", good),
            ("2026-01-01-000000_b/down.sql", good),
            ("add_tasks/up.sql", good),
            ("add_tasks/down.sql", good),
        ]),
        [
            "2026-01-01-000000_b/up.sql:1 duplicate-version",
            "add_tasks/up.sql:1 migration-name",
        ]
    );
}

#[test]
fn a_new_migration_is_newer_than_all_that_exist() {
    let good = "SELECT 1;";
    let folder = folder(&[
        ("2026-01-01-000000_known/up.sql", good),
        ("2026-01-01-000000_known/down.sql", good),
        ("2026-01-02-000000_late/up.sql", good),
        ("2026-01-02-000000_late/down.sql", good),
        ("2026-01-03-000000_known/up.sql", good),
        ("2026-01-03-000000_known/down.sql", good),
        ("2026-01-04-000000_new/up.sql", good),
        ("2026-01-04-000000_new/down.sql", good),
    ]);
    let with_base = |versions: &[&str]| Options {
        base_versions: Some(versions.iter().map(ToString::to_string).collect()),
        ..Options::default()
    };
    let late = ["2026-01-02-000000_late/up.sql:1 not-newest"];
    let base = with_base(&["20260101000000", "20260103000000"]);
    assert_eq!(lines(&folder, &base), late);
    let base = with_base(&["2026-01-03-000000", "2026-01-01-000000"]);
    assert_eq!(lines(&folder, &base), late);
    assert_eq!(lines(&folder, &with_base(&[])), [""; 0]);
    assert_eq!(lines(&folder, &Options::default()), [""; 0]);
}

#[test]
fn what_is_said_of_a_name_can_be_ignored_in_its_up_sql() {
    let text = "SELECT 1;\n\n-- lint:ignore migration-name it is applied everywhere\nSELECT 2;";
    assert_eq!(
        found(&[
            ("00000000000001_old/up.sql", text),
            ("00000000000001_old/down.sql", "SELECT 1;"),
        ]),
        [""; 0]
    );
}

#[test]
fn names_that_cannot_be_others_any_more_are_good() {
    let good = "SELECT 1;";
    let folder = folder(&[
        ("00000000000000_diesel_initial_setup/up.sql", good),
        ("00000000000000_diesel_initial_setup/down.sql", good),
        ("00000000000001_applied/up.sql", good),
        ("00000000000001_applied/down.sql", good),
        ("20170102030405_of_an_older_diesel/up.sql", good),
        ("20170102030405_of_an_older_diesel/down.sql", good),
        ("7_new/up.sql", good),
        ("7_new/down.sql", good),
    ]);
    let applied = ["00000000000000", "00000000000001", "20170102030405"];
    let options = Options {
        base_versions: Some(applied.map(str::to_owned).to_vec()),
        ..Options::default()
    };
    assert_eq!(lines(&folder, &options), ["7_new/up.sql:1 migration-name"]);
    assert_eq!(
        lines(&folder, &Options::default()),
        [
            "00000000000001_applied/up.sql:1 migration-name",
            "7_new/up.sql:1 migration-name"
        ]
    );
}

/// What `diesel setup` puts into the first migration of every project: a function that adds
/// a trigger to a table, and the trigger's function.
#[test]
fn the_first_migration_of_every_diesel_project_is_silent() {
    let up = "\
-- Sets `updated_at` whenever a row changes.
--
-- SELECT diesel_manage_updated_at('users');
CREATE OR REPLACE FUNCTION diesel_manage_updated_at(_tbl regclass) RETURNS VOID AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER set_updated_at BEFORE UPDATE ON %s
                    FOR EACH ROW EXECUTE PROCEDURE diesel_set_updated_at()', _tbl);
END;
$$ LANGUAGE plpgsql;

CREATE OR REPLACE FUNCTION diesel_set_updated_at() RETURNS trigger AS $$
BEGIN
    IF (
        NEW IS DISTINCT FROM OLD AND
        NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at
    ) THEN
        NEW.updated_at := current_timestamp;
    END IF;
    RETURN NEW;
END;
$$ LANGUAGE plpgsql;
";
    let down = "\
DROP FUNCTION IF EXISTS diesel_manage_updated_at(_tbl regclass);
DROP FUNCTION IF EXISTS diesel_set_updated_at();
";
    let folder = folder(&[
        ("00000000000000_diesel_initial_setup/up.sql", up),
        ("00000000000000_diesel_initial_setup/down.sql", down),
    ]);
    for stream in [Stream::Tenant, Stream::Public] {
        let report = lint_folder(stream, folder.path(), &Options::default()).unwrap();
        assert_eq!(report.findings, []);
    }
}

#[test]
fn metadata_decide_about_the_transaction() {
    let index = "CREATE INDEX CONCURRENTLY i ON a (id);";
    assert_eq!(
        found(&[
            ("2026-01-01-000000_a/up.sql", index),
            ("2026-01-01-000000_a/down.sql", "DROP INDEX CONCURRENTLY i;"),
            ("2026-01-02-000000_b/up.sql", index),
            ("2026-01-02-000000_b/down.sql", "SELECT 1;"),
            (
                "2026-01-02-000000_b/metadata.toml",
                "run_in_transaction = no"
            ),
            ("2026-01-03-000000_c/up.sql", index),
            ("2026-01-03-000000_c/down.sql", "SELECT 1;"),
            ("2026-01-03-000000_c/metadata.toml", "# false"),
        ]),
        [
            "2026-01-01-000000_a/down.sql:1 concurrently-in-transaction",
            "2026-01-01-000000_a/up.sql:1 concurrently-in-transaction",
            "2026-01-02-000000_b/metadata.toml:1 bad-metadata",
            "2026-01-02-000000_b/up.sql:1 concurrently-in-transaction",
            "2026-01-03-000000_c/metadata.toml:1 bad-metadata",
        ]
    );
}

#[test]
fn a_file_that_is_no_text_is_a_finding() {
    let folder = folder(&[("2026-01-01-000000_a/down.sql", "SELECT 1;")]);
    let up = folder.path().join("2026-01-01-000000_a/up.sql");
    fs::write(up, b"SELECT '\xff';").unwrap();
    assert_eq!(
        lines(&folder, &Options::default()),
        ["2026-01-01-000000_a/up.sql:1 unreadable-file"]
    );
}

#[test]
fn a_link_that_leads_nowhere_is_no_file_that_is_not_there() {
    for name in ["up.sql", "down.sql", "metadata.toml"] {
        let folder = folder(&[
            ("2026-01-01-000000_a/up.sql", "SELECT 1;"),
            ("2026-01-01-000000_a/down.sql", "SELECT 1;"),
        ]);
        let file = folder.path().join("2026-01-01-000000_a").join(name);
        // There may be none.
        let _ = fs::remove_file(&file);
        std::os::unix::fs::symlink("nowhere", &file).unwrap();
        let read = lint_folder(Stream::Tenant, folder.path(), &Options::default());
        let FolderError::Unreadable { path, .. } = &read.unwrap_err();
        assert_eq!(path, &file);
    }
}

#[test]
fn an_empty_stream_is_fine_and_a_missing_one_is_an_error() {
    let folder = folder(&[]);
    assert_eq!(report(&folder, &Options::default()), Report::default());
    let missing = folder.path().join("tenant");
    let error = lint_folder(Stream::Tenant, &missing, &Options::default()).unwrap_err();
    let FolderError::Unreadable { path, .. } = &error;
    assert_eq!(path, &missing);
    assert!(error.to_string().starts_with("could not read "), "{error}");
}

#[test]
fn the_migrations_of_this_repository_are_parsed_without_errors() {
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    for (stream, name) in [(Stream::Public, "public"), (Stream::Tenant, "tenant")] {
        let report = lint_folder(stream, &migrations.join(name), &Options::default()).unwrap();
        assert!(report.migrations > 0);
        for finding in report.findings {
            assert_ne!(finding.rule, "syntax-error", "{finding:?}");
        }
    }
}

#[test]
fn what_the_public_migrations_create_too_is_found_where_the_tenants_create_it() {
    let public = folder(&[
        (
            "2026-01-01-000000_a/up.sql",
            "CREATE TABLE users (id int); CREATE TABLE gone (id int); \
             CREATE TYPE public.kind AS ENUM ('a'); CREATE VIEW \"Both\" AS SELECT 1 AS one;",
        ),
        ("2026-01-02-000000_b/up.sql", "DROP TABLE gone;"),
    ]);
    let tenant = folder(&[(
        "2026-01-01-000000_a/up.sql",
        "CREATE TABLE gone (id int);\nCREATE TABLE IF NOT EXISTS users (id int);\n\
         CREATE TYPE kind AS ENUM ('a');\nCREATE TEMP TABLE users (id int);\n\
         CREATE TABLE \"Both\" (id int);\nCREATE TABLE both (id int);\n\
         CREATE TYPE users AS ENUM ('a');",
    )]);
    let found = |options: &Options| {
        let found = lines(&tenant, options).into_iter();
        found
            .filter(|line| line.ends_with(" also-in-public"))
            .collect::<Vec<_>>()
    };
    assert_eq!(found(&Options::default()), [""; 0]);
    let options = Options {
        shared_names: created_names(&[public.path()]).unwrap(),
        ..Options::default()
    };
    let file = "2026-01-01-000000_a/up.sql";
    assert_eq!(
        found(&options),
        [2, 3, 5].map(|line| format!("{file}:{line} also-in-public"))
    );
}
