//! [`UnfitList`]: a table that was there before, and cannot be the list of tenants.

use thiserror::Error;

use super::words::some;

/// A table that was there before the first public migration, and cannot become the list of
/// tenants as it is.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the table `{table}` cannot become the list of tenants: {}", some(.faults))]
#[non_exhaustive]
pub struct UnfitList {
    /// The table, as SQL text.
    pub table: String,
    /// What is wrong with its rows and its columns, in words.
    pub faults: Vec<String>,
}
