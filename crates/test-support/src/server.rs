//! Servers for the tests.

use local_postgres::{ThrowawayBuilder, ThrowawayServer};

pub use tenant_testing::server_url;

/// A separate server, for a test that stops it or configures it.
#[must_use]
pub fn own_server() -> ThrowawayBuilder {
    ThrowawayServer::builder()
}
