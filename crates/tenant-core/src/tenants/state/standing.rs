//! [`Standing`]: where a tenant or a spare stands.

use crate::engine::{UnknownMigrations, refuse_unknown};
use crate::fleet::Item;
use crate::migration::{Migration, MigrationSet};
use crate::name::Entry;
use crate::tenants::applied_texts::AppliedTexts;
use crate::{Error, ForeignSign, Version};

/// What the ledger of a tenant or of a spare says.
#[derive(Debug, Clone)]
pub(in crate::tenants) struct Standing {
    pub(in crate::tenants) entry: Entry,
    /// The newest applied version.
    pub(in crate::tenants) version: Option<Version>,
    /// The versions that are missing, oldest first.
    pub(in crate::tenants) pending: Vec<Version>,
    /// The applied versions that the migrations do not know, oldest first.
    pub(in crate::tenants) unknown: Vec<Version>,
    /// What the texts of the applied migrations show of it.
    pub(in crate::tenants) texts: AppliedTexts,
    /// All that is applied to a tenant that is behind and has a ledger. Of the
    /// others, which may be thousands, it is not kept.
    pub(super) applied: Option<Vec<String>>,
}

impl Standing {
    /// It as something to migrate.
    pub(in crate::tenants) fn item(&self) -> Item {
        Item {
            entry: self.entry.clone(),
            applied: self.applied.clone(),
        }
    }

    /// Refuses one that another program has migrated, unless `allowed` says otherwise.
    ///
    /// # Errors
    ///
    /// [`Error::OtherProgram`] or [`Error::AheadOfProgram`].
    pub(in crate::tenants) fn require_known(
        &self,
        migrations: &MigrationSet,
        allowed: UnknownMigrations,
    ) -> Result<(), Error> {
        self.require_own_texts()?;
        let knows_any = self.has_any_of(migrations);
        refuse_unknown(
            self.entry.schema(),
            self.unknown.clone(),
            knows_any,
            allowed,
        )
    }

    /// Refuses one whose applied texts are all others than those of this program.
    ///
    /// # Errors
    ///
    /// [`Error::OtherProgram`].
    pub(in crate::tenants) fn require_own_texts(&self) -> Result<(), Error> {
        match &self.texts {
            AppliedTexts::Ours | AppliedTexts::Silent => Ok(()),
            AppliedTexts::Others(versions) => Err(Error::OtherProgram {
                schema: self.entry.schema().to_string(),
                versions: versions.clone(),
                sign: ForeignSign::OtherTexts,
            }),
        }
    }

    /// Whether another program has migrated it: this one has none of its versions, or all of
    /// their texts are others.
    pub(in crate::tenants) fn is_of_other_program(&self, migrations: &MigrationSet) -> bool {
        let allowed = UnknownMigrations::Allow;
        self.require_known(migrations, allowed).is_err()
    }

    /// Whether any of `migrations`, with which the rest is compared, is applied.
    pub(in crate::tenants) fn has_any_of(&self, migrations: &MigrationSet) -> bool {
        self.pending.len() < migrations.iter().count()
    }

    /// Whether a table of applied migrations is known to be missing: of a tenant that is
    /// behind.
    pub(in crate::tenants) fn lacks_ledger(&self) -> bool {
        self.applied.is_none() && !self.pending.is_empty()
    }

    /// All versions that are applied: those that `migrations`, which the rest is held
    /// against, have and that are not missing, and those that they do not know.
    pub(in crate::tenants) fn all_applied<'a>(
        &'a self,
        migrations: &'a MigrationSet,
    ) -> impl Iterator<Item = &'a Version> {
        let known = migrations.iter().map(Migration::version);
        let known = known.filter(|version| !self.pending.contains(version));
        known.chain(&self.unknown)
    }
}
