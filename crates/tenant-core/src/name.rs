//! Names: of tenants, of schemas, of the servers of a cluster.

mod at;
mod naming;
mod node;
mod reserved;
mod schema;
mod schema_name;
mod target;
mod tenant;
mod version;

pub use at::At;
pub use naming::{InvalidNaming, Naming};
pub use node::{InvalidNode, Node};
pub use schema::MIGRATION_HISTORY;
pub(crate) use schema::{REHEARSAL_PREFIX, Schema};
pub use schema_name::{InvalidSchemaName, SchemaName, SchemaNameRule};
pub(crate) use target::{Entry, Target};
pub use tenant::{InvalidName, NameRule, TenantName};
pub(crate) use version::listed;
pub use version::{InvalidVersion, Version};
