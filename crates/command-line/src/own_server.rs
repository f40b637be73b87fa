//! The project's own server, in a program that can start one: on Unix, with the feature
//! `local-postgres`.

#[cfg(all(unix, feature = "local-postgres"))]
mod started;

#[cfg(all(unix, feature = "local-postgres"))]
pub use started::advised as server_error;

#[cfg(all(unix, feature = "local-postgres"))]
pub(crate) use started::{is_its_error, project_server, url};

#[cfg(not(all(unix, feature = "local-postgres")))]
mod absent;

#[cfg(not(all(unix, feature = "local-postgres")))]
pub(crate) use absent::{is_its_error, url};
