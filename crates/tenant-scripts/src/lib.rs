//! The programs of this workspace that work on tenants.
//!
//! A binary is one call into [`entry`]. Their commands are in `tenant_commands`; what they
//! have of this workspace are the migrations that are compiled in, and the demo, which
//! knows the tables.

mod demo_tenant_schema;
pub mod entry;

pub use demo_tenant_schema::DemoTenantSchema;
