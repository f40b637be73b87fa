//! Which process created a database, and how other processes know whether it is alive.
//!
//! Each process draws a number, and each database that it creates has that number in its name.
//! While the process lives, it holds an advisory lock on that number, and the server releases the
//! lock with the connection, however the process ends. So the server knows which processes are
//! alive, even if they run in containers or on separate hosts.

use std::sync::LazyLock;

use tokio_postgres::Client;

use crate::failure::Failure;
use crate::server::execute;

/// What the names of all databases for tests begin with.
pub(crate) const PREFIX: &str = "diesel_tenants_test_";

/// The number of this process.
static NUMBER: LazyLock<u64> = LazyLock::new(rand::random);

/// The name of the database `number` of this process.
pub(crate) fn database_name(number: u32) -> String {
    format!("{PREFIX}{:016x}_{number}", *NUMBER)
}

/// Takes the lock that is held for as long as `client` is connected.
pub(crate) async fn show_that_we_live(client: &Client) -> Result<(), Failure> {
    // A server may close connections on which nothing happens, from version 14 on.
    let sql = format!(
        "SELECT pg_catalog.pg_advisory_lock({}); \
         SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings \
         WHERE name = 'idle_session_timeout'",
        NUMBER.cast_signed()
    );
    execute(client, "mark this process as alive on the server", &sql).await
}
