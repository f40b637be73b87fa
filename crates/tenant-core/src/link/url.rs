//! The content of a database URL, and the parts of it that may be shown.
//!
//! A URL, `key=value` pairs, a service file and environment variables all say the same
//! things, under libpq's names: [`Parameters`]. [`Parts`] is what they mean. The driver
//! reads no URL: it knows neither `verify-full` nor `passfile`, takes several hosts for
//! one login, and shows names of options that can be a part of a password.

mod defaults;
mod driver;
mod encryption;
mod from;
mod known;
mod listed;
mod pairs;
mod parameters;
mod passfile;
mod percent;
mod servers;
mod service;
mod uri;
mod written;

use std::fmt;
use std::path::PathBuf;

use tokio_postgres::Config;

use super::ConnectError;
use super::role_of_server::Wanted;
use super::tls::{SslMode, TlsOptions};
pub use defaults::LibpqDefaults;
pub use from::{ConnectionPart, PartOrigin};
pub use listed::{UrlOption, UrlOptionSupport, url_options};
pub(super) use parameters::Parameters;
pub(super) use servers::Server;
pub(super) use written::url as write;

/// What a database URL means.
#[derive(Clone)]
pub(super) struct Parts {
    pub(super) parameters: Parameters,
    /// All but the server and the password.
    pub(super) config: Config,
    /// At least one.
    pub(super) servers: Vec<Server>,
    /// Which of them will do.
    pub(super) wanted: Wanted,
    pub(super) ssl_mode: SslMode,
    pub(super) tls: TlsOptions,
    /// Whether there is a pooler in between.
    pub(super) pooled: bool,
    /// `role@host:port/database`: never a password.
    pub(super) target: String,
    /// What was ignored, and why.
    pub(super) warnings: Vec<String>,
}

/// Reads a URL, or `key=value` pairs.
pub(super) fn parse(text: &str) -> Result<Parts, ConnectError> {
    let mut parameters = read(text)?;
    if let Some(name) = parameters.get("service").map(str::to_owned) {
        let file = parameters.get("servicefile").map(PathBuf::from);
        let files = file.into_iter().collect::<Vec<_>>();
        service::add(&mut parameters, &name, &files).map_err(invalid)?;
    }
    Parts::of(parameters)
}

fn read(text: &str) -> Result<Parameters, ConnectError> {
    let is_url = text
        .split('=')
        .next()
        .is_some_and(|key| key.contains("://"));
    match uri::without_scheme(text) {
        Some(rest) => uri::read(rest),
        None if text.contains('=') && !is_url => pairs::read(text),
        None => Err(
            "it must start with `postgres://` or `postgresql://`, or consist of `key=value` pairs"
                .to_owned(),
        ),
    }
    .map_err(invalid)
}

impl Parts {
    /// What the parameters mean.
    ///
    /// # Errors
    ///
    /// One of them means nothing, or two contradict each other.
    pub(super) fn of(mut parameters: Parameters) -> Result<Self, ConnectError> {
        for key in ["service", "servicefile"] {
            parameters.remove(key);
        }
        if parameters
            .get("user")
            .is_some_and(|role| role.contains(':'))
        {
            // The password of a login that is percent-encoded as a whole.
            return Err(invalid(
                "it must have a plain `:` between role and password, and none in the role",
            ));
        }
        let (servers, warnings) = servers::of(&parameters)?;
        let (ssl_mode, tls) = encryption::of(&parameters)?;
        let config = driver::config(&parameters, ssl_mode)?;
        let pooler = parameters.one_of("pooler", &[("transaction", ())]);
        let pooled = pooler
            .map_err(|_| invalid("its pooler can only be transaction"))?
            .is_some();
        Ok(Self {
            wanted: wanted(&parameters)?,
            target: target(&parameters, &servers),
            parameters,
            config,
            servers,
            ssl_mode,
            tls,
            pooled,
            warnings,
        })
    }

    /// The password, if it is the same for all servers.
    fn one_password(&self) -> Option<&[u8]> {
        let (first, others) = self.servers.split_first()?;
        let is_same = |other: &Server| other.password == first.password;
        first
            .password
            .as_deref()
            .filter(|_| others.iter().all(is_same))
    }

    /// Whether the file of passwords says something: a password of one of the servers, or
    /// a warning.
    fn needs_passfile(&self) -> bool {
        let has_password = |server: &Server| server.password.is_some();
        !self.warnings.is_empty() || self.servers.iter().any(has_password)
    }
}

fn wanted(parameters: &Parameters) -> Result<Wanted, ConnectError> {
    let wanted = parameters.one_of(
        "target_session_attrs",
        &[
            ("any", Wanted::Any),
            ("read-write", Wanted::ReadWrite),
            ("read-only", Wanted::ReadOnly),
            ("primary", Wanted::Primary),
            ("standby", Wanted::Standby),
            ("prefer-standby", Wanted::PreferStandby),
        ],
    )?;
    Ok(wanted.unwrap_or_default())
}

fn invalid(reason: impl Into<String>) -> ConnectError {
    ConnectError::Url {
        reason: reason.into(),
    }
}

/// What is shown of a database.
pub(super) fn target(parameters: &Parameters, servers: &[Server]) -> String {
    let hosts = servers.iter().map(Server::shown).collect::<Vec<_>>();
    let hosts = hosts.join(",");
    let role = parameters.get("user").unwrap_or_default();
    let database = parameters.get("dbname").unwrap_or(role);
    match role {
        "" => format!("{hosts}/{database}"),
        role => format!("{role}@{hosts}/{database}"),
    }
}

/// Shows no password.
impl fmt::Debug for Parts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Parts").field(&self.target).finish()
    }
}

#[cfg(test)]
mod tests;
