//! The server of a project: made, found again, stopped, recovered.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use local_postgres::{Error, Startup, Stopped};
use rustix::process::Signal;

use crate::support::{Project, SERVE, eventually, is_alive, is_root, kill, mode, query, stdout};

#[test]
fn a_server_is_created_then_found_then_stopped_then_started_with_its_data() {
    let project = Project::new();
    let server = project.server();
    let created = server.ensure_running().unwrap();
    assert_eq!(created.outcome, Startup::Created);
    query(&created.url, "create table kept as select 42 as answer");

    let found = server.ensure_running().unwrap();
    assert_eq!(found.outcome, Startup::AlreadyRunning);
    assert_eq!((found.pid, &found.url), (created.pid, &created.url));

    assert_eq!(server.stop().unwrap(), Stopped::Stopped);
    assert!(!is_alive(created.pid));
    assert!(!project.data().join("postmaster.pid").exists());
    assert_eq!(server.stop().unwrap(), Stopped::WasNotRunning);

    let again = server.ensure_running().unwrap();
    assert_eq!(again.outcome, Startup::Started);
    assert_eq!(query(&again.url, "select answer from kept"), "42");
}

#[test]
fn stopping_where_there_never_was_a_server_leaves_no_trace() {
    let project = Project::new();
    assert_eq!(project.server().stop().unwrap(), Stopped::WasNotRunning);
    assert!(!project.folder().exists());
}

#[test]
fn a_project_server_is_durable_and_private() {
    let project = Project::new();
    let started = project.server().ensure_running().unwrap();
    let settings = "select string_agg(setting, ',' order by name) from pg_settings
        where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'listen_addresses')";
    assert_eq!(query(&started.url, settings), "on,on,,on");
    assert_eq!(query(&started.url, "show server_encoding"), "UTF8");
    assert!(query(&started.url, "show timezone").ends_with("UTC"));
    assert_eq!(mode(&project.folder().join("socket")), 0o700);
    assert_eq!(
        mode(&project.folder()),
        if is_root() { 0o711 } else { 0o700 }
    );
    let ignored = fs::read_to_string(project.folder().join(".gitignore")).unwrap();
    assert_eq!(ignored, "*\n");
}

#[test]
fn settings_of_the_user_survive_a_restart() {
    let project = Project::new();
    let server = project.server();
    let url = server.ensure_running().unwrap().url;
    query(&url, "alter system set work_mem = '7MB'");
    query(&url, "alter system set max_connections = '50'");
    server.stop().unwrap();
    let url = server.ensure_running().unwrap().url;
    assert_eq!(query(&url, "show work_mem"), "7MB");
    assert_eq!(query(&url, "show max_connections"), "50");
}

#[test]
fn stopping_does_not_wait_for_clients() {
    let project = Project::new();
    let server = project.server();
    let url = server.ensure_running().unwrap().url;
    let client = thread::spawn({
        let url = url.clone();
        move || crate::support::try_query(&url, "select pg_sleep(60)")
    });
    let sleeping = "select count(*) from pg_stat_activity where wait_event = 'PgSleep'";
    eventually("the client sleeps", || query(&url, sleeping) == "1");
    let begun = Instant::now();
    server.stop().unwrap();
    assert!(begun.elapsed().as_secs() < 20);
    assert!(!client.join().unwrap().status.success());
}

#[test]
fn four_processes_at_once_share_one_new_server() {
    let project = Project::new();
    let starting: Vec<Child> = (0..4)
        .map(|_| {
            Command::new(SERVE)
                .arg("start")
                .arg(&project.path)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    // Waiting for the whole output shows as well that the server holds no pipe.
    let lines: Vec<String> = starting
        .into_iter()
        .map(|child| stdout(&child.wait_with_output().unwrap()))
        .collect();
    let created = lines
        .iter()
        .filter(|line| line.starts_with("Created"))
        .count();
    assert_eq!(created, 1, "{lines:?}");
    let without_outcome = |line: &String| line.split_once(' ').unwrap().1.to_owned();
    let servers: Vec<String> = lines.iter().map(without_outcome).collect();
    assert!(
        servers.iter().all(|it| Some(it) == servers.first()),
        "{lines:?}"
    );
}

#[test]
fn a_folder_with_a_shell_command_for_a_name_is_just_a_folder() {
    let project = Project::named("$(touch executed) 'q\" é, \\x", 0o755);
    let server = project.server();
    let url = server.ensure_running().unwrap().url;
    assert_eq!(query(&url, "select 1"), "1");
    server.stop().unwrap();
    let url = server.ensure_running().unwrap().url;
    assert_eq!(query(&url, "select 1"), "1");
    server.stop().unwrap();
    let places = [&project.path, &project.folder(), &project.data()];
    assert!(places.iter().all(|it| !it.join("executed").exists()));
    assert!(!fs::exists("executed").unwrap());
}

#[test]
fn a_folder_with_a_long_path_gets_a_short_private_socket() {
    let project = Project::named(&format!("{}/{}", "x".repeat(90), "y".repeat(90)), 0o755);
    let server = project.server();
    let started = server.ensure_running().unwrap();
    assert_eq!(query(&started.url, "select 1"), "1");
    let folder = query(&started.url, "show unix_socket_directories");
    let folder = folder.trim_matches('"');
    assert!(folder.starts_with("/tmp/local-postgres-"), "{folder}");
    assert_eq!(mode(folder.as_ref()), 0o700);
    assert_eq!(server.ensure_running().unwrap().pid, started.pid);
    server.stop().unwrap();
    assert!(!fs::exists(folder).unwrap());
}

#[test]
fn a_moved_project_finds_its_data_again() {
    let project = Project::named("old", 0o755);
    let url = project.server().ensure_running().unwrap().url;
    query(&url, "create table kept ()");
    project.server().stop().unwrap();
    let new = project.path.with_file_name("new");
    fs::rename(&project.path, &new).unwrap();
    let server = local_postgres::ProjectServer::new(&new, crate::support::no_downloads());
    let started = server.ensure_running().unwrap();
    let tables = query(&started.url, "select count(*) from kept");
    server.stop().unwrap();
    assert_eq!((tables.as_str(), started.outcome), ("0", Startup::Started));
    assert_ne!(started.url, url);
}

#[test]
fn a_killed_server_is_started_again_with_its_data() {
    let project = Project::new();
    let server = project.server();
    let first = server.ensure_running().unwrap();
    query(&first.url, "create table kept as select 42 as answer");
    kill(first.pid, Signal::KILL);
    eventually("the server is dead", || !is_alive(first.pid));
    assert!(project.data().join("postmaster.pid").exists());
    let again = server.ensure_running().unwrap();
    assert_eq!(again.outcome, Startup::Started);
    assert_ne!(again.pid, first.pid);
    assert_eq!(query(&again.url, "select answer from kept"), "42");
}

#[test]
fn a_stale_pid_that_belongs_to_another_process_now_is_not_mistaken_for_the_server() {
    let project = Project::new();
    let server = project.server();
    let first = server.ensure_running().unwrap();
    kill(first.pid, Signal::KILL);
    eventually("the server is dead", || !is_alive(first.pid));
    // A process of the same user as the server's: PostgreSQL by itself refuses.
    let mut innocent = same_user_as_the_server(&project);
    let file = project.data().join("postmaster.pid");
    let text = fs::read_to_string(&file).unwrap();
    let stale = text.replacen(&first.pid.to_string(), &innocent.id().to_string(), 1);
    fs::write(&file, stale).unwrap();

    assert_eq!(server.stop().unwrap(), Stopped::WasNotRunning);
    let again = server.ensure_running().unwrap();
    assert_eq!(query(&again.url, "select 1"), "1");
    assert_ne!(again.pid, innocent.id());
    assert_eq!(server.stop().unwrap(), Stopped::Stopped);
    assert!(
        innocent.try_wait().unwrap().is_none(),
        "it was not signalled"
    );
    innocent.kill().unwrap();
    innocent.wait().unwrap();
}

fn same_user_as_the_server(project: &Project) -> Child {
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::process::CommandExt;
    let owner = fs::metadata(project.data()).unwrap().uid();
    let mut sleep = Command::new("sleep");
    sleep.arg("60").current_dir("/");
    if is_root() {
        sleep.uid(owner);
    }
    sleep.spawn().unwrap()
}

#[test]
fn only_the_server_itself_is_ever_signalled() {
    let project = Project::new();
    let server = project.server();
    let started = server.ensure_running().unwrap();
    let mut innocent = same_user_as_the_server(&project);
    let file = project.data().join("postmaster.pid");
    let text = fs::read_to_string(&file).unwrap();
    // As seen from another container: the socket answers, the id is a stranger's.
    let foreign = text.replacen(&started.pid.to_string(), &innocent.id().to_string(), 1);
    fs::write(&file, foreign).unwrap();
    let error = server.stop().unwrap_err();
    assert!(matches!(error, Error::Elsewhere { .. }), "{error}");
    assert!(
        innocent.try_wait().unwrap().is_none(),
        "it was not signalled"
    );
    assert!(is_alive(started.pid));
    fs::write(&file, text).unwrap();
    innocent.kill().unwrap();
    innocent.wait().unwrap();
}

#[test]
fn a_stale_socket_lock_does_not_keep_the_server_from_starting() {
    let project = Project::new();
    let server = project.server();
    server.ensure_running().unwrap();
    server.stop().unwrap();
    let mut innocent = same_user_as_the_server(&project);
    let socket = project.folder().join("socket/.s.PGSQL.5432");
    drop(UnixListener::bind(&socket).unwrap());
    fs::write(
        socket.with_extension("5432.lock"),
        format!("{}\n", innocent.id()),
    )
    .unwrap();
    let again = server.ensure_running().unwrap();
    assert_eq!(query(&again.url, "select 1"), "1");
    innocent.kill().unwrap();
    innocent.wait().unwrap();
}

#[test]
fn an_interrupted_creation_is_begun_anew() {
    let project = Project::new();
    let unfinished = project.folder().join("data.new");
    fs::create_dir_all(unfinished.join("base")).unwrap();
    fs::write(unfinished.join("PG_VERSION"), "15\n").unwrap();
    let started = project.server().ensure_running().unwrap();
    assert_eq!(started.outcome, Startup::Created);
    assert!(!unfinished.exists());
}

#[test]
fn a_server_that_does_not_start_says_why() {
    let project = Project::new();
    let server = project.server();
    server.ensure_running().unwrap();
    server.stop().unwrap();
    fs::write(
        project.data().join("postgresql.conf"),
        "shared_buffers = lots\n",
    )
    .unwrap();
    let error = server.ensure_running().unwrap_err();
    assert!(matches!(error, Error::Start { .. }), "{error}");
    assert!(error.to_string().contains("shared_buffers"), "{error}");
}

#[test]
fn a_data_folder_without_a_cluster_is_left_alone() {
    let project = Project::new();
    fs::create_dir_all(project.data()).unwrap();
    fs::write(project.data().join("precious"), "").unwrap();
    let error = project.server().ensure_running().unwrap_err();
    assert!(matches!(error, Error::NotACluster { .. }), "{error}");
    assert!(project.data().join("precious").exists());
}

#[test]
fn a_version_that_cannot_be_read_is_not_called_missing() {
    let project = Project::new();
    fs::create_dir_all(project.data().join("PG_VERSION")).unwrap();
    let error = project.server().ensure_running().unwrap_err();
    let Error::File { path, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(path, &project.data().join("PG_VERSION"));
}

#[test]
fn a_link_in_place_of_the_folder_is_not_followed() {
    let project = Project::new();
    let elsewhere = Project::new();
    symlink(&elsewhere.path, project.folder()).unwrap();
    let error = project.server().ensure_running().unwrap_err();
    assert!(matches!(error, Error::NotAFolder { .. }), "{error}");
    assert!(project.server().stop().is_err());
    assert_eq!(fs::read_dir(&elsewhere.path).unwrap().count(), 0);
}

#[test]
fn data_of_another_major_version_are_refused_with_the_version_to_install() {
    let project = Project::new();
    fs::create_dir_all(project.data()).unwrap();
    fs::write(project.data().join("PG_VERSION"), "12\n").unwrap();
    let error = project.server().ensure_running().unwrap_err().to_string();
    assert!(error.contains("PostgreSQL 12"), "{error}");
    assert!(
        error.contains("the existing data need PostgreSQL 12"),
        "{error}"
    );
}
