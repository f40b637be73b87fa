//! Gives a database that was just created what is set for the one beside it.

use sql_text::ident;
use tokio_postgres::{Client, Error};

use super::Database;
use crate::PgError;

/// The settings of the database, for all roles or for the role that is logged in. This library
/// sets `search_path`, and the server controls where files are read from.
const SETTINGS: &str = "SELECT DISTINCT pg_catalog.split_part(s.entry, '=', 1), d.setrole <> 0, \
         pg_catalog.current_setting(pg_catalog.split_part(s.entry, '=', 1)) \
     FROM pg_catalog.pg_db_role_setting d \
     CROSS JOIN LATERAL pg_catalog.unnest(d.setconfig) AS s (entry) \
     WHERE d.setdatabase = (SELECT oid FROM pg_catalog.pg_database \
                            WHERE datname = pg_catalog.current_database()) \
     AND (d.setrole = 0 OR d.setrole = (SELECT oid FROM pg_catalog.pg_roles \
                                        WHERE rolname = session_user)) \
     AND s.entry !~* '^(search_path|role|session_preload_libraries|local_preload_libraries)=' \
     ORDER BY 1, 2";

impl Database {
    /// Returns this database with the settings (`ALTER DATABASE ... SET`) of the database of
    /// `client` on the same server, so that migrations do the same in both. The database must
    /// belong to this role. Settings that only a superuser can set are left out.
    ///
    /// # Errors
    ///
    /// A server error.
    pub async fn with_settings_of(mut self, client: &Client) -> Result<Self, PgError> {
        let to = self.config.get_dbname().unwrap_or_default().to_owned();
        for row in client.query_typed(SETTINGS, &[]).await? {
            let name = row.try_get::<_, String>(0)?;
            let statement = statement(&name, row.try_get(1)?, &to);
            match client.batch_execute(&statement).await {
                Ok(()) => {}
                // A setting of an application's own can be set for a session.
                Err(error) if is_denied(&error) && name.contains('.') => {
                    self.carried.push((name, row.try_get(2)?));
                }
                Err(error) if is_denied(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self)
    }
}

/// The value comes from the session, because a list cannot be distinguished from a text.
fn statement(name: &str, is_of_role: bool, to: &str) -> String {
    let name = name.split('.').map(ident).collect::<Vec<_>>().join(".");
    let whose = if is_of_role {
        format!("ROLE SESSION_USER IN DATABASE {}", ident(to))
    } else {
        format!("DATABASE {}", ident(to))
    };
    format!("ALTER {whose} SET {name} FROM CURRENT")
}

fn is_denied(error: &Error) -> bool {
    error.code().is_some_and(|code| code.code() == "42501")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_a_dot_and_odd_databases_are_quoted() {
        assert_eq!(
            statement("my.Zone", false, "a\"b"),
            "ALTER DATABASE \"a\"\"b\" SET \"my\".\"Zone\" FROM CURRENT"
        );
        assert_eq!(
            statement("DateStyle", true, "x"),
            "ALTER ROLE SESSION_USER IN DATABASE \"x\" SET \"DateStyle\" FROM CURRENT"
        );
    }
}
