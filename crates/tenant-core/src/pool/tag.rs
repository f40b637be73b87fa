//! Keeps apart the prepared statements of schemas that are not alike.
//!
//! A statement that was prepared in one tenant also works in another if all its types are the same:
//! PostgreSQL looks up tables and plans again when the path has changed. If the types differ (a
//! tenant at another version, or with its own enum), PostgreSQL refuses the statement, or takes its
//! parameters for values of the first tenant's type. So each statement ends with a comment: the tag
//! of the schema definition that it was prepared for. Diesel finds statements by their text, and so
//! never uses a statement for another definition.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

use crate::link::OwnTypes;

/// Which schemas a prepared statement serves. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Tag {
    /// What tells one from the other.
    comment: Arc<str>,
    /// The types that are meant by their names.
    types: Arc<OwnTypes>,
}

impl Tag {
    /// The tag of `shape`, of which hexadecimal digits are kept: nothing in it
    /// can end the comment.
    pub(super) fn of_shape(shape: &str, types: OwnTypes) -> Self {
        let digits = shape.chars().filter(char::is_ascii_hexdigit).take(32);
        Self {
            comment: format!(" /* {} */", digits.collect::<String>()).into(),
            types: Arc::new(types),
        }
    }

    /// The tag of the public schema.
    pub(super) fn public() -> Self {
        Self {
            comment: " /* public */".into(),
            types: Arc::default(),
        }
    }

    pub(super) fn types(&self) -> &Arc<OwnTypes> {
        &self.types
    }
}

impl PartialEq for Tag {
    fn eq(&self, other: &Self) -> bool {
        self.comment == other.comment
    }
}

impl Eq for Tag {}

impl Hash for Tag {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.comment.hash(state);
    }
}

/// A query with a tag.
pub(super) struct Tagged<Q> {
    query: Q,
    tag: Tag,
}

impl<Q> Tagged<Q> {
    pub(super) fn new(query: Q, tag: &Tag) -> Self {
        let tag = tag.clone();
        Self { query, tag }
    }
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Tagged<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(&self.tag.comment);
        Ok(())
    }
}

impl<Q> QueryId for Tagged<Q> {
    type QueryId = ();

    // The same type of query has another text in another shape.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Tagged<Q> {
    type SqlType = Q::SqlType;
}

#[cfg(test)]
mod tests {
    use diesel::debug_query;

    use super::*;

    #[test]
    fn the_tag_stands_behind_the_query_and_nothing_in_it_can_end_the_comment() {
        let tag = Tag::of_shape("c0*/; DROP TABLE x; --", OwnTypes::default());
        let query = Tagged::new(diesel::sql_query("SELECT 1"), &tag);
        let text = debug_query::<Pg, _>(&query).to_string();
        assert_eq!(text, "SELECT 1 /* c0DABE */ -- binds: []");
    }
}
