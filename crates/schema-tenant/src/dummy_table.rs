//! The rows of `dummy_table`, the example table.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use tenant_core::TenantConnection;
use uuid::Uuid;

use crate::schema::dummy_table;

/// A row of the example table.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Identifiable)]
#[diesel(table_name = dummy_table, check_for_backend(diesel::pg::Pg))]
pub struct Dummy {
    /// Made by the database.
    pub id: Uuid,
    /// What the row is called.
    pub name: String,
    /// What it holds, if anything.
    pub value: Option<String>,
    /// When it was inserted, in the server's time zone.
    pub created_at: Option<NaiveDateTime>,
    /// Added by the second migration; rows from before have none.
    pub description: Option<String>,
}

/// A row to insert.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = dummy_table)]
pub struct NewDummy<'a> {
    /// What the row is called.
    pub name: &'a str,
    /// What it holds, if anything.
    pub value: Option<&'a str>,
    /// A remark about it, if any.
    pub description: Option<&'a str>,
}

impl Dummy {
    /// All rows of the tenant whose connection this is, by name.
    ///
    /// # Errors
    ///
    /// Whatever the query meets.
    pub async fn all(connection: &mut TenantConnection) -> QueryResult<Vec<Self>> {
        dummy_table::table
            .order(dummy_table::name)
            .select(Self::as_select())
            .load(connection)
            .await
    }
}

impl NewDummy<'_> {
    /// Inserts the row for the tenant whose connection this is.
    ///
    /// # Errors
    ///
    /// Whatever the query meets.
    pub async fn insert(&self, connection: &mut TenantConnection) -> QueryResult<Dummy> {
        diesel::insert_into(dummy_table::table)
            .values(self)
            .returning(Dummy::as_returning())
            .get_result(connection)
            .await
    }
}
