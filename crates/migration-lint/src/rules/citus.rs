//! The rules `citus-...`: what a Citus cluster refuses in a tenant's migration.
//!
//! They are about schema-based sharding, where the tables of a tenant lie on one worker
//! and the coordinator hands on what is done to them. Each was checked with Citus 13.2
//! on PostgreSQL 15, and `tests/citus_examples.sql` has for each what is refused, with
//! the message, and what is accepted instead.
//!
//! Only the text is read. What depends on what a name stands for (a view that is written
//! to, a sequence's column that gets another type) is left to the documentation.

mod alter_table;
mod row_changes;
mod sequences;
mod tables;
mod triggers;

use super::Rule;

/// The rules about statements in the tenant stream that run with the migration.
pub(super) const RULES: &[Rule] = &[
    alter_table::add_constraint,
    alter_table::constraint_name,
    alter_table::rename_constraint,
    alter_table::unknown,
    row_changes::check,
    sequences::column,
    sequences::alter,
    sequences::setval,
    tables::create,
    tables::foreign_key,
    tables::object,
    tables::policy,
    triggers::trigger,
    triggers::path,
    triggers::name,
    triggers::sequence,
];
