//! The servers that a URL names, each with what is its own.

use std::net::{IpAddr, Ipv6Addr};
use std::path::{Path, PathBuf};

use tokio_postgres::Config;

use super::invalid;
use super::parameters::Parameters;
use super::passfile::{Found, Login, look_up};
use crate::ConnectError;

/// Where libpq looks for a socket when no host is named; which of these it is, is decided
/// when libpq is built.
const SOCKET_FOLDERS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

const DEFAULT_PORT: u16 = 5432;

/// One server.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::link) struct Server {
    pub(super) host: Option<Host>,
    /// Where it is, if the name is not to be looked up.
    address: Option<IpAddr>,
    port: u16,
    pub(super) password: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Host {
    Name(String),
    /// The folder of a socket, and whether the URL or a setting names it.
    Folder(PathBuf, Named),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    Yes,
    No,
}

/// The servers, in the order in which they are named, and warnings.
///
/// # Errors
///
/// Hosts, addresses and ports that cannot be, or do not belong together.
pub(super) fn of(parameters: &Parameters) -> Result<(Vec<Server>, Vec<String>), ConnectError> {
    let hosts = list(parameters, "host");
    let addresses = list(parameters, "hostaddr");
    let ports = list(parameters, "port");
    let count = hosts.len().max(addresses.len()).max(1);
    let fits = |list: &[&str]| list.is_empty() || list.len() == count;
    if !fits(&hosts) || !fits(&addresses) {
        return Err(invalid("it has more or fewer addresses than hosts"));
    }
    if !fits(&ports) && ports.len() != 1 {
        return Err(invalid("it has more or fewer ports than hosts"));
    }
    let mut servers = Vec::new();
    for at in 0..count {
        let port = port(parameters, ports.get(at).or(ports.first()).copied())?;
        let address = address(parameters, addresses.get(at).copied())?;
        let host = hosts.get(at).copied().unwrap_or_default();
        for host in named(host, address.is_some())? {
            servers.push(Server {
                host,
                address,
                port,
                password: None,
            });
        }
    }
    let warnings = add_passwords(&mut servers, parameters);
    Ok((servers, warnings))
}

fn list<'a>(parameters: &'a Parameters, key: &str) -> Vec<&'a str> {
    let list = parameters.get(key).map(|list| list.split(','));
    list.into_iter().flatten().map(str::trim).collect()
}

fn port(parameters: &Parameters, text: Option<&str>) -> Result<u16, ConnectError> {
    match text.unwrap_or_default() {
        "" => Ok(DEFAULT_PORT),
        text => text.parse().ok().filter(|port| *port > 0).ok_or_else(|| {
            invalid(format!(
                "{} must be a number from 1 to 65535",
                parameters.named("port")
            ))
        }),
    }
}

fn address(parameters: &Parameters, text: Option<&str>) -> Result<Option<IpAddr>, ConnectError> {
    match text.unwrap_or_default() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| {
            invalid(format!(
                "{} must be an IP address",
                parameters.named("hostaddr")
            ))
        }),
    }
}

/// What is meant by a host; several where it is none.
fn named(text: &str, has_address: bool) -> Result<Vec<Option<Host>>, ConnectError> {
    if text.is_empty() {
        return Ok(match (has_address, cfg!(unix)) {
            (true, _) => vec![None],
            (false, true) => SOCKET_FOLDERS
                .map(|folder| Some(Host::Folder(folder.into(), Named::No)))
                .into(),
            (false, false) => vec![Some(Host::Name("localhost".to_owned()))],
        });
    }
    if text.contains('@') {
        return Err(invalid("it must have a plain `@` between role and host"));
    }
    if Path::new(text).is_absolute() {
        return Ok(vec![Some(Host::Folder(text.into(), Named::Yes))]);
    }
    let is_address = text.split('%').next().unwrap_or(text).parse::<Ipv6Addr>();
    if text.contains(':') && is_address.is_err() {
        return Err(invalid("its host must not contain a `:`"));
    }
    Ok(vec![Some(Host::Name(text.to_owned()))])
}

/// Gives each server its password, and returns why a file of them was not read.
fn add_passwords(servers: &mut [Server], parameters: &Parameters) -> Vec<String> {
    let mut warnings = Vec::new();
    let passfile = parameters.get("passfile").map(Path::new);
    let role = parameters.get("user").map(str::to_owned);
    let role = role.or_else(system_role).unwrap_or_default();
    for server in servers {
        if let Some(password) = parameters.password() {
            server.password = Some(password.to_vec());
            continue;
        }
        let Some(file) = passfile else {
            continue;
        };
        let login = Login {
            host: &server.name_in_passfile(),
            port: server.port,
            database: parameters.get("dbname").unwrap_or(&role),
            role: &role,
        };
        match look_up(file, &login) {
            Found::Password(password) => server.password = Some(password),
            Found::Nothing => {}
            Found::Ignored(warning) if warnings.contains(&warning) => {}
            Found::Ignored(warning) => warnings.push(warning),
        }
    }
    warnings
}

/// The role that the driver logs in as when none is named.
pub(super) fn system_role() -> Option<String> {
    whoami::username().ok()
}

impl Server {
    /// The configuration for this server.
    pub(in crate::link) fn config(&self, base: &Config) -> Config {
        let mut config = base.clone();
        match &self.host {
            Some(Host::Name(name)) => drop(config.host(name)),
            Some(Host::Folder(folder, _)) => drop(config.host(folder.to_string_lossy())),
            None => {}
        }
        if let Some(address) = self.address {
            config.hostaddr(address);
        }
        if let Some(password) = &self.password {
            config.password(password);
        }
        config.port(self.port);
        config
    }

    /// The password for it.
    pub(in crate::link) fn password(&self) -> Option<&[u8]> {
        self.password.as_deref()
    }

    /// Whether it is reached through a socket, where nothing is encrypted.
    pub(in crate::link) fn is_local(&self) -> bool {
        self.address.is_none() && matches!(self.host, Some(Host::Folder(..)))
    }

    /// `host:port`, or the folder of a socket.
    pub(in crate::link) fn shown(&self) -> String {
        match (&self.host, self.address) {
            (Some(Host::Name(name)), _) if name.contains(':') => {
                format!("[{name}]:{}", self.port)
            }
            (Some(Host::Name(name)), _) => format!("{name}:{}", self.port),
            (Some(Host::Folder(folder, _)), _) => folder.display().to_string(),
            (None, Some(address)) => format!("{address}:{}", self.port),
            (None, None) => String::new(),
        }
    }

    /// Its host, the folder of its socket, or its address.
    pub(super) fn place(&self) -> String {
        match (&self.host, self.address) {
            (Some(Host::Name(name)), _) => name.clone(),
            (Some(Host::Folder(folder, _)), _) => folder.display().to_string(),
            (None, address) => address.map_or_else(String::new, |it| it.to_string()),
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    fn name_in_passfile(&self) -> String {
        match (&self.host, self.address) {
            (Some(Host::Name(name)), _) => name.clone(),
            (Some(Host::Folder(_, Named::No)), _) => "localhost".to_owned(),
            // As libpq does, which knows its own folder.
            (Some(Host::Folder(folder, _)), _)
                if SOCKET_FOLDERS.iter().any(|own| Path::new(own) == folder) =>
            {
                "localhost".to_owned()
            }
            (Some(Host::Folder(folder, _)), _) => folder.display().to_string(),
            (None, address) => address
                .map(|address| address.to_string())
                .unwrap_or_default(),
        }
    }
}
