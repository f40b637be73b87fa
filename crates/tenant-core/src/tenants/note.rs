//! What was noticed that is no failure, and that somebody should know.

use std::collections::BTreeMap;

use tokio_postgres::types::{ToSql, Type};

use super::reading::Reading;
use super::state::State;
use crate::error::few;
use crate::migration::{Migration, MigrationSet};
use crate::remedy::{Advice, Command, Purpose, Remedy, Sql};
use crate::shape::Difference;
use crate::{Error, TenantName, tracker};

/// Something that is no failure and may become one. `Display` says what it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Note {
    /// The text of a migration is not the one that was applied.
    #[error("migration `{migration}` was edited after it was applied to {}", few(.tenants))]
    Edited {
        /// The migration's name.
        migration: String,
        /// Its version.
        version: String,
        /// The tenants that have it as it was before, by name.
        tenants: Vec<String>,
    },
    /// A migration that was applied and is not there any more.
    #[error("migration {version} is applied to {}, and this program does not have it", few(.tenants))]
    Unknown {
        /// Its version.
        version: String,
        /// The tenants that have it, by name.
        tenants: Vec<String>,
    },
    /// A migration that is older than others which were applied before it.
    #[error("migration `{migration}` is older than what {} had already, and comes after it", few(.tenants))]
    Late {
        /// The migration's name.
        migration: String,
        /// The tenants that get it late, by name.
        tenants: Vec<String>,
    },
    /// It is not known what reverting takes away.
    #[error("what would be lost is not known: {reason}")]
    LossUnknown {
        /// Why not, in words.
        reason: String,
    },
    /// After reverting a schema is not as it was before the migrations.
    #[error("each down.sql should undo its up.sql, and these do not: {}", listed(.differences))]
    NotBack {
        /// How it differs.
        differences: Vec<Difference>,
    },
    /// Names that only PostgreSQL tells apart.
    #[error("the tenants `{one}` and `{other}` differ in upper and lower case only")]
    SameButForCase {
        /// One name.
        one: String,
        /// The other.
        other: String,
    },
    /// A tenant was renamed, and a path that is kept somewhere has the old name.
    #[error("the search path of {of} still names `{name}`")]
    OldPath {
        /// The old name.
        name: String,
        /// Whose path it is, such as "role app".
        of: String,
        /// The statement that sets it to the new name.
        remedy: String,
    },
    /// A tenant was renamed or cloned, and functions have the name that it had, or
    /// that of the original, in their text.
    #[error("the name `{name}` stands in the text of {}", .functions.join(", "))]
    NameInText {
        /// That name.
        name: String,
        /// The functions and procedures, qualified and with their arguments.
        functions: Vec<String>,
    },
}

impl Note {
    /// What to do about it: one of these, in the order in which to try them.
    #[must_use]
    pub fn remedies(&self) -> Vec<Remedy> {
        let advice = match self {
            Self::Edited { .. } => {
                return vec![Advice::RestoreFile.into(), Command::CheckTenants.into()];
            }
            Self::OldPath { remedy, .. } => {
                return vec![Sql::new(Purpose::RenamePath, [remedy]).into()];
            }
            Self::Unknown { .. } => Advice::UseOtherProgram,
            Self::Late { .. } => Advice::IgnoreIfIndependent,
            Self::LossUnknown { .. } => Advice::ReadDownFiles,
            Self::NotBack { .. } => Advice::CompleteDownFiles,
            Self::SameButForCase { .. } => Advice::IgnoreIfMeant,
            Self::NameInText { .. } => Advice::ReplaceFunctions,
        };
        vec![advice.into()]
    }
}

/// All of them, one after the other.
fn listed(differences: &[Difference]) -> String {
    let differences = differences.iter().map(ToString::to_string);
    differences.collect::<Vec<_>>().join("; ")
}

/// What the ledgers tell: migrations that nobody has, and those that come late.
pub(super) fn of_states(states: &[State], migrations: &MigrationSet) -> Vec<Note> {
    let mut unknown = BTreeMap::<&str, Vec<String>>::new();
    let mut late = BTreeMap::<&str, Vec<String>>::new();
    for standing in states
        .iter()
        .filter_map(|state| state.standing.as_ref().ok())
    {
        let name = || standing.tenant.to_string();
        for version in &standing.unknown {
            unknown.entry(version).or_default().push(name());
        }
        let newest = standing.version.as_ref();
        for version in &standing.pending {
            if newest.is_some_and(|newest| version < newest) {
                late.entry(version).or_default().push(name());
            }
        }
    }
    let unknown = unknown.into_iter().map(|(version, tenants)| Note::Unknown {
        version: version.to_owned(),
        tenants,
    });
    let late = late.into_iter().map(|(version, tenants)| Note::Late {
        migration: migrations.name_of(version),
        tenants,
    });
    unknown.chain(late).collect()
}

/// The migrations whose text has changed since they were applied, with the
/// tenants that have them.
pub(super) async fn edited(
    reading: &Reading<'_>,
    migrations: &MigrationSet,
) -> Result<Vec<Note>, Error> {
    let versions = migrations
        .iter()
        .map(Migration::version)
        .collect::<Vec<_>>();
    let fingerprints = migrations.iter().map(Migration::fingerprint);
    let fingerprints = fingerprints.collect::<Vec<_>>();
    // Nearly all have nothing else, which the first condition shows at once.
    let sql = format!(
        "WITH now AS MATERIALIZED (SELECT pg_catalog.jsonb_object($1, $2) AS texts) \
         SELECT f.key, t.name FROM {} t CROSS JOIN now \
         CROSS JOIN LATERAL pg_catalog.jsonb_each_text(t.fingerprints) f \
         WHERE NOT t.fingerprints <@ now.texts AND now.texts ->> f.key <> f.value ORDER BY 1, 2",
        tracker::TABLE
    );
    let parameters: [(&(dyn ToSql + Sync), Type); 2] = [
        (&versions, Type::TEXT_ARRAY),
        (&fingerprints, Type::TEXT_ARRAY),
    ];
    let rows = reading.query(&sql, &parameters).await;
    let rows = rows.map_err(|error| Error::database("reading the fingerprints", error))?;
    let mut edited = BTreeMap::<String, Vec<String>>::new();
    for row in &rows {
        if let (Ok(version), Ok(tenant)) = (row.try_get(0), row.try_get(1)) {
            edited.entry(version).or_default().push(tenant);
        }
    }
    let edited = edited.into_iter().map(|(version, tenants)| Note::Edited {
        migration: migrations.name_of(&version),
        version,
        tenants,
    });
    Ok(edited.collect())
}

/// Which of `names` are those of other tenants but for upper and lower case.
pub(super) async fn same_but_for_case(
    reading: &Reading<'_>,
    names: &[TenantName],
) -> Result<Vec<Note>, Error> {
    let names = names.iter().map(TenantName::as_str).collect::<Vec<_>>();
    let sql = format!(
        "SELECT one.name, other.name FROM {0} one JOIN {0} other \
         ON pg_catalog.lower(one.name) = pg_catalog.lower(other.name) AND one.name <> other.name \
         WHERE one.name = ANY ($1) AND (one.name < other.name OR other.name <> ALL ($1)) \
         ORDER BY 1, 2",
        tracker::TABLE
    );
    let rows = reading.query(&sql, &[(&names, Type::TEXT_ARRAY)]).await;
    let rows = rows.map_err(|error| Error::database("comparing the tenants' names", error))?;
    let pairs = rows.iter().filter_map(|row| {
        Some(Note::SameButForCase {
            one: row.try_get(0).ok()?,
            other: row.try_get(1).ok()?,
        })
    });
    Ok(pairs.collect())
}
