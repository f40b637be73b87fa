//! The side of hand-written SQL. Its author knows these tables, needs no error messages, and is
//! alone in the database.

mod fleet;
mod health;
mod pending;
mod query;
mod shapes;
mod transaction;

use std::str::FromStr;

use tokio_postgres::{Client, Config, NoTls};

pub(crate) use fleet::{create, each, migrate};
pub(crate) use health::health;
pub(crate) use pending::pending;
pub(crate) use query::{one_table, statements, transactions};
pub(crate) use shapes::shapes;
pub(crate) use transaction::Creation;

/// Opens a connection.
pub(crate) async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, connection) = Config::from_str(url)?.connect(NoTls).await?;
    // It ends with its client, and its errors reach the client's calls.
    drop(tokio::spawn(connection));
    Ok(client)
}
