//! `cards`.

use chrono::NaiveDate;
use diesel::dsl::{count, max, now};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::activity::Activity;
use crate::schema::{board_columns, cards};

/// A card.
#[derive(Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = cards, check_for_backend(diesel::pg::Pg))]
pub(crate) struct Card {
    pub(crate) id: i64,
    pub(crate) column_id: i64,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) assignee_id: Option<i64>,
    pub(crate) position: i32,
    pub(crate) due_on: Option<NaiveDate>,
}

/// A card to insert.
#[derive(Debug, Deserialize, Insertable)]
#[diesel(table_name = cards)]
pub(crate) struct NewCard {
    pub(crate) column_id: i64,
    pub(crate) title: String,
    pub(crate) body: Option<String>,
    pub(crate) due_on: Option<NaiveDate>,
}

/// Changes to a card. A missing field stays as it is.
#[derive(Debug, Deserialize, AsChangeset)]
#[diesel(table_name = cards)]
pub(crate) struct CardChanges {
    title: Option<String>,
    body: Option<String>,
    assignee_id: Option<i64>,
    due_on: Option<NaiveDate>,
}

impl Card {
    /// Finds a card that is not archived.
    pub(crate) async fn find(connection: &mut AsyncPgConnection, id: i64) -> QueryResult<Self> {
        cards::table
            .find(id)
            .filter(cards::archived_at.is_null())
            .select(Self::as_select())
            .first(connection)
            .await
    }

    /// Lists at most `limit` cards of a board with an id greater than `after`.
    pub(crate) async fn page(
        connection: &mut AsyncPgConnection,
        board: i64,
        after: i64,
        limit: i64,
    ) -> QueryResult<Vec<Self>> {
        cards::table
            .inner_join(board_columns::table)
            .filter(board_columns::board_id.eq(board))
            .filter(cards::archived_at.is_null().and(cards::id.gt(after)))
            .order(cards::id)
            .limit(limit)
            .select(Self::as_select())
            .load(connection)
            .await
    }

    /// Counts the cards in each column of a board.
    pub(crate) async fn count_by_column(
        connection: &mut AsyncPgConnection,
        board: i64,
    ) -> QueryResult<Vec<(String, i64)>> {
        let open = cards::archived_at.is_null();
        board_columns::table
            .left_join(cards::table.on(cards::column_id.eq(board_columns::id).and(open)))
            .filter(board_columns::board_id.eq(board))
            .group_by(board_columns::id)
            .order(board_columns::position)
            .select((board_columns::name, count(cards::id.nullable())))
            .load(connection)
            .await
    }

    /// Lists the cards that were due before `day`.
    pub(crate) async fn overdue(
        connection: &mut AsyncPgConnection,
        day: NaiveDate,
    ) -> QueryResult<Vec<Self>> {
        cards::table
            .filter(cards::archived_at.is_null().and(cards::due_on.lt(day)))
            .order((cards::due_on, cards::id))
            .select(Self::as_select())
            .load(connection)
            .await
    }

    /// Moves a card to the end of another column, and records that.
    pub(crate) async fn move_to(
        connection: &mut AsyncPgConnection,
        id: i64,
        column: i64,
    ) -> QueryResult<Self> {
        connection
            .transaction(async |connection| {
                let card = Self::find(connection, id).await?;
                let position = next_position(connection, column).await?;
                let moved = diesel::update(cards::table.find(id))
                    .set((cards::column_id.eq(column), cards::position.eq(position)))
                    .returning(Self::as_returning())
                    .get_result(connection)
                    .await?;
                let details = json!({ "from": card.column_id, "to": column });
                Activity::record(connection, id, "moved", details).await?;
                Ok(moved)
            })
            .await
    }

    /// Archives a card, and records that.
    pub(crate) async fn archive(connection: &mut AsyncPgConnection, id: i64) -> QueryResult<()> {
        connection
            .transaction(async |connection| {
                let card = Self::find(connection, id).await?;
                diesel::update(cards::table.find(card.id))
                    .set(cards::archived_at.eq(now))
                    .execute(connection)
                    .await?;
                let details = json!({ "title": card.title });
                Activity::record(connection, card.id, "archived", details).await
            })
            .await
    }
}

impl NewCard {
    /// Inserts the card at the end of its column, and records that.
    pub(crate) async fn create(&self, connection: &mut AsyncPgConnection) -> QueryResult<Card> {
        connection
            .transaction(async |connection| {
                let position = next_position(connection, self.column_id).await?;
                let card = diesel::insert_into(cards::table)
                    .values((self, cards::position.eq(position)))
                    .returning(Card::as_returning())
                    .get_result::<Card>(connection)
                    .await?;
                let details = json!({ "title": self.title });
                Activity::record(connection, card.id, "created", details).await?;
                Ok(card)
            })
            .await
    }
}

impl CardChanges {
    /// Updates a card that is not archived.
    pub(crate) async fn apply(
        &self,
        connection: &mut AsyncPgConnection,
        id: i64,
    ) -> QueryResult<Card> {
        let card = cards::table.find(id).filter(cards::archived_at.is_null());
        diesel::update(card)
            .set((self, cards::updated_at.eq(now)))
            .returning(Card::as_returning())
            .get_result(connection)
            .await
    }
}

async fn next_position(connection: &mut AsyncPgConnection, column: i64) -> QueryResult<i32> {
    let last: Option<i32> = cards::table
        .filter(cards::column_id.eq(column))
        .select(max(cards::position))
        .first(connection)
        .await?;
    Ok(last.unwrap_or(0) + 1)
}
