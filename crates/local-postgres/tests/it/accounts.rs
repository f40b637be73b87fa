//! Root and ordinary users: who runs the server, and whose data are whose.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use local_postgres::Startup;
use tempfile::TempDir;

use crate::support::{Project, SERVE, binaries, is_root, mode, query, stdout};

/// The id of `nobody`: an ordinary user that every machine has.
const SOMEBODY: u32 = 65_534;

/// An id that no user of this machine has.
const NAMELESS: u32 = 54_321;

/// A copy of the program that every user can reach.
struct Helper {
    folder: TempDir,
}

impl Helper {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        // Copied by another process: a test that starts a program at this moment
        // would inherit the open file, and a file open for writing does not run.
        let status = Command::new("cp").arg(SERVE).arg(folder.path()).status();
        assert!(status.unwrap().success());
        Self { folder }
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("serve-postgres")
    }

    fn run_as(&self, uid: u32, action: &str, project: &Path) -> Output {
        Command::new(self.program())
            .arg(action)
            .arg(project)
            .uid(uid)
            .gid(uid)
            .current_dir("/")
            .env("HOME", self.folder.path())
            .output()
            .unwrap()
    }
}

fn owner(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().uid()
}

#[test]
fn root_has_the_server_run_by_another_user() {
    if !is_root() {
        return;
    }
    let project = Project::new();
    let started = project.server().ensure_running().unwrap();
    assert_ne!(owner(&project.data()), 0);
    assert_eq!(
        owner(&project.data()),
        owner(Path::new(&format!("/proc/{}", started.pid)))
    );
    assert_eq!(query(&started.url, "select 1"), "1");
}

#[test]
fn root_can_serve_a_project_in_a_closed_home() {
    if !is_root() {
        return;
    }
    let project = Project::named("project", 0o700);
    let server = project.server();
    let started = server.ensure_running().unwrap();
    assert_eq!(owner(&project.data()), 0);
    query(&started.url, "create table kept ()");
    assert_eq!(
        server.ensure_running().unwrap().outcome,
        Startup::AlreadyRunning
    );
    server.stop().unwrap();
    let again = server.ensure_running().unwrap();
    assert_eq!(query(&again.url, "select count(*) from kept"), "0");
}

#[test]
fn data_follow_when_a_home_is_opened_or_closed() {
    if !is_root() {
        return;
    }
    let project = Project::named("project", 0o700);
    let server = project.server();
    server.ensure_running().unwrap();
    server.stop().unwrap();
    let home = project.path.parent().unwrap();
    for mode in [0o755, 0o700] {
        fs::set_permissions(home, Permissions::from_mode(mode)).unwrap();
        let url = server.ensure_running().unwrap().url;
        assert_eq!(query(&url, "select 1"), "1");
        assert_eq!(owner(&project.data()) == 0, mode == 0o700);
        server.stop().unwrap();
    }
}

#[test]
fn an_ordinary_user_runs_their_own_server() {
    if !is_root() {
        return;
    }
    has_a_server_of_their_own(SOMEBODY);
}

#[test]
fn a_user_without_a_name_runs_their_own_server() {
    if !is_root() {
        return;
    }
    has_a_server_of_their_own(NAMELESS);
}

fn has_a_server_of_their_own(user: u32) {
    let project = Project::new();
    chown(&project.path, Some(user), Some(user)).unwrap();
    let helper = Helper::new();
    let outcome = |action| stdout(&helper.run_as(user, action, &project.path));
    let created = outcome("start");
    assert!(created.starts_with("Created"), "{created}");
    assert_eq!(owner(&project.data()), user);
    assert_eq!(mode(&project.folder()), 0o700);
    let found = outcome("start");
    assert!(found.starts_with("AlreadyRunning"), "{found}");
    assert_eq!(outcome("stop").trim(), "Stopped");
    let started = outcome("start");
    assert!(started.starts_with("Started"), "{started}");
    assert_eq!(outcome("stop").trim(), "Stopped");
}

#[test]
fn an_ordinary_user_is_told_how_to_take_over_what_root_made() {
    if !is_root() {
        return;
    }
    let project = Project::new();
    chown(&project.path, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    let server = project.server();
    server.ensure_running().unwrap();
    let helper = Helper::new();
    for action in ["start", "stop"] {
        let refused = helper.run_as(SOMEBODY, action, &project.path);
        let message = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success());
        assert!(message.contains("belongs to root"), "{message}");
        assert!(message.contains("chown -R nobody"), "{message}");
    }
    // The remedy in the message works.
    server.stop().unwrap();
    let status = Command::new("chown")
        .args(["-R", &SOMEBODY.to_string()])
        .arg(project.folder())
        .status()
        .unwrap();
    assert!(status.success());
    let started = stdout(&helper.run_as(SOMEBODY, "start", &project.path));
    assert!(started.starts_with("Started"), "{started}");
    stdout(&helper.run_as(SOMEBODY, "stop", &project.path));
}

#[test]
fn root_does_not_take_an_ordinary_users_data_unasked() {
    if !is_root() {
        return;
    }
    let project = Project::new();
    fs::create_dir(project.folder()).unwrap();
    chown(project.folder(), Some(SOMEBODY), None).unwrap();
    let error = project.server().ensure_running().unwrap_err().to_string();
    assert!(error.contains("belongs to nobody"), "{error}");
    assert_eq!(fs::read_dir(project.folder()).unwrap().count(), 0);
}

#[test]
fn root_is_told_when_no_account_can_serve_a_closed_home() {
    if !is_root() {
        return;
    }
    let project = Project::named("project", 0o700);
    let nothing = tempfile::tempdir().unwrap();
    let refused = Command::new(SERVE)
        .arg("start")
        .arg(&project.path)
        .arg(binaries())
        // Without `unshare` there is no namespace, as in many containers.
        .env("PATH", nothing.path())
        .output()
        .unwrap();
    let message = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success());
    assert!(
        message.contains("`nobody`: cannot enter that folder"),
        "{message}"
    );
    assert!(message.contains("could not start `unshare`"), "{message}");
    assert!(message.contains("as an ordinary user"), "{message}");
}
