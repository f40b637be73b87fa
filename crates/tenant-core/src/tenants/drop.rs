//! Drops a tenant, and says before what will go.

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::handle::Tenants;
use super::others_tenant::OtherPrograms;
use super::places;
use crate::catalog::{Affected, Catalog, Dependent, ESTIMATE};
use crate::engine::{self, Dependents};
use crate::events::Call;
use crate::fleet::Selection;
use crate::name::{Schema, Target};
use crate::report::Removed;
use crate::{Answer, Error, SchemaName, TenantName};

/// The contents of a tenant's schema.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Contents {
    /// The name of the schema.
    pub schema_name: SchemaName,
    /// Whether the schema exists.
    pub schema: bool,
    /// Its tables, by name, without Diesel's migration history.
    pub tables: Vec<Table>,
    /// Objects outside the schema that depend on it. They are dropped only with
    /// [`DropTenant::with_dependents`].
    pub dependents: Vec<Dependent>,
    /// Objects outside the schema that stay, but lose tables or name dropped objects.
    pub affected: Vec<Affected>,
    /// Why the tenant belongs to another program, in words, if something shows this: see
    /// [`DropTenant::allow_other_program`].
    pub others: Option<String>,
}

/// A table of a tenant.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Table {
    /// Its name.
    pub name: String,
    /// The number of rows, estimated by the server; `None` if the table was never analyzed.
    pub rows: Option<u64>,
    /// Its size on disk with indexes, in bytes; `None` when the server does not know.
    pub bytes: Option<u64>,
}

fn tables(catalog: Catalog) -> String {
    format!(
        "SELECT c.relname::text, \
             {ESTIMATE}, pg_catalog.pg_total_relation_size(c.oid) \
         FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND c.relname <> $2 AND {} \
         ORDER BY 1",
        catalog.no_shard("c")
    )
}

/// The query for tables on the servers of a cluster, whose own estimates are asked for.
///
/// Source: Citus, its functions `run_command_on_shards` and `citus_total_relation_size`.
const TABLES_ON_CLUSTER: &str = "SELECT c.relname::text, \
        (SELECT sum(CASE WHEN s.success THEN s.result::bigint END)::bigint \
         FROM pg_catalog.run_command_on_shards(c.oid, \
            'SELECT greatest(reltuples::bigint, pg_catalog.pg_stat_get_live_tuples(oid)) \
             FROM pg_catalog.pg_class WHERE oid = ''%s''::pg_catalog.regclass') s), \
        pg_catalog.citus_total_relation_size(c.oid, false) \
     FROM pg_catalog.pg_dist_partition p \
     JOIN pg_catalog.pg_class c ON c.oid = p.logicalrelid \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = $1 AND c.relname <> $2 \
     ORDER BY 1";

impl Tenants {
    /// Returns the contents of a tenant's schema, to show what [`Tenants::drop_tenant`] would drop.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], [`Error::NotSetUp`], [`Error::Unknown`], [`Error::Untracked`] if there
    /// is only a schema, [`Error::UnfitRow`] if another tenant has the same schema, [`Error::Busy`]
    /// if another run works on it, or a server error.
    pub fn contents<'a>(&'a self, name: &'a TenantName) -> Answer<'a, Result<Contents, Error>> {
        Box::pin(async move {
            let target = self.target_for(Call::Contents, name).await?;
            let contents = self.look_into(&target);
            Call::Contents
                .tell_about(Schema::Tenant(&target), contents)
                .await
        })
    }

    async fn look_into(&self, target: &Target) -> Result<Contents, Error> {
        let Target { name, schema } = target;
        self.require_sole(target).await?;
        let session = self.session().await?;
        let work = self.work(&session, Schema::Tenant(target));
        let (existing, dependents) = engine::look_for_dependents(work).await?;
        match (existing.registered, existing.schema) {
            (false, true) => return Err(Error::Untracked(schema.clone())),
            (false, false) => return Err(Error::Unknown(name.clone())),
            (true, _) => {}
        }
        let affected = engine::affected(work).await?;
        drop(session);
        let others = self.why_others(name).await?;
        let failed = |error| Error::database(format!("read the state of tenant `{name}`"), error);
        let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 2] = [
            (&schema.as_str(), Type::TEXT),
            (&crate::name::MIGRATION_HISTORY, Type::TEXT),
        ];
        let reading = self.reading().await?;
        let is_away = self.database.is_cluster()
            && places::spread(&reading, &self.registry, &Selection::from(name))
                .await?
                .iter()
                .any(|tenant| tenant.is_distributed);
        let question = if is_away {
            TABLES_ON_CLUSTER.to_owned()
        } else {
            tables(reading.catalog())
        };
        let rows = reading.query(&question, &parameters).await;
        let rows = rows.map_err(failed)?;
        let tables = rows
            .iter()
            .map(table)
            .collect::<Result<_, _>>()
            .map_err(failed)?;
        Ok(Contents {
            schema_name: schema.clone(),
            schema: existing.schema,
            tables,
            dependents,
            affected,
            others,
        })
    }

    /// Drops the tenant `name`: its schema with everything in it, and its registration, in one
    /// transaction. If the schema has more objects than the server can lock at a time, the drop
    /// takes several transactions. The call tries three times, and waits each time as long as
    /// [`Settings::lock_timeout`](crate::Settings::lock_timeout) allows.
    ///
    /// Objects outside the schema stay, unless [`DropTenant::with_dependents`] is set. Without this
    /// check, PostgreSQL would drop every object that depends on the schema, including objects of
    /// other owners. An extension in the schema counts as outside, because a database has each
    /// extension once.
    ///
    /// A tenant of another program is not dropped, unless [`DropTenant::allow_other_program`] is
    /// set.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`], or [`Error::Untracked`] if there is only a schema, because unregistered
    /// schemas are never dropped. [`Error::UnfitRow`] if another tenant has, or may have, the same
    /// schema. [`Error::HasDependents`] if objects outside the schema depend on it.
    /// [`Error::OthersTenant`], [`Error::Hook`], [`Error::Connect`], [`Error::NotSetUp`],
    /// [`Error::Busy`] if another run works on it, or a server error. For example, another session
    /// uses a table (SQLSTATE 55P03).
    pub fn drop_tenant<'a>(&'a self, name: &'a TenantName) -> DropTenant<'a> {
        DropTenant {
            tenants: self,
            name,
            dependents: Dependents::Refuse,
            others: OtherPrograms::Refuse,
        }
    }

    async fn remove(&self, target: &Target, how: &DropTenant<'_>) -> Result<Removed, Error> {
        self.require_sole(target).await?;
        self.refuse_others(&target.name, how.others).await?;
        let session = self.session().await?;
        let work = self.work(&session, Schema::Tenant(target));
        let removed = engine::remove(work, how.dependents).await;
        self.directory.forget(&target.name);
        removed
    }
}

/// A tenant to drop. Returned by [`Tenants::drop_tenant`].
#[must_use = "nothing is dropped until it is awaited"]
pub struct DropTenant<'a> {
    tenants: &'a Tenants,
    name: &'a TenantName,
    dependents: Dependents,
    others: OtherPrograms,
}

impl DropTenant<'_> {
    /// Also drops objects outside the schema that depend on it, such as a view over all tenants, a
    /// foreign key, or a column with the tenant's type and its data. [`Contents::dependents`] lists
    /// them.
    pub fn with_dependents(mut self) -> Self {
        self.dependents = Dependents::Drop;
        self
    }

    /// Drops the tenant even if another program migrated it, or if no migration of this program
    /// creates its objects.
    pub fn allow_other_program(mut self) -> Self {
        self.others = OtherPrograms::Allow;
        self
    }
}

impl<'a> IntoFuture for DropTenant<'a> {
    type Output = Result<Removed, Error>;
    type IntoFuture = Answer<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let target = self.tenants.target_for(Call::DropTenant, self.name).await?;
            let removed = self.tenants.remove(&target, &self);
            Call::DropTenant
                .tell_of(Schema::Tenant(&target), removed)
                .await
        })
    }
}

fn table(row: &Row) -> Result<Table, tokio_postgres::Error> {
    Ok(Table {
        name: row.try_get(0)?,
        // Negative means that nobody has counted.
        rows: row
            .try_get::<_, Option<i64>>(1)?
            .and_then(|rows| u64::try_from(rows).ok()),
        bytes: row
            .try_get::<_, Option<i64>>(2)?
            .and_then(|bytes| u64::try_from(bytes).ok()),
    })
}
