//! Writes a URL from its parts.

use super::parameters::Parameters;
use super::percent::encoded;

/// A URL that says all of it, for every program that uses libpq, and for drivers that
/// know fewer options as long as there are none of those.
pub(in crate::link) fn url(parameters: &Parameters) -> String {
    let part = |key: &str| parameters.get(key).unwrap_or_default();
    let mut url = "postgresql://".to_owned();
    let login = encoded(part("user").as_bytes());
    let password = parameters.password().map(encoded);
    match (login.as_str(), password) {
        ("", None) => {}
        (login, None) => url.extend([login, "@"]),
        (login, Some(password)) => url.extend([login, ":", &password, "@"]),
    }
    let (host, hosts_in_query) = hosts(part("host"), part("port"));
    url.extend([host.as_str(), "/", &encoded(part("dbname").as_bytes())]);
    let options = parameters.all().filter(|(key, _)| match *key {
        "user" | "dbname" => false,
        "host" | "port" => hosts_in_query,
        _ => true,
    });
    let options = options.map(|(key, value)| format!("{key}={}", encoded(value.as_bytes())));
    let options = options.collect::<Vec<_>>().join("&");
    if !options.is_empty() {
        url.extend(["?", &options]);
    }
    url
}

/// The hosts with their ports as they are in the middle of a URL, and whether they are
/// options instead.
fn hosts(hosts: &str, ports: &str) -> (String, bool) {
    let hosts = hosts.split(',').collect::<Vec<_>>();
    let ports = ports.split(',').collect::<Vec<_>>();
    // One port counts for several hosts only where it is an option.
    if ports.len() != hosts.len() && ports != [""] {
        return (String::new(), true);
    }
    let one = |(at, host): (usize, &&str)| {
        let name = encoded(host.as_bytes());
        let host = match host.contains(':') && !host.starts_with('/') {
            true => format!("[{}]", name.replace("%3A", ":")),
            false => name,
        };
        match ports.get(at).copied().unwrap_or_default() {
            "" => host,
            port => format!("{host}:{}", encoded(port.as_bytes())),
        }
    };
    let all = hosts.iter().enumerate().map(one);
    (all.collect::<Vec<_>>().join(","), false)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::read;
    use super::*;

    proptest! {
        #[test]
        fn a_written_url_says_the_same(
            user in "[^\\x00:]{1,9}", password in "[^\\x00]{1,9}", dbname in "[^\\x00]{1,9}",
            options in "[^\\x00]{1,9}", host in "(/[^,\\x00]{1,9}|[a-z.]{1,9}|::1)(,[a-z]{1,3}){0,2}",
            port in "(|[1-9][0-9]{0,3})",
        ) {
            let mut parameters = Parameters::default();
            for (key, value) in [
                ("user", user), ("dbname", dbname), ("options", options), ("host", host), ("port", port),
            ] {
                parameters.set(key, value);
            }
            parameters.set_password(password.into_bytes());
            let written = url(&parameters);
            let again = read(&written).unwrap();
            prop_assert_eq!(again.password(), parameters.password());
            let (again, all) = (again.all().collect::<Vec<_>>(), parameters.all());
            prop_assert_eq!(again, all.collect::<Vec<_>>(), "{}", written);
        }
    }
}
