//! `studio`: how it starts, where it listens, how it ends.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tenant_core::remedy::Command as Call;
use test_support::{Finished, Folder, Running, eventually};

use crate::database::Database;

const READY: &str = "Press Ctrl-C to stop.";

/// The form of a page that lets a browser in.
fn post(port: u16, path: &str, form: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let length = form.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{form}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The page that a key leads to, and the cookie for it.
fn enter(port: u16, url: &str) -> (String, String) {
    let start = format!("http://127.0.0.1:{port}/enter?key=");
    let key = url.strip_prefix(&start).unwrap();
    assert_eq!(key.len(), 64, "{url}");
    let answer = post(port, "/enter", &format!("key={key}"));
    let (_, rest) = answer.split_once("0; url=").unwrap();
    let (path, _) = rest.split_once('"').unwrap();
    (path.to_owned(), cookie(&answer))
}

/// A port that nobody listens at.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The answer to a request for `path`, with a cookie unless it is empty.
fn get(port: u16, path: &str, cookie: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let cookie = match cookie {
        "" => String::new(),
        cookie => format!("Cookie: {cookie}\r\n"),
    };
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{cookie}Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The first line of the answer to a request without a key.
fn ask(port: u16) -> String {
    get(port, "/", "").lines().next().unwrap().to_owned()
}

/// The cookie that an answer hands out.
fn cookie(answer: &str) -> String {
    let mut headers = answer.lines().filter_map(|line| line.split_once(": "));
    let set = headers.find(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    let (_, cookie) = set.unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// Waits until it is ready, and ends it as Ctrl-C does.
async fn interrupted(running: Running) -> Finished {
    running.until_said(READY).await;
    running.interrupt();
    running.finish()
}

#[tokio::test]
async fn it_prints_its_address_with_a_key_and_ends_cleanly() {
    let database = Database::with_tenant("acme").await;
    for (arguments, path) in [
        ("", "/public"),
        ("--tenant", "/tenants"),
        ("--tenant=acme", "/t/acme"),
        ("--tenant acme", "/t/acme"),
        ("--tenant --tenant acme", "/t/acme"),
    ] {
        let port = free_port();
        let line = format!("studio --no-open --port {port} {arguments}");
        let running = database.command(&line).start();
        running.until_said(READY).await;
        assert_eq!(ask(port), "HTTP/1.1 403 Forbidden");
        let (page, _) = enter(port, &running.first_line().await);
        assert!(page.ends_with(path), "{page}");
        interrupted(running).await.succeeds();
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    }
}

#[tokio::test]
async fn without_a_port_it_takes_a_free_one_and_each_start_has_a_key_of_its_own() {
    let database = Database::set_up().await;
    let start = || database.command("studio --no-open").start();
    let running = [start(), start()];
    for one in &running {
        one.until_said(READY).await;
        one.interrupt();
    }
    let urls = running.map(|one| one.finish().succeeds().stdout);
    assert_ne!(urls[0], urls[1]);
    let keys = urls.each_ref().map(|url| url.split_once("key=").unwrap().1);
    assert_ne!(keys[0], keys[1]);
}

#[tokio::test]
async fn its_document_names_the_address_and_the_help_names_its_fields() {
    let database = Database::set_up().await;
    let port = free_port();
    let line = format!("studio --no-open --write --json --port {port}");
    let running = database.command(&line).start();
    let listens = async || TcpStream::connect(("127.0.0.1", port)).is_ok();
    eventually("it listens", listens).await;
    running.interrupt();
    let document = running.finish().succeeds().says_nothing().json();
    assert_eq!(document["port"], port);
    assert_eq!(document["write"], true);
    let help = database.folder.run("studio --help");
    for field in document.as_object().unwrap().keys() {
        assert!(help.stdout.contains(field), "{field}: {help}");
    }
}

#[tokio::test]
async fn a_studio_that_only_reads_says_how_rows_can_be_changed() {
    let database = Database::with_tenant("acme").await;
    let port = free_port();
    let line = format!("studio --no-open --port {port}");
    let running = database.command(&line).start();
    running.until_said(READY).await;
    let (path, cookie) = enter(port, &running.first_line().await);
    let session = path.trim_end_matches("/public");
    let page = get(
        port,
        &format!("{session}/t/acme/table/dummy_table/add"),
        &cookie,
    );
    assert!(page.starts_with("HTTP/1.1 403 "), "{page}");
    assert!(page.contains("--write"), "{page}");
    interrupted(running).await.succeeds();
}

#[tokio::test]
async fn who_is_no_tenant_is_refused_as_everywhere() {
    let database = Database::with_tenant("acme").await;
    database
        .run("studio --no-open --tenant=nobody")
        .exits_with(2)
        .prints_nothing()
        .says("there is no tenant `nobody`")
        .says(&database.hint(&Call::ListTenants));
    database
        .run("studio --no-open --tenant=no-name")
        .exits_with(2)
        .prints_nothing();
}

#[tokio::test]
async fn the_tenants_of_a_database_that_is_not_set_up_are_refused_and_public_is_shown() {
    let database = Database::empty().await;
    for arguments in ["--tenant", "--tenant=acme"] {
        database
            .run(&format!("studio --no-open {arguments}"))
            .exits_with(3)
            .prints_nothing()
            .says(&database.hint(&Call::MigratePublic));
    }
    let running = database.command("studio --no-open").start();
    interrupted(running).await.succeeds().prints("/enter?key=");
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error_with_a_way_out() {
    let database = Database::set_up().await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    database
        .run(&format!("studio --no-open --port {port}"))
        .exits_with(1)
        .prints_nothing()
        .says(&format!("could not listen on port {port} of this machine"))
        .says("Choose another --port");
}

#[tokio::test]
async fn no_database_is_the_error_that_every_command_has() {
    let folder = Folder::new();
    let command = folder.command("studio --no-open");
    command
        .on("postgres://me:secret@127.0.0.1:1/nothing")
        .run()
        .exits_with(3)
        .prints_nothing()
        .says("no PostgreSQL server answers")
        .conceals("secret");
}

#[tokio::test]
async fn the_browser_is_opened_where_there_is_one_unless_that_is_forbidden() {
    let database = Database::set_up().await;
    let folder = database.folder.path();
    let opened = folder.join("opened");
    let script = format!("#!/bin/sh\nprintf '%s' \"$1\" > {}\n", opened.display());
    let opener = database.folder.file("bin/xdg-open", &script);
    fs::set_permissions(&opener, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", opener.parent().unwrap().display());
    let start = |line: &str, display: &str| {
        let command = database.command(line).env("PATH", &path);
        command.env("DISPLAY", display).start()
    };
    interrupted(start("studio --no-open", ":0"))
        .await
        .succeeds();
    interrupted(start("studio", "")).await.succeeds();
    assert!(!opened.exists());
    let running = start("studio", ":0");
    let is_opened = async || fs::read_to_string(&opened).is_ok_and(|path| path.ends_with(".html"));
    eventually("it is opened", is_opened).await;
    let file = fs::read_to_string(&opened).unwrap();
    let page = fs::read_to_string(&file).unwrap();
    let url = running.first_line().await;
    let key = url.split_once("key=").unwrap().1;
    assert!(page.contains(key) && !file.contains(key), "{file}");
    interrupted(running).await.succeeds();
    assert!(!Path::new(&file).exists());
}

#[tokio::test]
async fn the_key_is_in_no_arguments_of_a_process_while_the_browser_is_opened() {
    let database = Database::set_up().await;
    let seen = database.folder.path().join("seen");
    let script = format!(
        "#!/bin/sh\nps -A -o args= > {0}.part\nmv {0}.part {0}\n",
        seen.display()
    );
    let opener = database.folder.file("bin/xdg-open", &script);
    fs::set_permissions(&opener, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", opener.parent().unwrap().display());
    let command = database.command("studio").env("PATH", &path);
    let running = command.env("DISPLAY", ":0").start();
    eventually("it is opened", async || seen.exists()).await;
    let url = running.first_line().await;
    let key = url.split_once("key=").unwrap().1;
    let arguments = fs::read_to_string(&seen).unwrap();
    assert!(
        arguments.contains("open.html") && !arguments.contains(key),
        "{arguments}"
    );
    interrupted(running).await.succeeds();
}

#[tokio::test]
async fn a_browser_without_a_key_gets_a_code_that_the_command_prints() {
    let database = Database::set_up().await;
    let port = free_port();
    let line = format!("studio --no-open --quiet --port {port}");
    let running = database.command(&line).start();
    let listens = async || TcpStream::connect(("127.0.0.1", port)).is_ok();
    eventually("it listens", listens).await;
    assert!(get(port, "/", "").contains("Print a code"));
    let page = post(port, "/code", "page=tenants");
    let ticket = page.split_once("name=\"ticket\" value=\"").unwrap().1;
    let ticket = ticket.split_once('"').unwrap().0;
    running.until_said("Code for request 1").await;
    let said = running.said();
    let code = said.trim_end().rsplit_once(": ").unwrap().1;
    let answer = post(
        port,
        "/enter",
        &format!("ticket={ticket}&code={code}&page=tenants"),
    );
    assert!(cookie(&answer).starts_with("studio="), "{answer}");
    running.interrupt();
    running.finish().succeeds();
}
