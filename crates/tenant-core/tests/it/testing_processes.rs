//! Databases for tests on a server that outlives the test processes. Such a
//! process is this test program, started once more, where it runs
//! [`is_a_test_process_when_told_to`] alone.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

use local_postgres::ThrowawayServer;
use tenant_core::Database;
use tenant_testing::{ScratchDatabase, Template};
use test_support::{eventually, own_server};

use crate::testing::{column, migrations};

static TEMPLATE: Template = Template::new(migrations);

/// Says to be such a process.
const ROLE: &str = "TEST_PROCESS";

/// What the names of databases begin with in its output.
const MADE: &str = "made: ";

/// Makes a database of each kind, tells their names, and waits to be ended.
#[tokio::test]
async fn is_a_test_process_when_told_to() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let (database, tenant) = (TEMPLATE.database().await, TEMPLATE.tenant().await);
    let empty = ScratchDatabase::new().await;
    let shared = column(&tenant.database_url(), "SELECT current_database()::text").await;
    let mut output = std::io::stdout();
    for name in [database.name(), empty.name(), &shared[0], "all"] {
        writeln!(output, "{MADE}{name}").unwrap();
    }
    if role == "stays" {
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    }
}

/// A process that has made its databases.
struct Process {
    child: Child,
    output: Lines<BufReader<ChildStdout>>,
    databases: BTreeSet<String>,
}

impl Process {
    fn start(server: &ThrowawayServer, role: &str) -> Child {
        Self::start_on(&server.url("postgres"), role)
    }

    fn start_on(url: &str, role: &str) -> Child {
        Self::command(url, role).spawn().unwrap()
    }

    fn command(url: &str, role: &str) -> Command {
        let test = "testing_processes::is_a_test_process_when_told_to";
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
        command.env("TEST_DATABASE_URL", url).env(ROLE, role);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command
    }

    fn ready(mut child: Child) -> Self {
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut databases = BTreeSet::new();
        loop {
            let line = output.next().unwrap().unwrap();
            match line.split_once(MADE) {
                Some((_, "all")) => break,
                Some((_, name)) => drop(databases.insert(name.to_owned())),
                None => {}
            }
        }
        assert_eq!(databases.len(), 3);
        Self {
            child,
            output,
            databases,
        }
    }

    /// Ends it as `kill -9` does.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Lets its test come to an end.
    fn end(mut self) {
        drop(self.child.stdin.take());
        assert!(self.output.by_ref().all(|line| line.is_ok()));
        assert!(self.child.wait().unwrap().success());
    }
}

async fn execute(server: &ThrowawayServer, sql: &str) {
    let database = Database::parse(&server.url("postgres")).unwrap();
    let client = database.driver().await.unwrap();
    client.batch_execute(sql).await.unwrap();
}

async fn databases(server: &ThrowawayServer, like: &str) -> BTreeSet<String> {
    let sql = format!("SELECT datname::text FROM pg_database WHERE datname LIKE '{like}'");
    let names = column(&server.url("postgres"), &sql).await;
    names.into_iter().collect()
}

async fn of_tests(server: &ThrowawayServer) -> BTreeSet<String> {
    databases(server, "diesel\\_tenants\\_test\\_%").await
}

/// The databases of dead processes are kept while a connection is being closed.
async fn nobody_is_connected(server: &ThrowawayServer, to: &BTreeSet<String>) {
    let sql = "SELECT datname::text FROM pg_stat_activity WHERE datname IS NOT NULL \
               UNION ALL SELECT 'a lock' FROM pg_locks WHERE locktype = 'advisory'";
    let gone = async || {
        let connected = column(&server.url("postgres"), sql).await;
        !connected
            .iter()
            .any(|name| to.contains(name) || name == "a lock")
    };
    eventually("the killed process is disconnected", gone).await;
}

#[tokio::test]
async fn what_a_killed_process_leaves_is_dropped_by_the_next_one() {
    let server = own_server().start().unwrap();
    let mut killed = Process::ready(Process::start(&server, "stays"));
    assert_eq!(of_tests(&server).await, killed.databases);
    killed.kill();
    nobody_is_connected(&server, &killed.databases).await;
    // Nothing has dropped them yet.
    assert_eq!(of_tests(&server).await, killed.databases);
    let next = Process::ready(Process::start(&server, "stays"));
    assert_eq!(of_tests(&server).await, next.databases);
    next.end();
}

#[tokio::test]
async fn what_belongs_to_a_process_that_lives_or_to_somebody_else_is_kept() {
    let server = own_server().start().unwrap();
    let foreign = ["diesel_tenants_test_mine", "diesel_tenants_template_mine"];
    for name in foreign {
        execute(&server, &format!("CREATE DATABASE {name}")).await;
    }
    let living = Process::ready(Process::start(&server, "stays"));
    Process::ready(Process::start(&server, "ends")).end();
    let left = databases(&server, "diesel\\_tenants\\_%").await;
    assert!(left.is_superset(&living.databases), "{left:?}");
    let is_there = |name: &&str| left.contains(*name);
    assert!(foreign.iter().all(is_there), "{left:?}");
    living.end();
}

#[tokio::test]
async fn the_template_is_made_once_for_processes_that_come_at_once_and_for_later_ones() {
    let server = own_server().start().unwrap();
    let number =
        "SELECT oid::text FROM pg_database WHERE datname LIKE 'diesel\\_tenants\\_template\\_%'";
    let starting = [(); 3].map(|()| Process::start(&server, "stays"));
    let processes = starting.map(Process::ready);
    let made = column(&server.url("postgres"), number).await;
    assert_eq!(made.len(), 1, "{made:?}");
    // Databases are numbered as they are begun, and the first one of whoever built
    // the template has become it.
    let is_first = |name: &&String| name.ends_with("_0");
    let names = processes.iter().flat_map(|it| &it.databases);
    assert_eq!(names.filter(is_first).count(), 2);
    processes.into_iter().for_each(Process::end);
    Process::ready(Process::start(&server, "ends")).end();
    assert_eq!(column(&server.url("postgres"), number).await, made);
}

#[tokio::test]
async fn a_template_that_was_not_used_for_long_is_dropped() {
    let server = own_server().start().unwrap();
    Process::ready(Process::start(&server, "ends")).end();
    let template = databases(&server, "diesel\\_tenants\\_template\\_%").await;
    let template = template.first().unwrap();
    let old = format!("{}{}", &template[..template.len() - 16], "0123456789abcdef");
    execute(&server, &format!("CREATE DATABASE {old}")).await;
    let comment = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = ";
    let said = column(&server.url("postgres"), &format!("{comment}'{template}'")).await;
    let (start, _) = said[0].rsplit_once(' ').unwrap();
    let long_ago = format!("COMMENT ON DATABASE {old} IS '{start} 2020-02-29'");
    execute(&server, &long_ago).await;
    Process::ready(Process::start(&server, "ends")).end();
    let left = databases(&server, "diesel\\_tenants\\_template\\_%").await;
    assert_eq!(left, BTreeSet::from([template.clone()]));
}

#[tokio::test]
async fn a_role_that_may_make_databases_and_nothing_else_is_enough() {
    let server = own_server().start().unwrap();
    execute(&server, "CREATE ROLE ann LOGIN CREATEDB").await;
    let url = server.url("postgres").replacen("postgres@", "ann@", 1);
    let mut killed = Process::ready(Process::start_on(&url, "stays"));
    killed.kill();
    nobody_is_connected(&server, &killed.databases).await;
    let next = Process::ready(Process::start_on(&url, "stays"));
    assert_eq!(of_tests(&server).await, next.databases);
    next.end();
}

#[tokio::test]
async fn a_server_that_cannot_be_used_is_named_with_what_to_do() {
    let ended = Process::command("postgres://ann@%2Fnowhere/postgres", "ends").output();
    let ended = ended.unwrap();
    assert!(!ended.status.success());
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    let expected = "no database for the test: could not use the server of TEST_DATABASE_URL: no PostgreSQL server answers at ann@/nowhere/postgres";
    assert!(said.contains(expected), "{said}");
}
