//! [`Slug`]: the name of an organization in URLs.

use std::sync::LazyLock;

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::serialize::{Output, ToSql};
use diesel::sql_types::Text;
use regex::Regex;
use serde::Deserialize;

use crate::Error;

static PATTERN: LazyLock<Result<Regex, regex::Error>> =
    LazyLock::new(|| Regex::new("^[a-z][a-z0-9-]{1,50}$"));

/// 2 to 51 lowercase letters, digits and hyphens, starting with a letter.
#[derive(Debug, Clone, Deserialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
#[serde(try_from = "String")]
pub(crate) struct Slug(pub(crate) String);

impl TryFrom<String> for Slug {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        let is_valid = PATTERN.as_ref().is_ok_and(|regex| regex.is_match(&text));
        if is_valid {
            Ok(Self(text))
        } else {
            Err(Error::Refused(
                "a slug has 2 to 51 lowercase letters, digits and hyphens, and starts with a letter".to_owned(),
            ))
        }
    }
}

impl ToSql<Text, Pg> for Slug {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> diesel::serialize::Result {
        ToSql::<Text, Pg>::to_sql(&self.0, out)
    }
}
