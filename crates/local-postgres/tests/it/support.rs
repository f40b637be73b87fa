//! What the tests share: project folders that clean up, queries, other processes.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

use local_postgres::{Options, ProjectServer, find_binaries};
use tempfile::TempDir;

/// A project folder whose server is stopped at the end, even of a failed test.
pub(crate) struct Project {
    _root: TempDir,
    pub(crate) path: PathBuf,
}

impl Project {
    pub(crate) fn new() -> Self {
        Self::named("project", 0o755)
    }

    /// `mode` is that of the folder around the project.
    pub(crate) fn named(name: &str, mode: u32) -> Self {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join(name);
        fs::create_dir_all(&path).unwrap();
        fs::set_permissions(root.path(), Permissions::from_mode(mode)).unwrap();
        Self { _root: root, path }
    }

    pub(crate) fn server(&self) -> ProjectServer {
        ProjectServer::new(&self.path, no_downloads())
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.path.join(".postgres")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder().join("data")
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = self.server().stop();
    }
}

pub(crate) fn no_downloads() -> Options {
    Options {
        allow_download: false,
        ..Options::default()
    }
}

pub(crate) fn binaries() -> PathBuf {
    find_binaries(&no_downloads(), None).unwrap().folder
}

/// Runs one statement and returns what `psql` prints.
pub(crate) fn try_query(url: &str, sql: &str) -> Output {
    Command::new(binaries().join("psql"))
        .args(["-X", "-At", "-v", "ON_ERROR_STOP=1", "-c", sql, url])
        // A client's port must come from the URL.
        .env("PGPORT", "1")
        .output()
        .unwrap()
}

pub(crate) fn query(url: &str, sql: &str) -> String {
    let output = try_query(url, sql);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{sql}: {errors}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub(crate) fn kill(pid: u32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

/// Whether the process is there and not merely waiting to be reaped.
pub(crate) fn is_alive(pid: u32) -> bool {
    let output = Command::new("ps")
        .args(["-o", "stat=", "-p", &pid.to_string()])
        .output()
        .unwrap();
    let state = String::from_utf8_lossy(&output.stdout);
    !state.trim().is_empty() && !state.trim().starts_with('Z')
}

pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(10), "never: {what}");
        sleep(Duration::from_millis(20));
    }
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The program that starts servers in a process of its own.
pub(crate) const SERVE: &str = env!("CARGO_BIN_EXE_serve-postgres");

pub(crate) fn stdout(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}
