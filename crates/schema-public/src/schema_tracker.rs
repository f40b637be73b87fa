//! The rows of `schema_tracker`: one for each tenant.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use tenant_core::PublicConnection;
use uuid::Uuid;

use crate::schema::schema_tracker;

/// A registered tenant.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Identifiable)]
#[diesel(table_name = schema_tracker, check_for_backend(diesel::pg::Pg))]
pub struct SchemaTracker {
    /// Identifies the tenant permanently, even if its schema is renamed.
    pub id: Uuid,
    /// The tenant's name, which is also the name of its schema.
    pub name: String,
    /// When the tenant was registered.
    pub created_at: DateTime<Utc>,
    /// The newest migration when a run last changed this tenant; `None` for a
    /// tenant that was registered by hand. For display only: the tenant's own
    /// `__diesel_schema_migrations` is the truth.
    pub version: Option<String>,
    /// When a run last changed this tenant.
    pub migrated_at: Option<DateTime<Utc>>,
}

/// A tenant to register whose schema exists already.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = schema_tracker)]
pub struct NewSchemaTracker<'a> {
    /// The name of the tenant and of its schema.
    pub name: &'a str,
}

impl SchemaTracker {
    /// All tenants, by name.
    ///
    /// # Errors
    ///
    /// Whatever the query meets, a missing table among it.
    pub async fn all(connection: &mut PublicConnection) -> QueryResult<Vec<Self>> {
        schema_tracker::table
            .order(schema_tracker::name)
            .select(Self::as_select())
            .load(connection)
            .await
    }

    /// The tenant called `name`, or `None` if there is no such tenant.
    ///
    /// # Errors
    ///
    /// Any error of the query, such as a missing table.
    pub async fn find(connection: &mut PublicConnection, name: &str) -> QueryResult<Option<Self>> {
        schema_tracker::table
            .filter(schema_tracker::name.eq(name))
            .select(Self::as_select())
            .first(connection)
            .await
            .optional()
    }
}

impl NewSchemaTracker<'_> {
    /// Registers the tenant and gives back its row. No schema is made: this is
    /// the repair for a schema that exists without being registered.
    ///
    /// # Errors
    ///
    /// A unique violation when a tenant of that name is registered.
    pub async fn insert(&self, connection: &mut PublicConnection) -> QueryResult<SchemaTracker> {
        diesel::insert_into(schema_tracker::table)
            .values(self)
            .returning(SchemaTracker::as_returning())
            .get_result(connection)
            .await
    }
}
