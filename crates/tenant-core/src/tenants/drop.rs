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

/// What a tenant's schema holds.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Contents {
    /// What the schema is called.
    pub schema_name: SchemaName,
    /// Whether there is a schema at all.
    pub schema: bool,
    /// Its tables by name, without Diesel's own.
    pub tables: Vec<Table>,
    /// What depends on it from outside, and is dropped with it if you say so: see
    /// [`DropTenant::with_dependents`].
    pub dependents: Vec<Dependent>,
    /// What stays outside it, and loses tables or names what is gone.
    pub affected: Vec<Affected>,
    /// Why the tenant is another program's, in words, if something shows that: see
    /// [`DropTenant::allow_other_program`].
    pub others: Option<String>,
}

/// A table of a tenant.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Table {
    /// Its name.
    pub name: String,
    /// How many rows it has by the server's own estimate; `None` when nobody
    /// has counted since it was filled.
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
    /// What the schema of the tenant `name` holds, so that one knows what
    /// [`Tenants::drop_tenant`] would take.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], [`Error::NotSetUp`], [`Error::Unknown`],
    /// [`Error::Untracked`] when there is only a schema, [`Error::UnfitRow`] when the schema is
    /// another tenant's too, [`Error::Busy`] when another run works on it, or what the server says.
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

    /// Drops the tenant `name`: its schema with everything in it, and its
    /// registration, in one transaction; in several where the schema has more
    /// objects than the server can lock at a time. It waits as long as
    /// [`Settings::lock_timeout`](crate::Settings::lock_timeout) says, and tries
    /// three times.
    ///
    /// What is outside the schema stays, unless [`DropTenant::with_dependents`] says
    /// otherwise: PostgreSQL would drop what depends on the schema with it, whoever
    /// owns it. An extension that lies in the schema counts as outside: the database has it
    /// once.
    ///
    /// A tenant of another program is left as it is, unless
    /// [`DropTenant::allow_other_program`] says otherwise.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`], or [`Error::Untracked`] when there is only a
    /// schema: what is not registered is never dropped. [`Error::UnfitRow`] when the schema is, or
    /// may be, another tenant's too. [`Error::HasDependents`] when
    /// objects outside the schema depend on it. [`Error::OthersTenant`], [`Error::Hook`], [`Error::Connect`],
    /// [`Error::NotSetUp`], [`Error::Busy`] when another run works on it, or what
    /// the server says, such as that somebody uses a table (SQLSTATE 55P03).
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

/// A tenant to be dropped. Made by [`Tenants::drop_tenant`].
#[must_use = "nothing is dropped until it is awaited"]
pub struct DropTenant<'a> {
    tenants: &'a Tenants,
    name: &'a TenantName,
    dependents: Dependents,
    others: OtherPrograms,
}

impl DropTenant<'_> {
    /// Drops what depends on the schema from outside as well, such as a view over all
    /// tenants, a foreign key, or a column whose type is the tenant's, with its data.
    /// [`Contents::dependents`] lists it.
    pub fn with_dependents(mut self) -> Self {
        self.dependents = Dependents::Drop;
        self
    }

    /// Drops the tenant also if another program has migrated it, or if no migration of this
    /// program creates what is in its schema.
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
