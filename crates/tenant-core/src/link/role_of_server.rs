//! Which of several servers will do: `target_session_attrs`.
//!
//! Source: PostgreSQL manual, "Parameter Key Words" of libpq.

use tokio_postgres::Client;

/// What the server has to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Wanted {
    #[default]
    Any,
    /// Transactions can write.
    ReadWrite,
    /// They cannot.
    ReadOnly,
    /// It is not in recovery.
    Primary,
    /// It is.
    Standby,
    /// The same, or any if there is none.
    PreferStandby,
}

impl Wanted {
    /// What is looked for on all servers, one after the other.
    pub(super) fn rounds(self) -> &'static [Self] {
        match self {
            Self::Any => &[Self::Any],
            Self::ReadWrite => &[Self::ReadWrite],
            Self::ReadOnly => &[Self::ReadOnly],
            Self::Primary => &[Self::Primary],
            Self::Standby => &[Self::Standby],
            Self::PreferStandby => &[Self::Standby, Self::Any],
        }
    }

    /// Asks the server, and returns why it will not do, if so.
    ///
    /// # Errors
    ///
    /// A server error.
    pub(super) async fn misses(
        self,
        client: &Client,
    ) -> Result<Option<&'static str>, tokio_postgres::Error> {
        if matches!(self, Self::Any | Self::PreferStandby) {
            return Ok(None);
        }
        let question = "SELECT pg_catalog.current_setting('transaction_read_only') = 'on', \
                        pg_catalog.pg_is_in_recovery()";
        let row = client.query_typed_one(question, &[]).await?;
        let (is_read_only, is_standby): (bool, bool) = (row.try_get(0)?, row.try_get(1)?);
        let (is_met, reason) = match self {
            Self::ReadWrite => (!is_read_only, "the server does not allow writes"),
            Self::ReadOnly => (is_read_only, "the server is not read only"),
            Self::Primary => (!is_standby, "the server is a standby"),
            Self::Standby => (is_standby, "the server is not a standby"),
            Self::Any | Self::PreferStandby => (true, ""),
        };
        Ok((!is_met).then_some(reason))
    }
}
