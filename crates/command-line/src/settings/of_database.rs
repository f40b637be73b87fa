//! Which database is in force: the URL, and what it leads to once the variables and files of libpq
//! have been read.

use tenant_core::PartOrigin;

use super::in_force::{HIDDEN, Setting, setting, without_password};
use super::{DatabaseUrl, Origin};
use crate::database::FROM_VARIABLES;
use crate::{Context, Environment};

/// The parts of a connection, by their names here.
const PARTS: [(&str, &str); 4] = [
    ("database.host", "host"),
    ("database.port", "port"),
    ("database.name", "dbname"),
    ("database.user", "user"),
];

/// What is shown of the parts of a URL that cannot be read.
const INVALID: &str = "(the URL is invalid)";

/// What is shown if the settings name a variable that is not set.
const NOT_SET: &str = "(the variable is not set)";

impl Context {
    /// The URL, and the parts of the connection to it. Without a URL it is the project's own
    /// server, of which nothing is known while it does not run.
    pub(super) fn of_database(&self) -> anyhow::Result<Vec<Setting>> {
        let Some((url, origin)) = self.database_in_force()? else {
            let names = std::iter::once("database_url").chain(PARTS.map(|(name, _)| name));
            return Ok(names.map(|name| setting::<()>(name, None)).collect());
        };
        let libpq = &self.environment().libpq;
        // What the variables alone say has no URL yet.
        let shown = match url.as_str() {
            "" => Some(NOT_SET.to_owned()),
            FROM_VARIABLES => libpq.complete(&url).ok().map(|url| without_password(&url)),
            _ => Some(without_password(&url)),
        };
        let shown = shown.unwrap_or_else(|| HIDDEN.to_owned());
        let mut all = vec![setting("database_url", Some((shown, origin.clone())))];
        let parts = libpq.parts(&url);
        all.extend(PARTS.map(|(name, of_libpq)| {
            let mut parts = parts.iter().flatten();
            match parts.find(|part| part.name == of_libpq) {
                Some(part) => {
                    let from = of_part(&part.from, &origin);
                    setting(name, Some((part.value.clone(), from)))
                }
                None if url.is_empty() => setting(name, Some((NOT_SET, origin.clone()))),
                None => setting(name, Some((INVALID, origin.clone()))),
            }
        }));
        Ok(all)
    }

    /// In the order of [`find_url`](crate::database::find_url), with the origin.
    fn database_in_force(&self) -> anyhow::Result<Option<(String, Origin)>> {
        let option = self.common().database_url.clone();
        let variable = self.environment().database_url.clone();
        let given = self
            .option(option, "--database-url")
            .or_else(|| self.variable(variable, "DATABASE_URL"));
        if given.is_some() {
            return Ok(given);
        }
        let mut naming = self.environment().libpq.naming_a_database();
        match naming.next() {
            Some(name) => Ok(Some((FROM_VARIABLES.to_owned(), Environment::origin(name)))),
            None => self.database_of_file(),
        }
    }

    fn database_of_file(&self) -> anyhow::Result<Option<(String, Origin)>> {
        let Some(placed) = &self.settings().written().database_url else {
            return Ok(None);
        };
        let origin = self.in_file(placed.line);
        Ok(match &placed.value {
            DatabaseUrl::Text(text) => Some((text.clone(), origin)),
            DatabaseUrl::Variable(name) => {
                let found = Environment::variable(name)?;
                let place = format!("{origin}, variable {name}");
                // No command takes another database then.
                Some((found.unwrap_or_default(), Origin::Settings(place)))
            }
        })
    }
}

fn of_part(from: &PartOrigin, of_url: &Origin) -> Origin {
    match from {
        PartOrigin::Url => of_url.clone(),
        PartOrigin::Service(name) => Origin::Service(name.clone()),
        PartOrigin::Variable(name) => Environment::origin(name),
        _ => Origin::Default,
    }
}
