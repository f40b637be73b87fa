//! Whether what migrations make depends on what its schema is called.

use std::collections::BTreeSet;

use super::expected::Trust;
use super::handle::Tenants;
use super::state::names_of_spares;
use crate::Error;

/// The words by which SQL can learn the name of the schema that it runs in.
const NAME_WORDS: [&str; 7] = [
    "current_schema",
    "search_path",
    "regnamespace",
    "nspname",
    "schemaname",
    "table_schema",
    "schema_name",
];

impl Tenants {
    /// Whether a spare that there is may become a tenant. Where the text of the migrations
    /// does not speak of the schema's name, it may: making it was not refused.
    ///
    /// # Errors
    ///
    /// What the server says.
    pub(super) async fn may_take_spares(&self) -> Result<bool, Error> {
        if !self.migrations_mention(&NAME_WORDS) {
            return Ok(true);
        }
        let spares = names_of_spares(&self.reading().await?, &self.registry).await?;
        Ok(!spares.is_empty() && self.require_no_name().await.is_ok())
    }

    /// Refuses migrations that write the schema's name into what they make: a spare has
    /// another name than the tenant that it becomes.
    ///
    /// # Errors
    ///
    /// [`Error::DependsOnName`]. Where the migrations cannot be tried and their text speaks
    /// of the name, why they cannot.
    pub(super) async fn require_no_name(&self) -> Result<(), Error> {
        let newest = self.newest();
        match self
            .expected(BTreeSet::from([newest.clone()]), Trust::Kept)
            .await
        {
            Ok(shapes) => {
                let uses = shapes.get(&newest).map(|it| it.uses_of_name());
                match uses.unwrap_or_default() {
                    uses if uses.is_empty() => Ok(()),
                    uses => Err(Error::DependsOnName { uses }),
                }
            }
            Err(error) if self.migrations_mention(&NAME_WORDS) => Err(error),
            // What a migration meets, each spare meets as well.
            Err(_) => Ok(()),
        }
    }
}
