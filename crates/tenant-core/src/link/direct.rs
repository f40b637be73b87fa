//! Whether there is a pooler between us and the server, and the engine's sessions, which
//! depend on that.

use tokio_postgres::{Client, Config};

use super::pinned::{self, Greeted};
use super::session::Session;
use super::{ConnectError, Database, Pinned, Wire};
use crate::{Answer, PgError};

/// A setting that no other program has. The library uses it to find out what is at the other end.
const SETTING: &str = "diesel_tenants.direct";

impl Database {
    /// Whether the URL leads directly to PostgreSQL, and not to a pooler such as PgBouncer. Session
    /// settings and session locks work only on a direct connection.
    ///
    /// The call opens a connection with its own setting. PostgreSQL knows the setting afterwards. A
    /// pooler refuses or ignores it, because its server connections already exist. A pooler in
    /// session mode also counts as a pooler.
    ///
    /// The answer is cached, also for clones of this value.
    ///
    /// # Errors
    ///
    /// All kinds of [`ConnectError`] except the first two.
    pub fn is_direct(&self) -> Answer<'_, Result<bool, ConnectError>> {
        Box::pin(async {
            let ask = || async { Ok(self.first().await?.is_some()) };
            self.direct.get_or_try_init(ask).await.copied()
        })
    }

    /// Whether the options of a URL count: no pooler is in between.
    pub(crate) async fn takes_options(&self) -> Result<bool, ConnectError> {
        Ok(!self.pooled && self.is_direct().await?)
    }

    /// Whether there is certainly no pooler. Where that can't be found out, it is not.
    pub(crate) async fn is_surely_direct(&self) -> bool {
        !self.pooled && self.is_direct().await.unwrap_or(false)
    }

    /// Opens a connection of the driver with the session settings of migrations: UTC, read-write,
    /// every row visible or an error, and no timeouts, whatever the role and the database set.
    ///
    /// Behind a pooler, these settings cannot be kept, and the connection is an ordinary one. It
    /// closes when you drop it. Call it inside a Tokio runtime.
    ///
    /// # Errors
    ///
    /// As [`Database::connect`], and [`ConnectError::OldStrings`].
    pub fn pinned_driver(&self) -> Answer<'_, Result<Client, ConnectError>> {
        Box::pin(async { Ok(self.session().await?.into_client()) })
    }

    /// A connection of the driver's own that is watched, and that the server does not end
    /// between the connecting and the first statement, where that can be set.
    pub(crate) async fn watched_unhurried(&self) -> Result<(Client, Wire), ConnectError> {
        if self.pooled || !self.is_direct().await? {
            return self.watched().await;
        }
        let version = self.version.get().copied().unwrap_or_default();
        let mut config = self.config.clone();
        let own = self.config.get_options().unwrap_or_default();
        config.options(pinned::unhurried(own, version));
        let (greeted, wire) = self.filtered(&config).await?;
        Ok((greeted.client, wire))
    }

    /// A connection for the engine, whose settings are pinned where that is possible.
    pub(super) async fn session(&self) -> Result<Session, ConnectError> {
        // Such a URL says itself that options would be of no use.
        if self.pooled {
            return self.session_of(self.open(&self.config).await?, false);
        }
        let mut first = None;
        let slot = &mut first;
        let ask = move || async move {
            *slot = self.first().await?;
            Ok(slot.is_some())
        };
        let is_direct = *self.direct.get_or_try_init(ask).await?;
        let (greeted, by_options) = match first {
            Some(greeted) => (greeted, true),
            None if is_direct => (self.with_options().await?, true),
            None => (self.open(&self.config).await?, false),
        };
        self.session_of(greeted, by_options)
    }

    /// A connection for the engine that is watched, and so can be an application's
    /// afterwards.
    pub(crate) async fn watched_session(&self) -> Result<(Session, Wire), ConnectError> {
        let by_options = !self.pooled && self.is_direct().await?;
        let version = self.version.get().copied().unwrap_or_default();
        let (greeted, wire) = match by_options {
            true => self.filtered(&self.pinned_config(version, None)).await?,
            false => self.filtered(&self.config).await?,
        };
        Ok((self.session_of(greeted, by_options)?, wire))
    }

    /// The first connection with options; `None` where they don't arrive.
    async fn first(&self) -> Result<Option<Greeted>, ConnectError> {
        let mark = format!("{:016x}", rand::random::<u64>());
        let config = self.pinned_config(0, Some(&mark));
        let greeted = match self.open(&config).await {
            Ok(greeted) => greeted,
            Err(error) if error.is_of_a_pooler() => return Ok(None),
            Err(error) => return Err(error),
        };
        self.learn_version(&greeted);
        let question = format!(
            "SELECT pg_catalog.current_setting('{SETTING}', true), {}",
            pinned::NEWER
        );
        let row = greeted.client.query_typed_one(&question, &[]).await;
        let found = row.and_then(|row| Ok((row.try_get::<_, Option<String>>(0)?, row.try_get(1)?)));
        let (found, is_pinned) = found.map_err(|error| self.refused(PgError::from(error)))?;
        match (found == Some(mark), is_pinned) {
            (false, _) => Ok(None),
            (true, true) => Ok(Some(greeted)),
            // The role or the database sets what the version was needed for.
            (true, false) => self.with_options().await.map(Some),
        }
    }

    async fn with_options(&self) -> Result<Greeted, ConnectError> {
        let version = self.version.get().copied().unwrap_or_default();
        self.open(&self.pinned_config(version, None)).await
    }

    fn session_of(&self, greeted: Greeted, by_options: bool) -> Result<Session, ConnectError> {
        let version = self.learn_version(&greeted);
        if greeted.has_standard_strings {
            let pinned = Pinned::new(by_options, version);
            return Ok(Session::new(greeted.client, pinned, greeted.notices));
        }
        Err(ConnectError::OldStrings {
            target: self.target.clone(),
        })
    }

    fn learn_version(&self, greeted: &Greeted) -> u32 {
        *self.version.get_or_init(|| greeted.version)
    }

    /// The same with the pinned settings, and with the mark.
    fn pinned_config(&self, version: u32, mark: Option<&str>) -> Config {
        let mut config = self.config.clone();
        let own = pinned::carrying(self.config.get_options(), &self.carried);
        let options = pinned::options(&own, version, self.limits);
        config.options(match mark {
            Some(mark) => format!("{options} -c {SETTING}={mark}"),
            None => options,
        });
        config
    }

    /// Takes it for known that there is no pooler.
    #[cfg(test)]
    pub(crate) fn known_as_direct(self) -> Self {
        drop(self.direct.set(true));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_of_the_url_are_kept() {
        let url = "postgres://h/d?options=-c%20geqo%3Doff";
        let config = Database::parse(url).unwrap().pinned_config(15, Some("x"));
        let options = config.get_options().unwrap();
        assert!(
            options.starts_with("-c geqo=off -c TimeZone=UTC "),
            "{options}"
        );
        assert!(
            options.ends_with(" -c diesel_tenants.direct=x"),
            "{options}"
        );
    }
}
