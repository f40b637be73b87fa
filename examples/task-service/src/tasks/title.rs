//! [`Title`]: a text that can be a task's title.

use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;
use serde::Deserialize;

/// A title: there is something to read in it, and no control characters (of
/// which PostgreSQL cannot keep all). Checked where it is read from JSON.
#[derive(Debug, Clone, Deserialize, AsExpression)]
#[serde(try_from = "String")]
#[diesel(sql_type = Text)]
pub(crate) struct Title(String);

impl TryFrom<String> for Title {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.trim().is_empty() {
            return Err("a title is not empty");
        }
        if text.chars().any(char::is_control) {
            return Err("a title is on one line, without control characters");
        }
        Ok(Self(text))
    }
}

impl ToSql<Text, Pg> for Title {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <String as ToSql<Text, Pg>>::to_sql(&self.0, out)
    }
}
