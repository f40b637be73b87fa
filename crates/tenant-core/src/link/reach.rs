//! Tries one server after the other, each with and without encryption as the mode wants
//! it, until one will do.
//!
//! The driver can do the first by itself. It knows one password for all servers, and
//! neither primaries and standbys nor `sslmode=allow`.

use rand::seq::SliceRandom;
use tokio_postgres::Config;
use tokio_postgres::config::{LoadBalanceHosts, SslMode as DriverSslMode};

use super::pinned::Greeted;
use super::role_of_server::Wanted;
use super::tls::SslMode;
use super::url::Server;
use super::{ConnectError, Database};
use crate::PgError;

/// One try.
pub(super) struct Try {
    /// For one server.
    pub(super) config: Config,
    /// What errors show.
    pub(super) target: String,
}

/// How a connection to one server is made.
pub(super) trait Way: Sync {
    /// What there is beside the connection.
    type More: Send;

    /// Connects, or says why not.
    fn connect(
        &self,
        tried: &Try,
    ) -> impl Future<Output = Result<(Greeted, Self::More), ConnectError>> + Send;
}

impl SslMode {
    /// What is tried, one after the other.
    fn tries(self, server: &Server) -> &'static [DriverSslMode] {
        match self {
            _ if server.is_local() => &[DriverSslMode::Disable],
            Self::Disable => &[DriverSslMode::Disable],
            Self::Allow => &[DriverSslMode::Disable, DriverSslMode::Require],
            Self::Prefer => &[DriverSslMode::Prefer, DriverSslMode::Disable],
            Self::Require | Self::VerifyCa | Self::VerifyFull => &[DriverSslMode::Require],
        }
    }
}

impl Database {
    /// Connects on this `way` as `config` says, which is this one's or differs in its
    /// options.
    ///
    /// # Errors
    ///
    /// No server is suitable. If a server refuses the login, no other server is asked, as libpq
    /// does.
    pub(super) async fn reach<W: Way>(
        &self,
        config: &Config,
        way: &W,
    ) -> Result<(Greeted, W::More), ConnectError> {
        let mut failed = Vec::new();
        for wanted in self.wanted.rounds() {
            failed.clear();
            for server in self.in_turn() {
                let tried = Try {
                    config: server.config(config),
                    target: self.target_at(&server),
                };
                match self.one(&server, tried, *wanted, way).await {
                    Ok(connected) => return Ok(connected),
                    Err(error) if is_of_all(&error) => return Err(error),
                    Err(error) => failed.push((server, error)),
                }
            }
        }
        Err(self.none_of(failed))
    }

    /// The servers, in the order in which they are tried.
    fn in_turn(&self) -> Vec<Server> {
        let mut servers = self.servers.to_vec();
        if self.config.get_load_balance_hosts() == LoadBalanceHosts::Random {
            servers.shuffle(&mut rand::rng());
        }
        servers
    }

    async fn one<W: Way>(
        &self,
        server: &Server,
        mut tried: Try,
        wanted: Wanted,
        way: &W,
    ) -> Result<(Greeted, W::More), ConnectError> {
        let mut first: Option<ConnectError> = None;
        for mode in self.ssl_mode.tries(server) {
            tried.config.ssl_mode(*mode);
            match (way.connect(&tried).await, first.take()) {
                (Ok((greeted, more)), _) => {
                    self.require(wanted, &greeted, server).await?;
                    return Ok((greeted, more));
                }
                (Err(error), None) if self.may_differ(&error) => first = Some(error),
                (Err(error), None) => return Err(error),
                // Without encryption the reason for it is what counts.
                (Err(_), Some(first)) if self.ssl_mode == SslMode::Prefer => return Err(first),
                (Err(ConnectError::Tls { .. }), Some(first)) => return Err(first),
                (Err(second), Some(_)) => return Err(second),
            }
        }
        Err(first.unwrap_or_else(|| self.no_server(&tried.target, "no way to connect was tried")))
    }

    /// Whether the same server may answer differently with, or without, encryption: it
    /// cannot agree on it, or has no rule for such a login.
    fn may_differ(&self, error: &ConnectError) -> bool {
        let is_free = matches!(self.ssl_mode, SslMode::Allow | SslMode::Prefer);
        let is_of_rules = error.sqlstate() == Some("28000");
        is_free && (is_of_rules || matches!(error, ConnectError::Tls { .. }))
    }

    async fn require(
        &self,
        wanted: Wanted,
        greeted: &Greeted,
        server: &Server,
    ) -> Result<(), ConnectError> {
        let target = self.target_at(server);
        match wanted.misses(&greeted.client).await {
            Ok(None) => Ok(()),
            Ok(Some(reason)) => Err(self.no_server(&target, reason)),
            Err(error) => Err(ConnectError::from_driver(&target, error)),
        }
    }

    fn target_at(&self, server: &Server) -> String {
        super::url::target(&self.parameters, std::slice::from_ref(server))
    }

    fn no_server(&self, target: &str, reason: impl std::fmt::Display) -> ConnectError {
        ConnectError::NoServer {
            target: target.to_owned(),
            source: PgError::from_text(reason),
        }
    }

    /// Of one server what happened there; of several, what happened at each.
    fn none_of(&self, mut failed: Vec<(Server, ConnectError)>) -> ConnectError {
        match failed.pop() {
            Some((_, error)) if failed.is_empty() => error,
            None => self.no_server(&self.target, "the URL names no host"),
            Some(last) => {
                failed.push(last);
                let each = failed.iter().map(|(server, error)| {
                    let reason = error
                        .postgres()
                        .map_or(error.to_string(), PgError::to_string);
                    format!("{}: {reason}", server.shown())
                });
                self.no_server(&self.target, each.collect::<Vec<_>>().join("; "))
            }
        }
    }
}

/// Whether every server would say the same.
fn is_of_all(error: &ConnectError) -> bool {
    matches!(
        error,
        ConnectError::Login { .. } | ConnectError::NoDatabase { .. } | ConnectError::Url { .. }
    )
}
