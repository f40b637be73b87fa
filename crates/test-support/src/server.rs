//! The server that the tests of a process share.

use std::sync::OnceLock;

use local_postgres::{ThrowawayBuilder, ThrowawayServer};

/// A server that is there for as long as the process is.
enum Server {
    Ours(ThrowawayServer),
    Given(String),
}

static SERVER: OnceLock<Server> = OnceLock::new();

/// The URL of `database` on the shared server, as its superuser.
///
/// # Panics
///
/// When no server can be started.
#[must_use]
pub fn server_url(database: &str) -> String {
    match SERVER.get_or_init(find) {
        Server::Ours(server) => server.url(database),
        Server::Given(url) => with_database(url, database),
    }
}

/// A server of its own, for a test that stops it or configures it.
#[must_use]
pub fn own_server() -> ThrowawayBuilder {
    ThrowawayServer::builder()
}

fn find() -> Server {
    match std::env::var("TEST_DATABASE_URL") {
        Ok(url) if !url.is_empty() => Server::Given(url),
        _ => {
            // Many tests hold connections at the same time.
            let server = own_server().setting("max_connections", "300").start();
            Server::Ours(server.expect("a PostgreSQL server for the tests starts"))
        }
    }
}

/// `url` with its database replaced.
pub(crate) fn with_database(url: &str, database: &str) -> String {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let after_scheme = address.find("://").map_or(0, |at| at + 3);
    let path = address.get(after_scheme..).and_then(|rest| rest.find('/'));
    let server = address.get(..path.map_or(address.len(), |at| after_scheme + at));
    let server = server.unwrap_or(address);
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{server}/{database}{mark}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_of_a_url_is_replaced_and_the_rest_is_kept() {
        let replaced = |url| with_database(url, "t");
        assert_eq!(
            replaced("postgres://u:p@h:1/d?sslmode=disable"),
            "postgres://u:p@h:1/t?sslmode=disable"
        );
        assert_eq!(
            replaced("postgres://u@%2Ftmp%2Fx"),
            "postgres://u@%2Ftmp%2Fx/t"
        );
    }
}
