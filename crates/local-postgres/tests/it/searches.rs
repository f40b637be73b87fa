//! Where binaries are looked for, and what is said when there are none.

use std::fs;
use std::os::unix::fs::symlink;

use local_postgres::{Error, Options, SearchPlace, find_binaries};

use crate::support::{binaries, no_downloads};

fn nowhere(parent: &std::path::Path) -> Vec<SearchPlace> {
    vec![SearchPlace::Versions {
        parent: parent.to_owned(),
        prefix: "pgsql-".into(),
    }]
}

#[test]
fn a_named_folder_that_does_not_serve_is_an_error_and_no_other_is_tried() {
    let empty = tempfile::tempdir().unwrap();
    let options = Options {
        binaries: Some(empty.path().to_owned()),
        ..no_downloads()
    };
    let error = find_binaries(&options, None).unwrap_err();
    assert!(matches!(error, Error::UnusableBinaries { .. }), "{error}");
    assert!(error.to_string().contains("no `postgres` there"), "{error}");
}

#[test]
fn a_named_folder_of_another_version_than_the_data_is_refused() {
    let options = Options {
        binaries: Some(binaries()),
        ..no_downloads()
    };
    let error = find_binaries(&options, Some(12)).unwrap_err().to_string();
    assert!(
        error.contains("the existing data need PostgreSQL 12"),
        "{error}"
    );
}

#[test]
fn a_named_folder_that_serves_is_taken() {
    let options = Options {
        binaries: Some(binaries()),
        places: Vec::new(),
        ..no_downloads()
    };
    assert_eq!(find_binaries(&options, None).unwrap().folder, binaries());
}

#[test]
fn without_any_binaries_every_place_is_listed_with_a_command_to_install() {
    let empty = tempfile::tempdir().unwrap();
    let options = Options {
        places: nowhere(empty.path()),
        cache: Some(empty.path().to_owned()),
        ..no_downloads()
    };
    let error = find_binaries(&options, None).unwrap_err();
    let Error::NoBinaries { tried, install, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(tried.len(), 3, "{error}");
    let text = error.to_string();
    assert!(text.contains("pgsql-*/bin: no such folder"), "{text}");
    assert_eq!(text.matches("downloads are forbidden").count(), 2, "{text}");
    let hint = error.hint().unwrap();
    assert!(!install.is_empty() && hint.contains(install), "{hint}");
    assert_eq!(fs::read_dir(empty.path()).unwrap().count(), 0);
}

#[test]
fn a_program_that_is_not_postgres_is_passed_over_for_one_that_is() {
    let root = tempfile::tempdir().unwrap();
    let fake = root.path().join("pgsql-99/bin");
    fs::create_dir_all(&fake).unwrap();
    for program in ["postgres", "initdb"] {
        symlink("/bin/true", fake.join(program)).unwrap();
    }
    let real = root.path().join("pgsql-15");
    fs::create_dir(&real).unwrap();
    symlink(binaries(), real.join("bin")).unwrap();
    let options = Options {
        places: nowhere(root.path()),
        ..no_downloads()
    };
    let found = find_binaries(&options, None).unwrap();
    assert_eq!(found.folder, real.join("bin"));
}
