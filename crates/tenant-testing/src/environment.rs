//! The only variable that this module reads.

/// The URL of the server to use, if one is named.
pub(crate) fn test_database_url() -> Option<String> {
    let url = std::env::var("TEST_DATABASE_URL").ok();
    url.filter(|url| !url.is_empty())
}
