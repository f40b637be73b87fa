//! Tenants that are spread over a cluster: a coordinator and two workers with Citus.
//!
//! No registry has a package of it, so these tests are not run unless somebody asks for
//! them: `cargo xtask test --citus` does.

mod cluster;
mod coordinator;
mod fleet;
mod loss;
mod ordinary;
mod shared;
mod stopped;
