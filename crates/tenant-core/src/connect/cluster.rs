//! Whether the database is spread over several servers by Citus.

use tokio_postgres::{Client, Error};

use super::Database;

impl Database {
    /// Asks whether the extension Citus is there. The answer is kept, also for the
    /// clones of this value.
    ///
    /// # Errors
    ///
    /// What the server says.
    pub(crate) async fn look_for_cluster(&self, client: &Client) -> Result<(), Error> {
        let exists = "SELECT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'citus')";
        let ask = || async {
            let row = client.query_typed_one(exists, &[]).await?;
            row.try_get::<_, bool>(0)
        };
        self.cluster.get_or_try_init(ask).await?;
        Ok(())
    }

    /// Whether the database is spread over several servers by the extension Citus, as far
    /// as that is known: [`Tenants::open`](crate::Tenants::open) looks.
    #[must_use]
    pub fn is_cluster(&self) -> bool {
        self.cluster.get().copied().unwrap_or_default()
    }
}
