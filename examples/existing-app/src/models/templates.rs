//! `templates`: patterns for boards. Each organization starts with a copy of
//! `public.board_templates`.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;

use crate::schema::{board_templates, templates};

/// A pattern for boards.
#[derive(Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = templates, check_for_backend(diesel::pg::Pg))]
pub(crate) struct Template {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) column_names: Vec<String>,
}

impl Template {
    /// Lists all templates by position.
    pub(crate) async fn list(connection: &mut AsyncPgConnection) -> QueryResult<Vec<Self>> {
        templates::table
            .order(templates::position)
            .select(Self::as_select())
            .load(connection)
            .await
    }

    /// Finds a template by name.
    pub(crate) async fn find_by_name(
        connection: &mut AsyncPgConnection,
        name: &str,
    ) -> QueryResult<Self> {
        templates::table
            .filter(templates::name.eq(name))
            .select(Self::as_select())
            .first(connection)
            .await
    }

    /// Copies the public templates. Returns their number.
    pub(crate) async fn copy_from_public(connection: &mut AsyncPgConnection) -> QueryResult<usize> {
        let all = board_templates::table.select((
            board_templates::name,
            board_templates::column_names,
            board_templates::position,
        ));
        diesel::insert_into(templates::table)
            .values(all)
            .into_columns((
                templates::name,
                templates::column_names,
                templates::position,
            ))
            .execute(connection)
            .await
    }
}
