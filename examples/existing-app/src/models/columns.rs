//! `board_columns`: the columns of boards, from left to right.

use diesel::dsl::max;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde::Serialize;

use crate::schema::board_columns;

/// A column.
#[derive(Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = board_columns, check_for_backend(diesel::pg::Pg))]
pub(crate) struct Column {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) position: i32,
}

impl Column {
    /// Lists the columns of a board.
    pub(crate) async fn of_board(
        connection: &mut AsyncPgConnection,
        board: i64,
    ) -> QueryResult<Vec<Self>> {
        board_columns::table
            .filter(board_columns::board_id.eq(board))
            .order(board_columns::position)
            .select(Self::as_select())
            .load(connection)
            .await
    }

    /// Adds a column on the right.
    pub(crate) async fn append(
        connection: &mut AsyncPgConnection,
        board: i64,
        name: &str,
    ) -> QueryResult<Self> {
        let last: Option<i32> = board_columns::table
            .filter(board_columns::board_id.eq(board))
            .select(max(board_columns::position))
            .first(connection)
            .await?;
        diesel::insert_into(board_columns::table)
            .values((
                board_columns::board_id.eq(board),
                board_columns::name.eq(name),
                board_columns::position.eq(last.unwrap_or(0) + 1),
            ))
            .returning(Self::as_returning())
            .get_result(connection)
            .await
    }

    /// Renames a column.
    pub(crate) async fn rename(
        connection: &mut AsyncPgConnection,
        id: i64,
        name: &str,
    ) -> QueryResult<Self> {
        diesel::update(board_columns::table.find(id))
            .set(board_columns::name.eq(name))
            .returning(Self::as_returning())
            .get_result(connection)
            .await
    }

    /// Reorders the columns of a board. Two columns can share a position until the
    /// commit, because the constraint is deferred.
    pub(crate) async fn reorder(
        connection: &mut AsyncPgConnection,
        board: i64,
        order: &[i64],
    ) -> QueryResult<Vec<Self>> {
        connection
            .transaction(async |connection| {
                for (position, id) in (1..).zip(order) {
                    let column = board_columns::table.find(*id);
                    diesel::update(column.filter(board_columns::board_id.eq(board)))
                        .set(board_columns::position.eq(position))
                        .execute(connection)
                        .await?;
                }
                Self::of_board(connection, board).await
            })
            .await
    }

    /// Removes a column and its cards.
    pub(crate) async fn remove(connection: &mut AsyncPgConnection, id: i64) -> QueryResult<usize> {
        diesel::delete(board_columns::table.find(id))
            .execute(connection)
            .await
    }
}
