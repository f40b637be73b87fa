//! `comments` on cards.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};

use crate::schema::{comments, members};

/// A comment with the name of its author.
#[derive(Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = comments, check_for_backend(diesel::pg::Pg))]
pub(crate) struct Comment {
    id: i64,
    #[diesel(select_expression = members::name)]
    author: String,
    body: String,
    created_at: DateTime<Utc>,
}

/// A comment to insert.
#[derive(Debug, Deserialize)]
pub(crate) struct NewComment {
    pub(crate) author_id: i64,
    pub(crate) body: String,
}

impl Comment {
    /// Lists the comments on a card, the oldest first.
    pub(crate) async fn of_card(
        connection: &mut AsyncPgConnection,
        card: i64,
    ) -> QueryResult<Vec<Self>> {
        comments::table
            .inner_join(members::table)
            .filter(comments::card_id.eq(card))
            .order(comments::id)
            .select(Self::as_select())
            .load(connection)
            .await
    }

    /// Counts the comments on a card.
    pub(crate) async fn count(connection: &mut AsyncPgConnection, card: i64) -> QueryResult<i64> {
        comments::table
            .filter(comments::card_id.eq(card))
            .count()
            .get_result(connection)
            .await
    }

    /// Removes a comment.
    pub(crate) async fn remove(connection: &mut AsyncPgConnection, id: i64) -> QueryResult<usize> {
        diesel::delete(comments::table.find(id))
            .execute(connection)
            .await
    }
}

impl NewComment {
    /// Inserts the comment. Returns its id.
    pub(crate) async fn add(
        &self,
        connection: &mut AsyncPgConnection,
        card: i64,
    ) -> QueryResult<i64> {
        diesel::insert_into(comments::table)
            .values((
                comments::card_id.eq(card),
                comments::author_id.eq(self.author_id),
                comments::body.eq(&self.body),
            ))
            .returning(comments::id)
            .get_result(connection)
            .await
    }
}
