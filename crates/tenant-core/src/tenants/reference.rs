//! The tables of the public schema that tenants refer to.

use std::collections::BTreeSet;

use super::handle::Tenants;
use super::state::registry_error;
use crate::name::Schema;
use crate::registry::Rows;
use crate::{Error, engine};

impl Tenants {
    /// Makes the tables of `public` that tenants refer to reference tables, of which
    /// each server of a cluster has a copy: those that the tenants' migrations name, and
    /// those that tenants' foreign keys lead to. Gives back which those were. Nothing on
    /// a plain server.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], [`Error::Busy`], or what the server says, for example that
    /// the role does not own a table. Then nothing has happened.
    pub(super) async fn make_reference_tables(&self) -> Result<Vec<String>, Error> {
        if !self.database.is_cluster() {
            return Ok(Vec::new());
        }
        let mut tables = self.migrations.tenant.referred();
        tables.extend(self.referred_by_tenants().await?);
        self.make_these_reference_tables(tables).await
    }

    /// The same for only the tables that the migrations name: existing tenants have been handled
    /// already.
    ///
    /// # Errors
    ///
    /// As [`Tenants::make_reference_tables`].
    pub(super) async fn prepare_references(&self) -> Result<(), Error> {
        if !self.database.is_cluster() {
            return Ok(());
        }
        let tables = self.migrations.tenant.referred();
        self.make_these_reference_tables(tables).await.map(drop)
    }

    async fn make_these_reference_tables(
        &self,
        tables: BTreeSet<String>,
    ) -> Result<Vec<String>, Error> {
        if tables.is_empty() {
            return Ok(Vec::new());
        }
        let tables = tables.into_iter().collect::<Vec<_>>();
        let session = self.session().await?;
        engine::make_reference_tables(self.work(&session, Schema::Public), &tables).await
    }

    async fn referred_by_tenants(&self) -> Result<Vec<String>, Error> {
        let Rows { from, schema, .. } = self.registry.rows("t");
        let sql = format!(
            "SELECT DISTINCT p.relname::text FROM {from} \
             JOIN pg_catalog.pg_namespace n ON n.nspname = {schema} \
             JOIN pg_catalog.pg_constraint k ON k.connamespace = n.oid AND k.contype = 'f' \
             JOIN pg_catalog.pg_class p ON p.oid = k.confrelid \
             JOIN pg_catalog.pg_namespace o ON o.oid = p.relnamespace AND o.nspname = 'public'"
        );
        let failed = |error| registry_error(&self.registry, error);
        let reading = self.reading().await?;
        let rows = match reading.query(&sql, &[]).await.map_err(failed) {
            Err(Error::NotSetUp { .. }) => return Ok(Vec::new()),
            rows => rows?,
        };
        let tables = rows.iter().map(|row| row.try_get(0));
        tables.collect::<Result<_, _>>().map_err(failed)
    }
}
