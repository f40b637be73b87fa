//! Conditions that a statement must meet. Where a condition does not hold, the statement fails,
//! and so does the message that contains it.
//!
//! A message of several statements continues until a statement fails, so a condition must fail by
//! itself. It is written as a cast from text to a number. While the condition holds, the text is
//! `1`. When it does not hold, the text states the expectation, and PostgreSQL quotes it in the
//! error. The cast costs as much as a division by zero, and an administrator can read the reason
//! in the server's log. It cannot be confused with an error of a trigger, because it has this
//! SQLSTATE and one of these texts. The server writes the words around the text in its language.
//! The text does not change.
//!
//! PostgreSQL casts a constant when it plans. So a statement never casts the text itself. It
//! casts the answer of `CASE`, which is known in advance only where the condition is.

use sql_text::literal;

/// The SQLSTATE of a text that is no number: `invalid_text_representation`.
///
/// Source: PostgreSQL manual, appendix "PostgreSQL Error Codes".
const NO_NUMBER: &str = "22P02";

/// What a statement may require.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Assertion {
    /// The path leads only to the schema and to the schema of extensions.
    Path,
    /// The path is as above, and the schema's history is what was read before.
    PathAndHistory,
    /// The list does not record that the migrations were applied.
    NotRecorded,
    /// No other session holds the schema's lock.
    Lock,
    /// A spare's history holds exactly the migrations of this program.
    SpareIsUpToDate,
    /// The row of a list is as it was written.
    Listed,
    /// The application's own tables list the tenant, with its schema.
    Confirmed,
    /// They do not list it any more.
    Gone,
    /// The application's own work has left the schema under its name.
    SchemaKept,
    /// The application's own work has left the migration history as it was.
    HistoryKept,
    /// The application's own work has left the row of the list as it was written.
    RowKept,
    /// The application's own work has not created again what was dropped.
    StaysGone,
    /// The schema is on a server of the cluster.
    Distributed,
    /// Nothing is changed outside the schema. Which things are is said as well.
    Elsewhere,
}

/// All of them.
const ALL: [Assertion; 14] = [
    Assertion::Path,
    Assertion::PathAndHistory,
    Assertion::NotRecorded,
    Assertion::Lock,
    Assertion::SpareIsUpToDate,
    Assertion::Listed,
    Assertion::Confirmed,
    Assertion::Gone,
    Assertion::SchemaKept,
    Assertion::HistoryKept,
    Assertion::RowKept,
    Assertion::StaysGone,
    Assertion::Distributed,
    Assertion::Elsewhere,
];

impl Assertion {
    /// What is said where the condition does not hold. None begins with another.
    fn text(self) -> &'static str {
        match self {
            Self::Path => "diesel tenants: the search path does not lead to the schema alone",
            Self::PathAndHistory => {
                "diesel tenants: the search path or the migration history has changed"
            }
            Self::NotRecorded => "diesel tenants: the list records the migrations as applied",
            Self::Lock => "diesel tenants: another session holds the lock of the schema",
            Self::SpareIsUpToDate => "diesel tenants: the spare schema is not up to date",
            Self::Listed => "diesel tenants: the row of the list is not as it was written",
            Self::Confirmed => "diesel tenants: the query for tenants does not give the tenant",
            Self::Gone => "diesel tenants: the query for tenants still gives the tenant",
            Self::SchemaKept => "diesel tenants: own work has dropped or renamed the schema",
            Self::HistoryKept => "diesel tenants: own work has changed the migration history",
            Self::RowKept => "diesel tenants: own work has changed the row of the tenant",
            Self::StaysGone => "diesel tenants: own work has created what was dropped",
            Self::Distributed => "diesel tenants: the schema is not distributed",
            Self::Elsewhere => "diesel tenants: changed outside the schema",
        }
    }

    /// An expression that is 1 while `condition` holds, and fails otherwise.
    pub(crate) fn require(self, condition: &str) -> String {
        let otherwise = literal(self.text());
        format!("CAST(CASE WHEN {condition} THEN '1' ELSE {otherwise} END AS int)")
    }

    /// An expression that is 1 while the query `list` answers with NULL. Otherwise it
    /// fails, and says what the list is: see [`list`](Self::list).
    pub(crate) fn require_none(self, list: &str) -> String {
        let begin = literal(&format!("{}: [", self.text()));
        format!("CAST(coalesce({begin} || ({list}) || ']', '1') AS int)")
    }

    /// What an error about it lists, if it lists something.
    pub(crate) fn list(self, message: &str) -> Option<&str> {
        let (_, behind) = message.split_once(self.text())?;
        let (list, _) = behind.strip_prefix(": [")?.rsplit_once(']')?;
        Some(list)
    }

    /// The statement that fails unless `condition` holds.
    pub(crate) fn check(self, condition: &str) -> String {
        format!("SELECT {}", self.require(condition))
    }

    /// The assertion that an error reports, by its SQLSTATE and its message, if it reports one.
    pub(crate) fn unmet(sqlstate: &str, message: &str) -> Option<Self> {
        let is_about = |one: &Self| sqlstate == NO_NUMBER && message.contains(one.text());
        ALL.into_iter().find(is_about)
    }

    /// The same in words, for people.
    pub(crate) fn words(self) -> &'static str {
        let text = self.text();
        text.split_once(": ").map_or(text, |(_, words)| words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PgError;

    #[test]
    fn an_unmet_condition_is_known_in_whatever_language_the_server_speaks() {
        for one in ALL {
            for message in [
                format!("invalid input syntax for type integer: \"{}\"", one.text()),
                format!("ungültige Eingabesyntax für Typ integer: »{}«", one.text()),
            ] {
                assert_eq!(Assertion::unmet("22P02", &message), Some(one));
            }
        }
    }

    #[tokio::test]
    async fn a_condition_is_met_or_not_when_it_is_known_in_advance_as_well() {
        let database = test_support::TestDatabase::new().await;
        let client = database.client().await;
        for (condition, holds) in [
            ("true", true),
            ("false", false),
            ("NULL::bool", false),
            ("NOT pg_is_in_recovery()", true),
            ("pg_is_in_recovery()", false),
            ("random() >= 0", true),
            ("random() < 0", false),
        ] {
            for one in ALL {
                let row = format!(
                    "SELECT 1 FROM pg_class WHERE relname = 'pg_class' AND {} = 1",
                    one.require(condition)
                );
                for sql in [one.check(condition), row] {
                    let ran = client.batch_execute(&sql).await.map_err(PgError::from);
                    let unmet = ran.as_ref().err().map(PgError::unmet);
                    assert_eq!(unmet, (!holds).then_some(Some(one)), "{sql}");
                }
            }
        }
    }

    #[tokio::test]
    async fn a_list_comes_with_the_error() {
        let database = test_support::TestDatabase::new().await;
        let client = database.client().await;
        let check = |list: &str| format!("SELECT {}", Assertion::Elsewhere.require_none(list));
        let ran = client.batch_execute(&check("SELECT NULL")).await;
        assert!(ran.is_ok());
        let ran = client.batch_execute(&check("SELECT 'a[1]; b'")).await;
        let error = PgError::from(ran.unwrap_err());
        assert_eq!(error.unmet(), Some(Assertion::Elsewhere));
        let message = error.message().unwrap_or_default();
        assert_eq!(Assertion::Elsewhere.list(message), Some("a[1]; b"));
    }

    #[test]
    fn an_error_of_a_trigger_is_none_of_ours() {
        assert_eq!(Assertion::unmet("22012", "division by zero"), None);
        let number = "invalid input syntax for type integer: \"twelve\"";
        assert_eq!(Assertion::unmet("22P02", number), None);
        assert_eq!(Assertion::unmet("P0001", Assertion::Path.text()), None);
    }
}
