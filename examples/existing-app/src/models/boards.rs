//! `boards`.

use chrono::{DateTime, Utc};
use diesel::dsl::{count, now};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};

use super::columns::Column;
use crate::schema::{board_columns, boards, cards};
use crate::types::Visibility;

/// A board.
#[derive(Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = boards, check_for_backend(diesel::pg::Pg))]
pub(crate) struct Board {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) visibility: Visibility,
    pub(crate) updated_at: DateTime<Utc>,
}

/// A board to insert.
#[derive(Debug, Deserialize, Insertable)]
#[diesel(table_name = boards)]
pub(crate) struct NewBoard {
    pub(crate) name: String,
    pub(crate) visibility: Option<Visibility>,
}

/// Changes to a board. A missing field stays as it is.
#[derive(Debug, Deserialize, AsChangeset)]
#[diesel(table_name = boards)]
pub(crate) struct BoardChanges {
    name: Option<String>,
    visibility: Option<Visibility>,
}

/// A board as one JSON document.
#[derive(QueryableByName)]
struct Document {
    #[diesel(sql_type = Text)]
    document: String,
}

/// A board with its columns and cards. `$1` is the id of the board.
const DOCUMENT: &str = "SELECT json_build_object(\
    'name', boards.name, \
    'visibility', boards.visibility, \
    'columns', coalesce((\
        SELECT json_agg(json_build_object('name', board_columns.name, 'cards', coalesce((\
            SELECT json_agg(cards.title ORDER BY cards.position) FROM cards \
            WHERE cards.column_id = board_columns.id AND cards.archived_at IS NULL), '[]')) \
            ORDER BY board_columns.position) \
        FROM board_columns WHERE board_columns.board_id = boards.id), '[]')\
    )::text AS document FROM boards WHERE boards.id = $1";

impl Board {
    /// Lists the boards that are not archived, each with the number of its cards.
    pub(crate) async fn list(connection: &mut AsyncPgConnection) -> QueryResult<Vec<(Self, i64)>> {
        let open = cards::archived_at.is_null();
        boards::table
            .left_join(
                board_columns::table
                    .left_join(cards::table.on(cards::column_id.eq(board_columns::id).and(open))),
            )
            .filter(boards::archived_at.is_null())
            .group_by(boards::id)
            .order(boards::id)
            .select((Self::as_select(), count(cards::id.nullable())))
            .load(connection)
            .await
    }

    /// Finds a board that is not archived.
    pub(crate) async fn find(connection: &mut AsyncPgConnection, id: i64) -> QueryResult<Self> {
        boards::table
            .find(id)
            .filter(boards::archived_at.is_null())
            .select(Self::as_select())
            .first(connection)
            .await
    }

    /// Archives a board.
    pub(crate) async fn archive(connection: &mut AsyncPgConnection, id: i64) -> QueryResult<usize> {
        diesel::update(boards::table.find(id))
            .set(boards::archived_at.eq(now))
            .execute(connection)
            .await
    }

    /// Returns a board with its columns and cards as JSON.
    pub(crate) async fn document(
        connection: &mut AsyncPgConnection,
        id: i64,
    ) -> QueryResult<String> {
        let query = diesel::sql_query(DOCUMENT).bind::<BigInt, _>(id);
        let found: Document = query.get_result(connection).await?;
        Ok(found.document)
    }
}

impl NewBoard {
    /// Inserts the board with these columns.
    pub(crate) async fn create(
        &self,
        connection: &mut AsyncPgConnection,
        columns: &[String],
    ) -> QueryResult<Board> {
        connection
            .transaction(async |connection| {
                let board = diesel::insert_into(boards::table)
                    .values(self)
                    .returning(Board::as_returning())
                    .get_result::<Board>(connection)
                    .await?;
                for name in columns {
                    Column::append(connection, board.id, name).await?;
                }
                Ok(board)
            })
            .await
    }
}

impl BoardChanges {
    /// Updates a board.
    pub(crate) async fn apply(
        &self,
        connection: &mut AsyncPgConnection,
        id: i64,
    ) -> QueryResult<Board> {
        diesel::update(boards::table.find(id))
            .set((self, boards::updated_at.eq(now)))
            .returning(Board::as_returning())
            .get_result(connection)
            .await
    }
}
