//! Tenants that are spread over a cluster: a coordinator and two workers with Citus.
//!
//! No registry has a package of it, so these tests are not run unless somebody asks for
//! them: `cargo xtask test --citus` does.

mod cluster;
mod coordinator;
mod copies;
mod crowd;
mod fleet;
mod following;
mod joining;
mod lint;
mod loss;
mod member;
mod moving;
mod ordinary;
mod records;
mod sequences;
mod settling;
mod shared;
mod stopped;
