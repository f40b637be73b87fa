//! `digests`: the nightly numbers of the worker.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;

use crate::schema::digests;

/// The numbers of one day.
#[derive(Debug, Insertable, AsChangeset, Queryable, Selectable, Serialize)]
#[diesel(table_name = digests, check_for_backend(diesel::pg::Pg))]
pub(crate) struct Digest {
    pub(crate) day: NaiveDate,
    pub(crate) open_cards: i64,
    pub(crate) overdue_cards: i64,
    pub(crate) comments: i64,
}

impl Digest {
    /// Lists the last `limit` digests, the newest first.
    pub(crate) async fn latest(
        connection: &mut AsyncPgConnection,
        limit: i64,
    ) -> QueryResult<Vec<Self>> {
        digests::table
            .order(digests::day.desc())
            .limit(limit)
            .select(Self::as_select())
            .load(connection)
            .await
    }
}
