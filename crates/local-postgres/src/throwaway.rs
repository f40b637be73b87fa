//! A server for tests: fast, private, and deleted at the end.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;

use crate::account::Account;
use crate::binaries::Binaries;
use crate::cluster::{self, Recipe};
use crate::disk;
use crate::error::Error;
use crate::find::find_binaries;
use crate::options::Options;
use crate::postmaster::{self, Launch};
use crate::scratch;
use crate::settings::{self, Setting, setting};
use crate::socket::{Address, PORT};
use crate::watchdog::Watchdog;

/// How many ports are tried when another process takes the port first.
const PORT_ATTEMPTS: u32 = 10;

/// How long an immediate shutdown may take before the server is killed.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// The options of a throwaway server. Created by [`ThrowawayServer::builder`].
#[derive(Debug, Default)]
pub struct ThrowawayBuilder {
    settings: Vec<Setting>,
    hba: Vec<String>,
    files: Vec<(String, Vec<u8>)>,
    tcp: bool,
    options: Options,
}

impl ThrowawayBuilder {
    /// Sets a server setting, for example `wal_level` to `logical`. Values need no quotes, and a
    /// later value replaces an earlier one. To set the addresses on which the server listens, use
    /// [`tcp`](Self::tcp).
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push(setting(name, value));
        self
    }

    /// Adds a line to `pg_hba.conf`. The first line replaces the usual lines, which admit without a
    /// password every user who can reach the server.
    #[must_use]
    pub fn hba(mut self, line: &str) -> Self {
        self.hba.push(line.to_owned());
        self
    }

    /// Puts a file into the data folder, readable only for the server: a certificate, for example.
    ///
    /// # Arguments
    /// * `name` - the file's name, without any folder.
    /// * `contents` - its bytes.
    #[must_use]
    pub fn file(mut self, name: &str, contents: impl Into<Vec<u8>>) -> Self {
        self.files.push((name.to_owned(), contents.into()));
        self
    }

    /// Listens on 127.0.0.1 as well, on a free port. Unless [`hba`](Self::hba) sets other rules,
    /// every user of this machine can then connect without a password while the server runs.
    #[must_use]
    pub fn tcp(mut self) -> Self {
        self.tcp = true;
        self
    }

    /// Where binaries may come from.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Creates the cluster and starts the server, in about a second.
    ///
    /// # Errors
    /// [`Error::InvalidName`] for an invalid name of a file or a setting, else as
    /// [`ProjectServer::ensure_running`](crate::ProjectServer::ensure_running).
    pub fn start(self) -> Result<ThrowawayServer, Error> {
        self.check_names()?;
        let binaries = find_binaries(&self.options, None)?;
        let folder = scratch::make_folder()?;
        let watchdog = Watchdog::start(&folder).inspect_err(|_| {
            // Nothing is in it yet, and nobody is left to remove it.
            let _ = fs::remove_dir(&folder);
        })?;
        let mut server = ThrowawayServer {
            address: Address {
                folder: folder.clone(),
                port: PORT,
                shared: false,
            },
            data: folder.join("data"),
            log: folder.join("server.log"),
            folder,
            tcp: self.tcp,
            account: Account::Myself,
            binaries,
            pid: None,
            watchdog,
        };
        server.account = server.choose_account()?;
        server.account.own(&server.folder)?;
        self.make_cluster(&server)?;
        server.start_on_a_port()?;
        Ok(server)
    }

    fn check_names(&self) -> Result<(), Error> {
        let plain = |name: &str| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
                && !name.starts_with('.')
        };
        let files = self.files.iter().map(|(name, _)| ("a file", name));
        let settings = self.settings.iter().map(|(name, _)| ("a setting", name));
        match files.chain(settings).find(|(_, name)| !plain(name)) {
            None => Ok(()),
            Some((what, name)) => Err(Error::InvalidName {
                what,
                name: name.clone(),
            }),
        }
    }

    fn make_cluster(self, server: &ThrowawayServer) -> Result<(), Error> {
        let mut settings = vec![
            setting("max_connections", "200"),
            // Nothing of this survives the test, so nothing needs to reach a disk.
            // `synchronous_commit` stays on: it costs next to nothing without
            // `fsync`, and what was committed must survive a killed server, or no
            // test of a crash could be trusted.
            setting("fsync", "off"),
            setting("full_page_writes", "off"),
            // What tests ask of a few rows runs faster than it is compiled.
            setting("jit", "off"),
            // The data may lie in memory.
            setting("max_wal_size", "256MB"),
        ];
        settings.extend(self.settings);
        let mut hba = self.hba;
        if hba.is_empty() {
            hba.push(cluster::local_trust());
            if self.tcp {
                hba.push("host all all 127.0.0.1/32 trust".into());
            }
        }
        let recipe = Recipe {
            data: &server.data,
            durable: false,
            settings,
            hba,
            files: self.files,
        };
        cluster::create(&recipe, &server.binaries, &server.account, None)
    }
}

/// A server whose data are deleted with this value or when its process ends, even if the process is
/// killed.
///
/// ```no_run
/// # fn main() -> Result<(), local_postgres::Error> {
/// let server = local_postgres::ThrowawayServer::start()?;
/// println!("{}", server.url("postgres"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ThrowawayServer {
    folder: PathBuf,
    data: PathBuf,
    log: PathBuf,
    address: Address,
    tcp: bool,
    account: Account,
    binaries: Binaries,
    pid: Option<u32>,
    watchdog: Watchdog,
}

impl ThrowawayServer {
    /// Starts a server with the usual settings: only a Unix socket, no password.
    ///
    /// # Errors
    /// As [`ThrowawayBuilder::start`].
    pub fn start() -> Result<Self, Error> {
        Self::builder().start()
    }

    /// Describes a server that differs from the usual one.
    #[must_use]
    pub fn builder() -> ThrowawayBuilder {
        ThrowawayBuilder::default()
    }

    /// The URL of a database, over the Unix socket, for the superuser `postgres`.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.address.url(database)
    }

    /// The port on 127.0.0.1, when [`ThrowawayBuilder::tcp`] asked for one.
    #[must_use]
    pub fn tcp_port(&self) -> Option<u16> {
        self.tcp.then_some(self.address.port)
    }

    /// The data folder.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data
    }

    /// The server's log.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The binaries that the server runs on.
    #[must_use]
    pub fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    /// The server's process; 0 while it is stopped.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid.unwrap_or_default()
    }

    /// Stops the server at once, as a crash would: it recovers at the next start. Does nothing if
    /// the server does not run.
    ///
    /// # Errors
    /// [`Error::Stop`] if it cannot be killed.
    pub fn stop_immediate(&mut self) -> Result<(), Error> {
        let Some(pid) = self.pid else {
            return Ok(());
        };
        if !postmaster::end(pid, Signal::QUIT, STOP_LIMIT)?
            && !postmaster::end(pid, Signal::KILL, STOP_LIMIT)?
        {
            return Err(Error::Stop {
                pid,
                limit: STOP_LIMIT,
            });
        }
        self.pid = None;
        self.watchdog.rest()
    }

    /// Starts the server again, after [`stop_immediate`](Self::stop_immediate) or after it was
    /// killed, on the same data and at the same URL. A running server is stopped first.
    ///
    /// # Errors
    /// [`Error::Start`] if it does not start, with the end of its log.
    pub fn restart(&mut self) -> Result<(), Error> {
        self.stop_immediate()?;
        self.launch()
    }

    /// The folder itself is handed over once the account is known.
    fn choose_account(&self) -> Result<Account, Error> {
        let parent = self.folder.parent().unwrap_or(&self.folder);
        Account::choose(&self.binaries, parent)
    }

    fn launch(&mut self) -> Result<(), Error> {
        let listening = settings::listening_at(&self.address, self.tcp);
        settings::write(&self.data, &listening, &self.account)?;
        let launch = Launch {
            binaries: &self.binaries,
            account: &self.account,
            data: &self.data,
            log: &self.log,
            address: &self.address,
        };
        // From its first moment on, the server must not outlive its owner.
        let mut watched = Ok(());
        let started = launch.start(&mut |pid| {
            self.pid = Some(pid);
            watched = self.watchdog.watch(pid);
        });
        if let Err(error @ Error::Start { .. }) = started {
            // It has ended by itself, and its id may soon be somebody else's.
            self.pid = None;
            self.watchdog.rest()?;
            return Err(error);
        }
        started.and(watched)
    }

    /// Between finding a free port and listening on it, another process may take it.
    fn start_on_a_port(&mut self) -> Result<(), Error> {
        if !self.tcp {
            return self.launch();
        }
        let mut attempts = 1;
        loop {
            self.address.port = free_port()?;
            match self.launch() {
                Err(Error::Start { log, .. })
                    if log.contains("could not bind") && attempts < PORT_ATTEMPTS =>
                {
                    attempts += 1;
                }
                outcome => return outcome,
            }
        }
    }
}

impl Drop for ThrowawayServer {
    /// Failures cannot be reported here; the watchdog removes what is left.
    fn drop(&mut self) {
        if self.stop_immediate().is_ok() && disk::remove_all(&self.folder).is_ok() {
            self.watchdog.dismiss();
        }
    }
}

fn free_port() -> Result<u16, Error> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(Error::file("find a free port at", Path::new("127.0.0.1")))
}
