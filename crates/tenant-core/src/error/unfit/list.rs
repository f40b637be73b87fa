//! [`UnfitList`]: a table or a query that cannot be the list of tenants.

use thiserror::Error;

use crate::error::words::some;

/// A table or query that cannot be the list of tenants. The table existed before the first public
/// migration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{list} cannot be the list of tenants: {}", some(.faults))]
#[non_exhaustive]
pub struct UnfitList {
    /// The table, or the query, in words.
    pub list: String,
    /// The problems of its columns and rows, in words.
    pub faults: Vec<String>,
}
