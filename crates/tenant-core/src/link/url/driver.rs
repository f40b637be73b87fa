//! The parameters for the driver: all except servers, passwords and TLS.

use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{ChannelBinding, LoadBalanceHosts, SslNegotiation};

use super::invalid;
use super::parameters::Parameters;
use crate::ConnectError;
use crate::link::tls::SslMode;

/// How long to wait for an answer when nothing is said of it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What the driver is told.
///
/// # Errors
///
/// A value that means nothing.
pub(super) fn config(parameters: &Parameters, ssl_mode: SslMode) -> Result<Config, ConnectError> {
    let mut config = Config::new();
    config.connect_timeout(CONNECT_TIMEOUT);
    let name = parameters.get("application_name");
    let name = name.or(parameters.get("fallback_application_name"));
    config.application_name(name.unwrap_or("diesel-tenants"));
    if let Some(role) = parameters.get("user") {
        config.user(role);
    }
    if let Some(name) = parameters.get("dbname") {
        config.dbname(name);
    }
    if let Some(options) = parameters.get("options") {
        config.options(options);
    }
    set_times(&mut config, parameters)?;
    if let Some(binding) = parameters.one_of(
        "channel_binding",
        &[
            ("disable", ChannelBinding::Disable),
            ("prefer", ChannelBinding::Prefer),
            ("require", ChannelBinding::Require),
        ],
    )? {
        config.channel_binding(binding);
    }
    let balance = [
        ("disable", LoadBalanceHosts::Disable),
        ("random", LoadBalanceHosts::Random),
    ];
    if let Some(balance) = parameters.one_of("load_balance_hosts", &balance)? {
        config.load_balance_hosts(balance);
    }
    let negotiation = [
        ("postgres", SslNegotiation::Postgres),
        ("direct", SslNegotiation::Direct),
    ];
    if let Some(negotiation) = parameters.one_of("sslnegotiation", &negotiation)? {
        if negotiation == SslNegotiation::Direct && !ssl_mode.is_demanded() {
            return Err(invalid(
                "its sslnegotiation=direct needs sslmode=require or stricter",
            ));
        }
        config.ssl_negotiation(negotiation);
    }
    Ok(config)
}

/// Sets time-outs, and what finds out that a connection is dead.
fn set_times(config: &mut Config, parameters: &Parameters) -> Result<(), ConnectError> {
    let positive = |key| {
        let number = parameters.number(key)?.filter(|number| *number > 0);
        Ok::<_, ConnectError>(number.and_then(|number| u64::try_from(number).ok()))
    };
    let seconds = |key| Ok::<_, ConnectError>(positive(key)?.map(Duration::from_secs));
    match parameters.number("connect_timeout")? {
        None => {}
        // No limit, as far as a day is none.
        Some(..=0) => drop(config.connect_timeout(Duration::from_secs(86_400))),
        Some(_) => {
            let limit = seconds("connect_timeout")?.unwrap_or(CONNECT_TIMEOUT);
            config.connect_timeout(limit);
        }
    }
    if let Some(limit) = positive("tcp_user_timeout")? {
        config.tcp_user_timeout(Duration::from_millis(limit));
    }
    if let Some(number) = parameters.number("keepalives")? {
        config.keepalives(number != 0);
    }
    if let Some(idle) = seconds("keepalives_idle")? {
        config.keepalives_idle(idle);
    }
    if let Some(interval) = seconds("keepalives_interval")? {
        config.keepalives_interval(interval);
    }
    if let Some(count) = positive("keepalives_count")? {
        config.keepalives_retries(u32::try_from(count).unwrap_or(u32::MAX));
    }
    Ok(())
}
