//! [`ConnectionPart`]: a part of a connection, and where it comes from.

use super::defaults::LibpqDefaults;
use super::parameters::{Origin, Parameters};
use super::servers::{self, Server};
use crate::ConnectError;

/// A part of a connection, and its origin. Returned by [`LibpqDefaults::parts`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionPart {
    /// What it is, by libpq's name: `host`, `port`, `dbname` or `user`.
    pub name: &'static str,
    /// The value, as it is used to connect. Several servers are separated by commas.
    pub value: String,
    /// Where it comes from.
    pub from: PartOrigin,
}

/// Where a part of a connection comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PartOrigin {
    /// The URL, or the `key=value` pairs.
    Url,
    /// The service with this name.
    Service(String),
    /// This environment variable.
    Variable(&'static str),
    /// No source names it: it is libpq's default.
    Default,
}

impl LibpqDefaults {
    /// Returns host, port, database and role of a connection to `url`, in this order, each with its
    /// origin. The result contains no password.
    ///
    /// # Errors
    ///
    /// As [`Database::with_libpq_defaults`](crate::Database::with_libpq_defaults).
    pub fn parts(&self, url: &str) -> Result<Vec<ConnectionPart>, ConnectError> {
        let given = super::read(url)?;
        let service = self.service_of(&given).unwrap_or_default().to_owned();
        let parameters = self.completed(given)?;
        let (servers, _) = servers::of(&parameters)?;
        let from = |key: &str| match parameters.origin(key) {
            Some(Origin::Given) => PartOrigin::Url,
            Some(Origin::Service) => PartOrigin::Service(service.clone()),
            Some(Origin::Variable(name)) => PartOrigin::Variable(name),
            Some(Origin::System) | None => PartOrigin::Default,
        };
        let part = |name, value, key: &str| ConnectionPart {
            name,
            value,
            from: from(key),
        };
        let user = parameters.get("user").unwrap_or_default();
        let database = parameters.get("dbname").unwrap_or(user);
        let host_key = match parameters.get("host") {
            None if parameters.has("hostaddr") => "hostaddr",
            _ => "host",
        };
        Ok(vec![
            part("host", each(&servers, Server::place), host_key),
            part("port", ports(&parameters, &servers), "port"),
            part("dbname", database.to_owned(), "dbname"),
            part("user", user.to_owned(), "user"),
        ])
    }
}

fn each(servers: &[Server], what: impl Fn(&Server) -> String) -> String {
    servers.iter().map(what).collect::<Vec<_>>().join(",")
}

/// One port where it is the same for all.
fn ports(parameters: &Parameters, servers: &[Server]) -> String {
    let is_list = parameters.get("port").is_some_and(|it| it.contains(','));
    let count = if is_list { servers.len() } else { 1 };
    each(servers.get(..count).unwrap_or(servers), |server| {
        server.port().to_string()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(url: &str, variables: &[(&str, &str)]) -> Vec<String> {
        let variables = variables.iter();
        let variables = variables.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let parts = LibpqDefaults::from_variables(variables).parts(url).unwrap();
        let parts = parts.iter();
        let parts = parts.map(|it| format!("{}={} {:?}", it.name, it.value, it.from));
        parts.collect()
    }

    #[test]
    fn what_a_url_leaves_out_is_told_with_the_variable_that_says_it() {
        let variables = [
            ("PGHOST", "db.test"),
            ("PGPORT", "6000"),
            ("PGDATABASE", "shop"),
            ("PGUSER", "ann"),
            ("PGPASSWORD", "s3cret"),
        ];
        assert_eq!(
            parts("postgres://bob@/?port=7", &variables),
            [
                "host=db.test Variable(\"PGHOST\")",
                "port=7 Url",
                "dbname=shop Variable(\"PGDATABASE\")",
                "user=bob Url",
            ]
        );
    }

    #[test]
    fn a_database_without_a_name_is_called_as_the_role() {
        let found = parts("host=a,b port=1,2 user=ann", &[]);
        let expected = [
            "host=a,b Url",
            "port=1,2 Url",
            "dbname=ann Default",
            "user=ann Url",
        ];
        assert_eq!(found, expected);
        let found = parts("hostaddr=10.0.0.1 user=ann", &[]);
        assert_eq!(found[..2], ["host=10.0.0.1 Url", "port=5432 Default"]);
    }

    #[test]
    fn a_part_of_a_service_is_told_with_its_name() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "[shop]\ndbname=goods\nuser=ann\n").unwrap();
        let path = file.path().to_str().unwrap();
        let variables = [("PGSERVICE", "shop"), ("PGSERVICEFILE", path)];
        let found = parts("postgres://h", &variables);
        assert_eq!(found[2], "dbname=goods Service(\"shop\")");
    }
}
