//! [`UnfitList`]: a table or a query that cannot be the list of tenants.

use thiserror::Error;

use crate::error::words::some;

/// A table that was there before the first public migration, or a query of the application,
/// that cannot be the list of tenants as it is.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{list} cannot be the list of tenants: {}", some(.faults))]
#[non_exhaustive]
pub struct UnfitList {
    /// The table, or the query, in words.
    pub list: String,
    /// What is wrong with its columns and its rows, in words.
    pub faults: Vec<String>,
}
