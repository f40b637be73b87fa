//! A URL of the database with one more setting, for other programs.

use super::url::{Parameters, write};
use super::{Database, pinned};

/// Whether a URL that is given away has the password in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Password {
    LeftOut,
    Kept,
}

impl Database {
    /// The URL as libpq reads it, with the setting `name` among its `options`, behind those
    /// that it has: PostgreSQL takes the last one.
    pub(crate) fn url_with(&self, (name, value): (&str, String), password: Password) -> String {
        let mut parameters = match password {
            Password::LeftOut => self.parameters.without_password(),
            Password::Kept => self.parameters_with_password(),
        };
        let settings = [(name.to_owned(), value)];
        let options = pinned::carrying(parameters.get("options"), &settings);
        parameters.set("options", options.trim_start());
        write(&parameters)
    }

    /// A password from a file counts, too, if there is only one.
    fn parameters_with_password(&self) -> Parameters {
        let mut parameters = Parameters::clone(&self.parameters);
        let found = self.servers.first().and_then(|server| server.password());
        let is_same = |found: &[u8]| self.servers.iter().all(|it| it.password() == Some(found));
        if let Some(found) = found.filter(|found| is_same(found)) {
            parameters.set_password(found.to_vec());
            parameters.remove("passfile");
        }
        parameters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(database: &str, password: Password) -> String {
        let path = ("search_path", "\"org_a-b\", \"my \\ path\"".to_owned());
        Database::parse(database).unwrap().url_with(path, password)
    }

    const PATH: &str = "-c%20search_path%3D%22org_a-b%22%2C%5C%20%22my%5C%20%5C%5C%5C%20path%22";

    #[test]
    fn everything_but_the_password_is_kept_and_the_path_comes_last() {
        let given =
            "postgres://ann:s%3A3@[::1]:6432/my%20shop?sslmode=require&options=-c%20a.b%3D1";
        let rest = format!("[::1]:6432/my%20shop?options=-c%20a.b%3D1%20{PATH}&sslmode=require");
        assert_eq!(
            url(given, Password::LeftOut),
            format!("postgresql://ann@{rest}")
        );
        assert_eq!(
            url(given, Password::Kept),
            format!("postgresql://ann:s%3A3@{rest}")
        );
    }

    #[test]
    fn sockets_and_several_hosts_stay_what_they_are() {
        let rest = format!("?options={PATH}");
        for (given, expected) in [
            ("postgres://%2Ftmp%2Fa/d", "postgresql://%2Ftmp%2Fa/d"),
            ("host=/tmp/a dbname=d", "postgresql://%2Ftmp%2Fa/d"),
            ("postgres://a:1,b:2/d", "postgresql://a:1,b:2/d"),
            ("dbname=d", "postgresql:///d"),
        ] {
            assert_eq!(url(given, Password::Kept), format!("{expected}{rest}"));
        }
    }
}
