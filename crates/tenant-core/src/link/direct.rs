//! Whether there is a pooler between us and the server.

use super::{ConnectError, Database};
use crate::Answer;

/// A setting that nobody else has, for the question who is at the other end.
const SETTING: &str = "diesel_tenants.direct";

impl Database {
    /// Whether the URL leads to PostgreSQL itself, and not to a pooler such as
    /// PgBouncer. What is set for a session, or locked by it, is only kept
    /// together on a direct connection.
    ///
    /// It is found out with one more connection, which brings a setting of its
    /// own: PostgreSQL knows it afterwards, while a pooler, whose server
    /// connections are there before its clients, refuses it or leaves it out. A
    /// pooler in session mode counts as a pooler, too.
    ///
    /// The answer is kept, also for the clones of this value.
    ///
    /// # Errors
    ///
    /// Each of [`ConnectError`]'s kinds but the first two.
    pub fn is_direct(&self) -> Answer<'_, Result<bool, ConnectError>> {
        Box::pin(async {
            let known = self.direct.get_or_try_init(|| self.ask_who_answers());
            known.await.copied()
        })
    }

    async fn ask_who_answers(&self) -> Result<bool, ConnectError> {
        let mark = format!("{:016x}", rand::random::<u64>());
        let client = match self.marked(&mark).driver().await {
            Ok(client) => client,
            Err(error) if error.is_of_a_pooler() => return Ok(false),
            Err(error) => return Err(error),
        };
        let question = format!("SELECT current_setting('{SETTING}', true)");
        let row = client.query_typed_one(&question, &[]).await;
        let found = row.and_then(|row| row.try_get::<_, Option<String>>(0));
        let found = found.map_err(|error| self.refused(error.into()))?;
        Ok(found == Some(mark))
    }

    /// The same, with the setting.
    fn marked(&self, mark: &str) -> Self {
        let mut marked = self.clone();
        let own = self.config.get_options().unwrap_or_default();
        marked
            .config
            .options(format!("{own} -c {SETTING}={mark}").trim());
        marked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_of_the_url_are_kept() {
        let url = "postgres://h/d?options=-c%20geqo%3Doff";
        let database = Database::parse(url).unwrap().marked("x");
        let options = database.config.get_options();
        assert_eq!(options, Some("-c geqo=off -c diesel_tenants.direct=x"));
    }
}
