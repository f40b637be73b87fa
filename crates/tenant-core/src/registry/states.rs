//! [`TenantState`]: what the list says of a tenant's state.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use sql_text::ident;

use super::{List, Registry};

/// The state of a tenant in the list. A [`TenantPool`](crate::TenantPool) refuses tenants that are
/// suspended or trashed. All other calls work on tenants in any state.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TenantState {
    /// It is served.
    Active,
    /// It is not served for now: see [`Tenants::suspend`](crate::Tenants::suspend).
    Suspended,
    /// It is not served any more, and will be dropped.
    Trashed,
    /// Another word of the application. The tenant counts as active.
    Other(String),
}

impl TenantState {
    /// Whether the tenant counts as active.
    #[must_use]
    pub fn is_active(&self) -> bool {
        matches!(self, Self::Active | Self::Other(_))
    }

    /// Returns the state in one word: `active`, `suspended`, `trashed`, or the application's word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Trashed => "trashed",
            Self::Other(word) => word,
        }
    }
}

impl From<&str> for TenantState {
    /// Any word is a state.
    fn from(word: &str) -> Self {
        let known = [Self::Active, Self::Suspended, Self::Trashed];
        let found = known.into_iter().find(|state| state.as_str() == word);
        found.unwrap_or_else(|| Self::Other(word.to_owned()))
    }
}

impl fmt::Display for TenantState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Where a list has states, and what its words mean.
#[derive(Debug, Default)]
pub(super) struct States {
    /// The column of a table, quoted.
    column: Option<String>,
    /// The application's words.
    words: Vec<(String, TenantState)>,
    /// Whether the query gives a column of them.
    is_given: AtomicBool,
}

impl Clone for States {
    fn clone(&self) -> Self {
        Self {
            column: self.column.clone(),
            words: self.words.clone(),
            is_given: AtomicBool::new(self.is_given()),
        }
    }
}

impl States {
    /// Whether the query gives a column `state`.
    pub(super) fn is_given(&self) -> bool {
        self.is_given.load(Ordering::Relaxed)
    }

    pub(super) fn give(&self, is_given: bool) {
        self.is_given.store(is_given, Ordering::Relaxed);
    }

    /// An expression of type `text`: the state of a row under the name `alias`.
    pub(super) fn of_row(&self, is_query: bool, alias: &str) -> Option<String> {
        match is_query {
            true => self.is_given().then(|| format!("{alias}.state")),
            false => {
                let column = self.column.as_ref()?;
                Some(format!("{alias}.{column}::text"))
            }
        }
    }
}

impl Registry {
    /// Sets the column with the tenant's state, for a table. A [`Registry::query`] returns a column
    /// `state` instead. Null means no state, and counts as active.
    ///
    /// ```
    /// use tenant_core::{Registry, TenantState};
    ///
    /// let registry = Registry::table("public", "organizations")
    ///     .key("slug")
    ///     .state_column("status")
    ///     .state_word("blocked", TenantState::Suspended);
    /// assert!(registry.has_states());
    /// assert_eq!(registry.state_of("blocked"), TenantState::Suspended);
    /// assert!(registry.state_of("trial").is_active());
    /// ```
    #[must_use]
    pub fn state_column(self, column: &str) -> Self {
        let mut states = self.states().clone();
        states.column = Some(ident(column));
        self.with_states(states)
    }

    /// Maps a word of the application to a state. Other words are shown unchanged, and count as
    /// active. To serve tenants whose word is `suspended`, map that word to
    /// [`TenantState::Other`].
    #[must_use]
    pub fn state_word(self, word: &str, state: TenantState) -> Self {
        let mut states = self.states().clone();
        states.words.push((word.to_owned(), state));
        self.with_states(states)
    }

    /// Whether the list has states. For a query, this is known after the list is opened.
    #[must_use]
    pub fn has_states(&self) -> bool {
        self.rows_of(List::Tenants, "t").state.is_some()
    }

    /// Returns the state for a word of the application.
    #[must_use]
    pub fn state_of(&self, word: &str) -> TenantState {
        let words = self.states().words.iter().rev();
        let mut meant = words.filter(|(one, _)| one == word);
        meant
            .next()
            .map_or_else(|| TenantState::from(word), |(_, state)| state.clone())
    }
}
