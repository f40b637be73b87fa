//! The library on real servers.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a panic is the report"
)]

mod adopt;
mod adopt_corners;
mod as_diesel;
mod borders;
mod capture;
mod causes;
mod citus;
mod clone;
mod clone_alike;
mod clone_references;
mod connect;
mod create;
mod diesel_compatibility;
mod drift;
mod drift_corners;
mod drift_crowd;
mod drift_ugly;
mod drop;
mod drop_dependents;
mod edits;
mod elsewhere;
mod error_kinds;
mod events;
mod fixture;
mod fleet;
mod health;
mod health_nothing_compared;
mod heard;
mod line_ends;
mod list;
mod locks;
mod messages;
mod migrations;
mod names;
mod outside;
mod outside_commits;
mod outside_indexes;
mod outside_journal;
mod outside_server;
mod outside_stages;
mod pgbouncer;
mod pool;
mod pool_connecting;
mod pool_driver;
mod pool_leavings;
mod pool_statements;
mod pooled_statements;
mod registry;
mod registry_migrations;
mod registry_triggers;
mod remedies;
mod rename;
mod rename_mentions;
mod repair;
mod reported;
mod reported_borders;
mod resources;
mod rollback;
mod rollback_loss;
mod rollback_outside;
mod rollback_plan;
mod row_security;
mod secrets;
mod selection;
mod server;
mod session;
mod session_reported;
mod session_sweep;
mod session_timeouts;
mod spares;
mod splitting;
mod stage;
mod testing;
mod testing_processes;
mod tls;
mod turns;
mod values;
