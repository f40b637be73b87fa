//! The rows of `spare_schemas`: one for each schema that is ready to become a
//! tenant's.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use tenant_core::PublicConnection;

use crate::schema::spare_schemas;

/// A schema without a tenant yet.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Identifiable)]
#[diesel(table_name = spare_schemas, primary_key(name), check_for_backend(diesel::pg::Pg))]
pub struct SpareSchema {
    /// The name of the schema.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// The newest migration when a run last changed it.
    pub version: Option<String>,
    /// When a run last changed it.
    pub migrated_at: Option<DateTime<Utc>>,
}

impl SpareSchema {
    /// All spare schemas, the oldest first.
    ///
    /// # Errors
    ///
    /// Whatever the query meets, a missing table among it.
    pub async fn all(connection: &mut PublicConnection) -> QueryResult<Vec<Self>> {
        spare_schemas::table
            .order((spare_schemas::created_at, spare_schemas::name))
            .select(Self::as_select())
            .load(connection)
            .await
    }
}
