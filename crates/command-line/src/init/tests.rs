//! Tests of what is proposed for projects of several shapes. They need no database.

use std::path::Path;

use super::*;
use crate::ProjectSettings;

/// A project with these files.
fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// What is written for it, read again.
fn written(folder: &Path, database: &InDatabase) -> (String, ProjectSettings) {
    let disk = disk::of_project(folder);
    let mut proposal = Proposal::of(&disk, database);
    for unclear in Proposal::unclear(&disk, database) {
        proposal.assign(&unclear.folder, unclear.likely, &disk);
    }
    let text = text(&proposal);
    let file = folder.join("tenants.toml");
    std::fs::write(&file, &text).unwrap();
    let settings = ProjectSettings::read(file).unwrap();
    (text, settings)
}

fn folders(folders: Option<&crate::settings::Placed<Vec<std::path::PathBuf>>>) -> Vec<String> {
    let folders = folders.iter().flat_map(|folders| &folders.value);
    let names = folders.map(|folder| {
        let mut names = folder.iter().rev().take(2).collect::<Vec<_>>();
        names.reverse();
        let names = names.iter().map(|name| name.to_string_lossy());
        names.collect::<Vec<_>>().join("/")
    });
    names.collect()
}

const UP: &str = "SELECT 1;\n";

#[test]
fn an_empty_project_gets_a_file_of_comments() {
    let folder = project(&[]);
    let (text, settings) = written(folder.path(), &InDatabase::default());
    let written = settings.written();
    assert!(written.migrations.public.is_none());
    assert!(written.migrations.tenant.is_none());
    assert!(written.registry.table.is_none());
    assert!(
        text.contains("# tenant = [\"migrations/tenant\"]"),
        "{text}"
    );
}

#[test]
fn every_example_in_the_file_is_a_key_that_is_understood() {
    let folder = project(&[]);
    let (text, _) = written(folder.path(), &InDatabase::default());
    let uncommented = text.lines().map(|line| {
        let value = line.strip_prefix("# ").filter(|rest| rest.contains(" = "));
        value.unwrap_or(line)
    });
    let uncommented = uncommented.collect::<Vec<_>>().join("\n");
    let file = folder.path().join("all.toml");
    std::fs::write(&file, &uncommented).unwrap();
    let settings = ProjectSettings::read(file).unwrap();
    assert!(settings.written().defaults.wait.is_some());
    assert!(settings.written().names.schema.is_some());
}

#[test]
fn a_project_with_a_configuration_for_each_stream_keeps_its_places() {
    let config = |stream: &str| {
        format!(
            "[migrations_directory]\ndir = \"db/{stream}\"\n[print_schema]\nfile = \
             \"crates/schema-{stream}/src/schema.rs\"\n"
        )
    };
    let (public, tenant) = (config("public"), config("tenant"));
    let folder = project(&[
        ("diesel.public.toml", &public),
        ("diesel.tenant.toml", &tenant),
        ("db/public/2026-01-01-000000_a/up.sql", UP),
        ("db/tenant/2026-01-01-000000_a/up.sql", UP),
    ]);
    let (_, settings) = written(folder.path(), &InDatabase::default());
    let set = settings.written();
    assert_eq!(folders(set.migrations.public.as_ref()), ["db/public"]);
    assert_eq!(folders(set.migrations.tenant.as_ref()), ["db/tenant"]);
    let schema = &set.schema.tenant.as_ref().unwrap().value;
    assert!(schema.ends_with("crates/schema-tenant/src/schema.rs"));
}

#[test]
fn one_folder_is_every_tenants_unless_the_database_says_otherwise() {
    let table = "diesel::table! { a (id) { id -> Integer, } }\n";
    let folder = project(&[
        ("diesel.toml", "[print_schema]\nfile = \"src/schema.rs\"\n"),
        ("migrations/2026-01-01-000000_a/up.sql", UP),
        ("src/schema.rs", table),
    ]);
    let (_, settings) = written(folder.path(), &InDatabase::default());
    let set = settings.written();
    let tenant = folders(set.migrations.tenant.as_ref());
    assert_eq!(tenant.len(), 1, "{tenant:?}");
    assert!(tenant[0].ends_with("/migrations"), "{tenant:?}");
    assert!(set.schema.tenant.is_some());
    let applied = InDatabase {
        public_versions: vec!["20260101000000".to_owned()],
        ..InDatabase::default()
    };
    let (_, settings) = written(folder.path(), &applied);
    let set = settings.written();
    assert!(set.migrations.tenant.is_none());
    assert!(set.migrations.public.is_some());
    assert!(set.schema.public.is_some());
}

#[test]
fn no_path_of_a_machine_is_written_though_the_configuration_has_one() {
    let folder = project(&[("db/tenant/2026-01-01-000000_a/up.sql", UP)]);
    for path in [
        folder.path().join("db/tenant").display().to_string(),
        "/home/ann/shop/db/tenant".to_owned(),
    ] {
        let text = format!("[migrations_directory]\ndir = \"{path}\"\n");
        std::fs::write(folder.path().join("diesel.toml"), text).unwrap();
        let (text, settings) = written(folder.path(), &InDatabase::default());
        assert!(text.contains("tenant = [\"db/tenant\"]"), "{text}");
        let tenant = settings.written().migrations.tenant.as_ref();
        assert_eq!(folders(tenant), ["db/tenant"]);
    }
}

#[test]
fn this_repository_with_its_examples_and_crates_has_two_folders() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let disk = disk::of_project(root);
    assert_eq!(disk.public, ["migrations/public"]);
    assert_eq!(disk.tenant, ["migrations/tenant"]);
    assert_eq!(disk.unclear, Vec::<String>::new());
    let schema = disk.tenant_schema.as_deref();
    assert_eq!(schema, Some("crates/schema-tenant/src/schema.rs"));
}

#[test]
fn folders_called_in_other_ways_are_found_and_those_of_builds_and_tests_are_not() {
    let folder = project(&[
        ("migrations/2026-01-01-000000_a/up.sql", UP),
        ("tenant_migrations/2026-01-01-000000_a/up.sql", UP),
        ("target/x/migrations/2026-01-01-000000_a/up.sql", UP),
        ("crates/a/tests/tenant/2026-01-01-000000_a/up.sql", UP),
        (".git/tenant/2026-01-01-000000_a/up.sql", UP),
    ]);
    let disk = disk::of_project(folder.path());
    assert_eq!(disk.public, ["migrations"]);
    assert_eq!(disk.tenant, ["tenant_migrations"]);
    assert_eq!(disk.unclear, Vec::<String>::new());
}
