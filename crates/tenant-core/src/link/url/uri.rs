//! Reads `postgres://` and `postgresql://` URLs.
//!
//! Source: PostgreSQL manual, "Connection URIs" of libpq. Where libpq takes what cannot be
//! told from a password in the wrong place, it is refused here.

use super::parameters::{Names, Origin, Parameters};
use super::percent::{decoded, decoded_text};

/// The text behind the scheme, if it is such a URL.
pub(super) fn without_scheme(text: &str) -> Option<&str> {
    let schemes = ["postgres://", "postgresql://"];
    schemes.iter().find_map(|scheme| text.strip_prefix(scheme))
}

/// The parts of a URL without its scheme.
///
/// # Errors
///
/// What is wrong, without anything that can be a password.
pub(super) fn read(rest: &str) -> Result<Parameters, String> {
    let mut parameters = Parameters::default();
    let (base, query) = rest.split_once('?').unwrap_or((rest, ""));
    let address = read_login(base, &mut parameters)?;
    let (hosts, database) = address.split_once('/').unwrap_or((address, ""));
    read_hosts(hosts, &mut parameters)?;
    if !database.is_empty() {
        parameters.set("dbname", decoded_text(database)?);
    }
    read_query(query, &mut parameters)?;
    Ok(parameters)
}

/// What follows the login, which is put down.
fn read_login<'a>(base: &'a str, parameters: &mut Parameters) -> Result<&'a str, String> {
    let Some((login, address)) = base.split_once('@') else {
        return Ok(base);
    };
    // The rest of a password that has one would be taken for the host, which is shown.
    if address.contains('@') {
        return Err("it has more than one `@`; write an `@` of the password as %40".to_owned());
    }
    let (role, password) = match login.split_once(':') {
        Some((role, password)) => (role, Some(password)),
        None => (login, None),
    };
    let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let port = password.and_then(|password| password.split('/').next());
    if login.contains('/') && (role.contains('/') || port.is_some_and(is_port)) {
        return Err(
            "it has a `/` before its `@`; write a `/` of the login as %2F, and an `@` of the \
             database as %40"
                .to_owned(),
        );
    }
    parameters.set("user", decoded_text(role)?);
    if let Some(password) = password {
        parameters.set_password(decoded(password)?);
    }
    Ok(address)
}

fn read_hosts(text: &str, parameters: &mut Parameters) -> Result<(), String> {
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    for one in text.split(',') {
        let (host, port) = match one.strip_prefix('[') {
            Some(rest) => {
                let (host, behind) = rest
                    .split_once(']')
                    .ok_or("its host has a `[` but no `]`")?;
                let port = match behind {
                    "" => "",
                    behind => behind
                        .strip_prefix(':')
                        .ok_or("its host in `[...]` is followed by something other than a port")?,
                };
                (host, port)
            }
            None => one.split_once(':').unwrap_or((one, "")),
        };
        hosts.push(decoded_text(host)?);
        ports.push(decoded_text(port)?);
    }
    if hosts.iter().any(|host| !host.is_empty()) {
        parameters.set("host", hosts.join(","));
    }
    if ports.iter().any(|port| !port.is_empty()) {
        parameters.set("port", ports.join(","));
    }
    Ok(())
}

fn read_query(query: &str, parameters: &mut Parameters) -> Result<(), String> {
    // An `@` behind the `?` can be the end of a password that has a `?` in it.
    let mut names = match query.contains('@') {
        true => Names::Hidden,
        false => Names::Shown,
    };
    for option in query.split('&').filter(|option| !option.is_empty()) {
        let (key, value) = option.split_once('=').ok_or(
            "it has an option without a `=` behind the `?`; if the `?` belongs to the password, \
             write it as %3F",
        )?;
        let key = decoded_text(key)?;
        if key == "password" {
            parameters.set_password(decoded(value)?);
        } else {
            parameters.add(&key, decoded_text(value)?, Origin::Given, names)?;
        }
        // What follows can be the rest of a password with a `&` in it.
        if key.contains("password") {
            names = Names::Hidden;
        }
    }
    Ok(())
}
