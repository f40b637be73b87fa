//! The configuration of the service. Environment variables are read only here.

use std::time::Duration;

use anyhow::Context as _;

/// How the service is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// The database: `postgres://role:password@host:port/database`.
    pub database_url: String,
    /// The address to listen on: `host:port`.
    pub listen: String,
    /// The domain whose subdomains are the tenants.
    pub domain: String,
    /// The token that the operator sends to drop a tenant. Without it, tenants cannot be dropped.
    pub operator_token: Option<String>,
    /// How many connections serve requests.
    pub connections: u32,
    /// For how long a request waits for one of them.
    pub wait: Duration,
    /// How many spare schemas are created in advance for sign-ups.
    pub spares: usize,
}

impl Config {
    /// What is right for `database_url` when nothing else is said.
    pub fn new(database_url: impl Into<String>) -> Self {
        Self {
            database_url: database_url.into(),
            listen: "127.0.0.1:3000".to_owned(),
            domain: "localhost".to_owned(),
            operator_token: None,
            connections: 16,
            wait: Duration::from_secs(5),
            spares: 3,
        }
    }

    /// Reads `DATABASE_URL`, and `LISTEN`, `DOMAIN` and `OPERATOR_TOKEN` where
    /// they are set.
    ///
    /// # Errors
    ///
    /// Without `DATABASE_URL`.
    pub fn from_environment() -> anyhow::Result<Self> {
        let get = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let database_url = get("DATABASE_URL").context(
            "DATABASE_URL is not set: it names the database, as in postgres://app@localhost/tasks",
        )?;
        let usual = Self::new(database_url);
        Ok(Self {
            listen: get("LISTEN").unwrap_or(usual.listen),
            domain: get("DOMAIN").unwrap_or(usual.domain),
            operator_token: get("OPERATOR_TOKEN"),
            ..usual
        })
    }
}
