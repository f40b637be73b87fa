//! Servers for tests: settings, crashes, and what is left of them.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use local_postgres::{Error, ThrowawayServer};
use rustix::process::Signal;

use crate::support::{SERVE, eventually, is_alive, kill, mode, query, try_query};

#[test]
fn a_throwaway_server_answers_and_vanishes_on_drop() {
    let server = ThrowawayServer::start().unwrap();
    assert_eq!(query(&server.url("postgres"), "show fsync"), "off");
    let (pid, data) = (server.pid(), server.data_dir().to_owned());
    assert!(is_alive(pid));
    drop(server);
    assert!(!is_alive(pid));
    assert!(!data.parent().unwrap().exists());
}

#[test]
fn a_throwaway_server_vanishes_when_its_process_is_killed() {
    let mut owner = Command::new(SERVE)
        .arg("throwaway")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(owner.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let (pid, data) = line.trim().split_once(' ').unwrap();
    let (pid, data): (u32, PathBuf) = (pid.parse().unwrap(), data.into());
    assert!(is_alive(pid) && data.exists());
    owner.kill().unwrap();
    owner.wait().unwrap();
    eventually("the server has ended", || !is_alive(pid));
    eventually("its folder is gone", || !data.parent().unwrap().exists());
}

#[test]
fn a_server_whose_owner_was_killed_while_making_it_leaves_nothing() {
    let mut owner = Command::new(SERVE)
        .arg("throwaway")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let prefix = format!("local-postgres-{}-", owner.id());
    let mine = || -> Vec<PathBuf> {
        [PathBuf::from("/dev/shm"), std::env::temp_dir()]
            .iter()
            .flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten().flatten())
            .map(|entry| entry.path())
            .filter(|path| {
                path.file_name()
                    .unwrap()
                    .to_string_lossy()
                    .starts_with(&prefix)
            })
            .collect()
    };
    eventually("initdb is at work", || {
        mine()
            .iter()
            .any(|folder| folder.join("data.new/base").exists())
    });
    owner.kill().unwrap();
    owner.wait().unwrap();
    eventually("nothing is left", || mine().is_empty());
}

#[test]
fn a_crashed_server_recovers_at_the_same_url() {
    let mut server = ThrowawayServer::start().unwrap();
    let url = server.url("postgres");
    query(&url, "create table kept as select 42 as answer");
    let first = server.pid();
    server.stop_immediate().unwrap();
    assert!(!is_alive(first));
    assert_eq!(server.pid(), 0);
    server.stop_immediate().unwrap();
    assert!(!try_query(&url, "select 1").status.success());
    server.restart().unwrap();
    assert_eq!(server.url("postgres"), url);
    assert_eq!(query(&url, "select answer from kept"), "42");
}

#[test]
fn a_server_that_a_test_killed_can_be_restarted() {
    let mut server = ThrowawayServer::start().unwrap();
    kill(server.pid(), Signal::KILL);
    server.restart().unwrap();
    assert_eq!(query(&server.url("postgres"), "select 1"), "1");
}

#[test]
fn settings_and_databases_are_as_asked_for() {
    let server = ThrowawayServer::builder()
        .setting("wal_level", "logical")
        .setting("max_connections", "17")
        .setting("application_name", "it's a \\ test")
        .start()
        .unwrap();
    let url = server.url("postgres");
    assert_eq!(query(&url, "show wal_level"), "logical");
    assert_eq!(query(&url, "show max_connections"), "17");
    assert_eq!(server.tcp_port(), None);
    query(&url, "create database \"a/b c\"");
    assert_eq!(
        query(&server.url("a/b c"), "select current_database()"),
        "a/b c"
    );
}

#[test]
fn a_file_is_put_into_the_data_folder_for_the_server_alone() {
    let server = ThrowawayServer::builder()
        .file("extra.key", "secret")
        .start()
        .unwrap();
    assert_eq!(mode(&server.data_dir().join("extra.key")), 0o600);
    let read = "select pg_read_file('extra.key')";
    assert_eq!(query(&server.url("postgres"), read), "secret");
}

#[test]
fn a_file_outside_the_data_folder_is_refused() {
    for name in ["../x", "/tmp/x", "", "..", "a/b"] {
        let error = ThrowawayServer::builder()
            .file(name, "")
            .start()
            .unwrap_err();
        assert!(
            matches!(error, Error::InvalidName { .. }),
            "{name}: {error}"
        );
    }
}

#[test]
fn a_server_listens_on_the_network_only_when_asked() {
    let server = ThrowawayServer::builder().tcp().start().unwrap();
    let port = server.tcp_port().unwrap();
    let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
    assert_eq!(query(&url, "select inet_server_port()"), port.to_string());
    assert_eq!(
        query(&server.url("postgres"), "show listen_addresses"),
        "127.0.0.1"
    );
}

#[test]
fn lines_of_its_own_replace_who_may_connect() {
    let server = ThrowawayServer::builder()
        .tcp()
        .hba("local all all trust")
        .hba("host all all 127.0.0.1/32 scram-sha-256")
        .start()
        .unwrap();
    let alter = "alter role postgres password 'secret'";
    query(&server.url("postgres"), alter);
    let port = server.tcp_port().unwrap();
    let with = format!("postgres://postgres:secret@127.0.0.1:{port}/postgres");
    let without = format!("postgres://postgres:wrong@127.0.0.1:{port}/postgres");
    assert_eq!(query(&with, "select 1"), "1");
    assert!(!try_query(&without, "select 1").status.success());
}

#[test]
fn servers_started_at_once_do_not_disturb_each_other() {
    let starting: Vec<_> = (0..4)
        .map(|_| thread::spawn(|| ThrowawayServer::builder().tcp().start().unwrap()))
        .collect();
    let servers: Vec<_> = starting.into_iter().map(|it| it.join().unwrap()).collect();
    for server in &servers {
        assert_eq!(query(&server.url("postgres"), "select 1"), "1");
    }
}

#[test]
fn a_setting_that_postgres_refuses_is_an_error_with_the_log() {
    let builder = ThrowawayServer::builder().setting("max_connections", "many");
    let error = builder.start().unwrap_err();
    assert!(matches!(error, Error::Start { .. }), "{error}");
    assert!(error.to_string().contains("max_connections"), "{error}");
}
