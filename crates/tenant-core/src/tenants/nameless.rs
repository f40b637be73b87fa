//! Whether what migrations make depends on what its schema is called.

use std::collections::BTreeSet;

use super::expected::Trust;
use super::handle::Tenants;
use super::known_shapes::Applied;
use super::state::names_of_spares;
use crate::engine::NameUses;
use crate::migration::MigrationSet;
use crate::shape::Expectation;
use crate::{Error, NameUse};

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

/// Of `uses`, keeps those in the migrations `applied`, of which `expected`, if it is known,
/// does not show what comes of them.
pub(super) fn retain_unexplained(
    uses: &mut Vec<NameUse>,
    migrations: &MigrationSet,
    applied: &Applied,
    expected: Option<&Expectation>,
) {
    uses.retain(|one| {
        let is_explained = expected.is_some_and(|it| it.explains(one.purpose()));
        one.is_among(migrations, applied) && !is_explained
    });
}

impl Tenants {
    /// Where the text of the migrations uses the name of their schema.
    pub(super) fn name_uses(&self) -> Vec<NameUse> {
        self.migrations.tenant.uses_of_name(&self.migrations.public)
    }

    /// Those in the migrations `applied` of which the trial runs do not show what comes of
    /// them, if they say what these make.
    pub(super) fn unexplained_uses(
        &self,
        applied: &Applied,
        expected: Option<&Expectation>,
    ) -> Vec<NameUse> {
        let mut uses = self.name_uses();
        retain_unexplained(&mut uses, &self.migrations.tenant, applied, expected);
        uses
    }

    /// Whether a spare that there is may become a tenant. Where the text of the migrations
    /// does not speak of the schema's name, it may: making it was not refused.
    ///
    /// # Errors
    ///
    /// A server error.
    pub(super) async fn may_take_spares(&self) -> Result<bool, Error> {
        if !self.migrations_mention(&NAME_WORDS) && self.refusing_uses().is_empty() {
            return Ok(true);
        }
        let spares = names_of_spares(&self.reading().await?, &self.registry).await?;
        Ok(!spares.is_empty() && self.require_no_name().await.is_ok())
    }

    /// Refuses migrations that write the schema's name into what they make, or do something
    /// else with it than to find objects: a spare has another name than the tenant that it
    /// becomes.
    ///
    /// # Errors
    ///
    /// [`Error::DependsOnName`]. Where the migrations cannot be tried and their text speaks
    /// of the name, why they cannot.
    pub(super) async fn require_no_name(&self) -> Result<(), Error> {
        let newest = self.newest();
        let in_text = self.refusing_uses();
        let refuse = |uses: Vec<String>, in_text: Vec<NameUse>| match (&*uses, &*in_text) {
            ([], []) => Ok(()),
            _ => Err(Error::DependsOnName { uses, in_text }),
        };
        match self
            .expected(BTreeSet::from([newest.clone()]), Trust::Kept)
            .await
        {
            Ok(shapes) => {
                let uses = shapes.get(&newest).map(|it| it.uses_of_name());
                refuse(uses.unwrap_or_default(), in_text)
            }
            Err(_) if !in_text.is_empty() => refuse(Vec::new(), in_text),
            Err(error) if self.migrations_mention(&NAME_WORDS) => Err(error),
            // What a migration meets, each spare meets as well.
            Err(_) => Ok(()),
        }
    }

    /// The uses of the name in the text that keep spares from being used.
    fn refusing_uses(&self) -> Vec<NameUse> {
        match self.settings.name_uses {
            NameUses::Refuse => self.name_uses(),
            NameUses::Allow => Vec::new(),
        }
    }
}
