//! A list that was dropped, although the public migrations that make it are applied:
//! applying them again would change nothing.

use tokio_postgres::types::Type;

use super::handle::Tenants;
use super::state::read_public;
use crate::Error;
use crate::registry::List;

impl Tenants {
    /// The same error, or what is behind it where a list was there once.
    pub(super) async fn told_apart(&self, error: Error) -> Error {
        let list = match error {
            Error::NotSetUp { .. } => List::Tenants,
            Error::NoSpareList { .. } => List::Spares,
            error => return error,
        };
        match self.require_kept(list).await {
            Err(lost @ Error::RegistryLost { .. }) => lost,
            _ => error,
        }
    }

    /// Sees that a list is there once the migration that makes it is applied.
    ///
    /// # Errors
    ///
    /// [`Error::RegistryLost`], or a server error.
    pub(super) async fn require_kept(&self, list: List) -> Result<(), Error> {
        let Some(creation) = self.registry.creation(list) else {
            return Ok(());
        };
        let reading = self.reading().await?;
        let table = self.registry.name_of(list);
        let failed = |error| Error::database("look for the list of tenants", error);
        let exists = "SELECT pg_catalog.to_regclass($1) IS NOT NULL";
        let rows = reading.query(exists, &[(&table, Type::TEXT)]).await;
        let rows = rows.map_err(failed)?;
        let exists = rows.first().map_or(Ok(false), |row| row.try_get(0));
        if exists.map_err(failed)? {
            return Ok(());
        }
        let applied = read_public(&reading).await?;
        if !applied.iter().any(|version| version == creation.version) {
            return Ok(());
        }
        Err(Error::RegistryLost {
            table: table.to_owned(),
            create: creation.statement,
        })
    }
}
