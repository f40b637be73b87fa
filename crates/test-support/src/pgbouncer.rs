//! PgBouncer in transaction mode, in front of a test's database.

use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::geteuid;
use tempfile::TempDir;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::TestDatabase;
use crate::wait::LIMIT;

/// A part of the socket's name; nothing listens on the network.
const PORT: u16 = 6432;

/// Users that may run it for root, as which it refuses to run. The first is
/// also the one who runs root's servers, and may enter their folders.
const STAND_INS: [&str; 2] = ["postgres", "nobody"];

/// Runs it until the pipe closes that only the test holds: also a test that is
/// killed leaves nothing behind. `$0` is the folder to remove, the rest are the
/// arguments. The places are those where packages put it outside of PATH.
const SCRIPT: &str = r#"
PATH="$PATH:/usr/sbin:/usr/local/sbin:/opt/homebrew/opt/pgbouncer/bin:/usr/local/opt/pgbouncer/bin"
pgbouncer "$@" </dev/null &
read -r _
kill "$!"
wait
rm -rf -- "$0"
"#;

/// A PgBouncer that is gone with this value.
///
/// It listens on a Unix socket in a separate folder, and admits every client as the superuser of
/// the tests' server.
#[derive(Debug)]
pub struct PgBouncer {
    folder: PathBuf,
    database: String,
    shell: Child,
}

impl PgBouncer {
    /// Starts a PgBouncer that shares `pool_size` server connections among all its clients.
    ///
    /// # Panics
    ///
    /// When PgBouncer is not installed, or does not start.
    #[must_use]
    pub fn start(database: &TestDatabase, pool_size: usize) -> Self {
        Self::start_with(database, pool_size, "")
    }

    /// The same with more lines in its configuration.
    ///
    /// # Panics
    ///
    /// When PgBouncer is not installed, or does not start.
    #[must_use]
    pub fn start_with(database: &TestDatabase, pool_size: usize, more: &str) -> Self {
        // Short, because a socket's path must be.
        let folder = TempDir::with_prefix_in("pgbouncer-", "/tmp");
        let folder = folder.unwrap().keep();
        let text = format!(
            "[databases]\n* = {}\n[pgbouncer]\nunix_socket_dir = {}\nlisten_port = {PORT}\n\
             auth_type = any\npool_mode = transaction\ndefault_pool_size = {pool_size}\n{more}\n",
            server_of(&database.url()),
            folder.display()
        );
        let ini = folder.join("pgbouncer.ini");
        fs::write(&ini, text).unwrap();
        let mut this = Self {
            shell: run(&folder, &ini),
            database: database.name().to_owned(),
            folder,
        };
        this.wait();
        this
    }

    /// The URL of the database behind it.
    #[must_use]
    pub fn url(&self) -> String {
        let folder = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{folder}:{PORT}/{}", self.database)
    }

    fn wait(&mut self) {
        let socket = self.folder.join(format!(".s.PGSQL.{PORT}"));
        let begun = Instant::now();
        while UnixStream::connect(&socket).is_err() {
            let log = fs::read_to_string(self.folder.join("log")).unwrap();
            let failed = ["not found", "FATAL", "ERROR"];
            assert!(
                begun.elapsed() < LIMIT && !failed.iter().any(|word| log.contains(word)),
                "PgBouncer does not start (`cargo xtask test` installs it): {log}"
            );
            sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        drop(self.shell.wait());
    }
}

/// The server as PgBouncer wants to be told of it.
fn server_of(url: &str) -> String {
    let config = url.parse::<Config>().unwrap();
    let host = match config.get_hosts() {
        [Host::Tcp(name), ..] => name.clone(),
        [Host::Unix(folder), ..] => folder.display().to_string(),
        [] => panic!("the server of the tests has no host"),
    };
    let port = config.get_ports().first().unwrap_or(&5432);
    let user = config.get_user().unwrap_or("postgres");
    // An empty one would be a mistake.
    let password = config.get_password().map(String::from_utf8_lossy);
    let password = password.map(|it| format!(" password='{}'", it.replace('\'', "''")));
    let password = password.unwrap_or_default();
    format!("host={host} port={port} user={user}{password}")
}

fn run(folder: &Path, ini: &Path) -> Child {
    let log = File::create(folder.join("log")).unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", SCRIPT]).arg(folder);
    if geteuid().is_root() {
        let (name, uid, gid) = stand_in();
        for path in [folder, ini] {
            chown(path, Some(uid), Some(gid)).unwrap();
        }
        command.args(["-u", &name]);
    }
    command
        .arg(ini)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(log)
        // What ends the test's process group is not to end it before it has
        // tidied up.
        .process_group(0)
        .spawn()
        .unwrap()
}

/// The name and the ids of a user who is not root.
fn stand_in() -> (String, u32, u32) {
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let user = STAND_INS.iter().find_map(|wanted| {
        let line = users
            .lines()
            .find(|line| line.split(':').next() == Some(wanted))?;
        let mut ids = line.split(':').skip(2).map(str::parse);
        Some((wanted.to_string(), ids.next()?.ok()?, ids.next()?.ok()?))
    });
    user.expect("root knows a user `postgres` or `nobody`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_leads_to_the_database_and_leaves_nothing_behind() {
        let database = TestDatabase::new().await;
        let pooler = PgBouncer::start(&database, 1);
        let (client, connection) = tokio_postgres::connect(&pooler.url(), tokio_postgres::NoTls)
            .await
            .unwrap();
        let connection = tokio::spawn(connection);
        let name = client
            .query_one("SELECT current_database()::text", &[])
            .await
            .unwrap();
        assert_eq!(name.get::<_, String>(0), database.name());
        let folder = pooler.folder.clone();
        drop(pooler);
        assert!(connection.await.unwrap().is_err());
        assert!(!folder.exists());
    }
}
