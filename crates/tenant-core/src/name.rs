//! Names: of tenants, of schemas, of the servers of a cluster.

mod node;
mod reserved;
mod schema;
mod tenant;
mod version;

pub use node::{InvalidNode, Node};
pub(crate) use schema::{LEDGER, Schema};
pub use tenant::{InvalidName, NameRule, TenantName};
pub(crate) use version::listed;
pub use version::{InvalidVersion, Version};
