//! The commands as their users meet them: the real programs, run against a real
//! PostgreSQL, judged by what they print, what they leave in the database, and
//! how they exit.
//!
//! Each test has its own database. What the engine does inside is tested where
//! it is, in `tenant-core`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

mod arguments;
mod borders;
mod clone_tenant;
mod connection;
mod crashes;
mod create_tenant;
mod demo_tenant_schema;
mod drop_tenant;
mod environment;
mod export_and_import;
mod extensions;
mod failing_migrations;
mod fleet;
mod from_public;
mod guards;
mod health_check;
mod help;
mod hints;
mod init_settings;
mod interrupts;
mod kills;
mod list_tenants;
mod locks;
mod lost_history;
mod messages;
mod migrate_public;
mod migrate_tenants;
mod migrations_dir;
mod names;
mod names_and_schemas;
mod not_set_up;
mod one_server;
mod onlookers;
mod operators;
mod outside_cut_off;
mod pgbouncer;
mod privileges;
mod project_server;
mod races;
mod reference;
mod rename_tenant;
mod repair_tenant;
mod rollback_tenants;
mod saas;
mod said;
mod scratch_databases;
mod session;
mod settings;
mod spare_tenants;
mod squash_tenants;
mod standby;
mod states_and_seeds;
mod stray_schemas;
mod streams;
mod support;
mod suspend_tenants;
mod tenant_url;
mod terminal;
mod terminations;
mod waits;
