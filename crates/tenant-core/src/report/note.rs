//! Notes: observations that are not failures and that an operator should know.

use sql_text::ident;

use crate::error::few;
use crate::remedy::{Advice, Command, Purpose, Remedy, Sql};
use crate::shape::Difference;
use crate::{NameUse, Version};

/// A finding that is no failure but may become one. `Display` describes it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Note {
    /// A migration was edited after it was applied.
    #[error("migration `{migration}` was edited after it was applied to {}", few(.tenants))]
    Edited {
        /// The migration's name.
        migration: String,
        /// Its version.
        version: Version,
        /// The tenants that have applied the earlier text, by name.
        tenants: Vec<String>,
    },
    /// The fingerprints of applied migrations could not be read, so edits are not detected.
    #[error("the fingerprints of {} in the registry are not a JSON object and are ignored", few(.tenants))]
    NoFingerprints {
        /// The tenants, by name.
        tenants: Vec<String>,
    },
    /// A migration that was applied, but that this program does not have.
    #[error("migration {version} is applied to {}, but this program does not have it", few(.tenants))]
    Unknown {
        /// Its version.
        version: Version,
        /// The tenants that have applied it, by name.
        tenants: Vec<String>,
    },
    /// A late migration: older than migrations that were applied before it.
    #[error("migration `{migration}` is late: {} already had newer migrations", few(.tenants))]
    Late {
        /// The migration's name.
        migration: String,
        /// The tenants in which it is late, by name.
        tenants: Vec<String>,
    },
    /// The losses of a rollback are unknown.
    #[error("could not find out what the rollback would lose: {reason}")]
    LossUnknown {
        /// Why, in words.
        reason: String,
        /// Whether that is because the server is a standby.
        on_standby: bool,
    },
    /// After the rollback, a schema differs from its state before the migrations.
    #[error("the down.sql files do not fully undo their up.sql files: {}", listed(.differences))]
    NotBack {
        /// How it differs.
        differences: Vec<Difference>,
    },
    /// Two names that differ only by case.
    #[error("the tenants `{one}` and `{other}` differ in upper and lower case only")]
    SameButForCase {
        /// One name.
        one: String,
        /// The other.
        other: String,
    },
    /// A tenant was renamed, but a stored search path contains the old name.
    #[error("the search path of {of} still names `{name}`")]
    OldPath {
        /// The old name.
        name: String,
        /// The owner of the path, such as "role app".
        of: String,
        /// The statement that sets it to the new name.
        remedy: String,
    },
    /// A tenant was renamed or cloned, and a text contains the old name or the original's name.
    #[error("the name `{name}` still appears in {}", .places.join(", "))]
    NameInText {
        /// That name.
        name: String,
        /// Functions and procedures, qualified and with their arguments, and definitions:
        /// ``default of column `tasks.tenant` ``.
        places: Vec<String>,
    },
    /// A tenant was renamed or cloned, and its migrations wrote the old name or the original's name
    /// into rows.
    #[error("migrations wrote the name `{name}` into rows of {}", few(.tables))]
    NameInRows {
        /// That name.
        name: String,
        /// The tables, by name.
        tables: Vec<String>,
    },
    /// A tenant was renamed or cloned, and its migrations use the name of the schema.
    #[error(
        "the migrations use the schema's name at {}, and `{to}` still has what they created for `{from}`",
        .uses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    )]
    UsesOfName {
        /// The old name, or the original's name.
        from: String,
        /// The new name.
        to: String,
        /// Where the migrations use the name.
        uses: Vec<NameUse>,
    },
    /// A schema was adopted, and contains an extension.
    #[error(
        "the extension `{extension}` is in the schema `{schema}`: dropping the tenant would drop it, \
         and with it columns of its types in other schemas"
    )]
    ExtensionInside {
        /// The tenant's schema.
        schema: String,
        /// The extension.
        extension: String,
        /// The schema to move it to; `None` if it can't be moved.
        elsewhere: Option<String>,
    },
    /// A schema was adopted without a comparison with its migrations.
    #[error(
        "the schema `{schema}` was not checked for drift: this program lacks some of its migrations"
    )]
    NothingCompared {
        /// The schema.
        schema: String,
    },
    /// Texts were recorded because the schemas match, but these parts were not compared.
    #[error("not compared: {}", .parts.join(", "))]
    NotCompared {
        /// The parts, in words.
        parts: Vec<String>,
    },
}

impl Note {
    /// Every [`code`](Self::code).
    pub const CODES: &'static [&'static str] = &[
        "edited_migration",
        "no_fingerprints",
        "unknown_migration",
        "late_migration",
        "loss_unknown",
        "not_back",
        "same_but_for_case",
        "old_path",
        "name_in_text",
        "name_in_rows",
        "uses_of_name",
        "extension_inside",
        "nothing_compared",
        "not_compared",
    ];

    /// What to do about it: alternatives, in the order to try them.
    #[must_use]
    pub fn remedies(&self) -> Vec<Remedy> {
        let advice = match self {
            Self::NoFingerprints { .. } => return vec![Command::CheckTenants.into()],
            Self::Edited { version, .. } => {
                return vec![
                    Advice::RestoreFile.into(),
                    Command::AcceptEdits(vec![version.clone()]).into(),
                    Command::CheckTenants.into(),
                ];
            }
            Self::OldPath { remedy, .. } => {
                return vec![Sql::new(Purpose::RenamePath, [remedy]).into()];
            }
            Self::ExtensionInside {
                extension,
                elsewhere: Some(elsewhere),
                ..
            } => return vec![move_extension(extension, elsewhere).into()],
            Self::ExtensionInside { .. } => Advice::RecreateExtension,
            Self::Unknown { .. } => {
                return vec![Advice::UseOtherProgram.into(), Command::Squash.into()];
            }
            Self::Late { .. } => Advice::IgnoreIfIndependent,
            Self::LossUnknown {
                on_standby: true, ..
            } => Advice::UsePrimary,
            Self::LossUnknown { .. } => Advice::ReadDownFiles,
            Self::NotBack { .. } => Advice::CompleteDownFiles,
            Self::SameButForCase { .. } => Advice::IgnoreIfMeant,
            Self::NameInText { .. } => Advice::ReplaceFunctions,
            Self::NameInRows { .. } => Advice::UpdateRows,
            Self::UsesOfName { .. } => Advice::KeepWhatNameMade,
            Self::NothingCompared { .. } => Advice::UseOtherProgram,
            Self::NotCompared { .. } => Advice::CompareTexts,
        };
        vec![advice.into()]
    }

    /// The code of the note, for programs: `late_migration`. It is stable across versions.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Edited { .. } => "edited_migration",
            Self::NoFingerprints { .. } => "no_fingerprints",
            Self::Unknown { .. } => "unknown_migration",
            Self::Late { .. } => "late_migration",
            Self::LossUnknown { .. } => "loss_unknown",
            Self::NotBack { .. } => "not_back",
            Self::SameButForCase { .. } => "same_but_for_case",
            Self::OldPath { .. } => "old_path",
            Self::NameInText { .. } => "name_in_text",
            Self::NameInRows { .. } => "name_in_rows",
            Self::UsesOfName { .. } => "uses_of_name",
            Self::ExtensionInside { .. } => "extension_inside",
            Self::NothingCompared { .. } => "nothing_compared",
            Self::NotCompared { .. } => "not_compared",
        }
    }
}

fn move_extension(extension: &str, schema: &str) -> Sql {
    let (extension, schema) = (ident(extension), ident(schema));
    Sql::new(
        Purpose::MoveExtension,
        [
            format!("CREATE SCHEMA IF NOT EXISTS {schema}"),
            format!("ALTER EXTENSION {extension} SET SCHEMA {schema}"),
        ],
    )
}

/// All of them, one after the other.
fn listed(differences: &[Difference]) -> String {
    let differences = differences.iter().map(ToString::to_string);
    differences.collect::<Vec<_>>().join("; ")
}
