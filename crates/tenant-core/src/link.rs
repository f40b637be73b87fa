//! From a database URL to a connection.
//!
//! [`Database`] is a parsed URL. It opens connections of two kinds: a
//! [`Session`] for the engine, which needs SQLSTATEs and messages of several
//! statements, and Diesel's own `AsyncPgConnection` for typed queries.

mod carried;
mod cluster;
mod database;
mod direct;
mod error;
mod filtered;
mod forget;
mod kind;
mod lasting;
mod listening;
mod lock_holder;
mod notices;
mod pg_error;
mod pinned;
mod reach;
mod role_of_server;
mod server_message;
mod session;
mod tls;
mod unnamed;
mod url;
mod url_of;
mod watch;
mod wire;

pub use database::Database;
pub use error::ConnectError;
pub(crate) use forget::{FORGET, role_and_rest};
pub use kind::ErrorKind;
pub(crate) use listening::Listening;
pub use lock_holder::LockHolder;
pub(crate) use lock_holder::{held_by, in_words};
pub(crate) use notices::Heard;
pub use pg_error::{PgError, PgErrorParts};
pub(crate) use pinned::{Limits, Pinned};
pub(crate) use server_message::Place;
pub use server_message::ServerMessage;
pub(crate) use session::{Alone, Lease, Session, SessionPool};
pub use url::{
    ConnectionPart, LibpqDefaults, PartOrigin, UrlOption, UrlOptionSupport, url_options,
};
pub(crate) use url_of::Password;
pub(crate) use watch::{Ended, Mark, Oids, OwnTypes, Probe, Standing, Watch};
pub(crate) use wire::{Canceller, Wire};
