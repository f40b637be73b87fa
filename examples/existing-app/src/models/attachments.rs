//! `attachments` of cards. The files are stored elsewhere.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};

use crate::schema::attachments;

/// An attachment.
#[derive(Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = attachments, check_for_backend(diesel::pg::Pg))]
pub(crate) struct Attachment {
    id: i64,
    file_name: String,
    size_bytes: i64,
}

/// An attachment to insert.
#[derive(Debug, Deserialize, Insertable)]
#[diesel(table_name = attachments)]
pub(crate) struct NewAttachment {
    file_name: String,
    size_bytes: i64,
}

impl Attachment {
    /// Lists the attachments of a card by name.
    pub(crate) async fn of_card(
        connection: &mut AsyncPgConnection,
        card: i64,
    ) -> QueryResult<Vec<Self>> {
        attachments::table
            .filter(attachments::card_id.eq(card))
            .order(attachments::file_name)
            .select(Self::as_select())
            .load(connection)
            .await
    }

    /// Returns the total size of all attachments in bytes.
    pub(crate) async fn total_size(connection: &mut AsyncPgConnection) -> QueryResult<i64> {
        let total = sql::<BigInt>("coalesce(sum(size_bytes), 0)::bigint");
        attachments::table.select(total).first(connection).await
    }

    /// Removes an attachment.
    pub(crate) async fn remove(connection: &mut AsyncPgConnection, id: i64) -> QueryResult<usize> {
        diesel::delete(attachments::table.find(id))
            .execute(connection)
            .await
    }
}

impl NewAttachment {
    /// Inserts the attachment, or replaces the one with the same name.
    pub(crate) async fn add(
        &self,
        connection: &mut AsyncPgConnection,
        card: i64,
    ) -> QueryResult<Attachment> {
        diesel::insert_into(attachments::table)
            .values((self, attachments::card_id.eq(card)))
            .on_conflict((attachments::card_id, attachments::file_name))
            .do_update()
            .set(attachments::size_bytes.eq(excluded(attachments::size_bytes)))
            .returning(Attachment::as_returning())
            .get_result(connection)
            .await
    }
}
