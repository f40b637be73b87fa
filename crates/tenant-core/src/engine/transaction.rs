//! A schema's transaction: as a value, how it is opened, and how it ends.

mod at_once;
mod between;
mod closing;
mod opening;
mod value;
mod way;

pub(super) use at_once::run_at_once;
pub(super) use between::{before_migration, between_migrations, prepare_between};
pub(super) use closing::{close, finish};
pub(super) use opening::{NotOpened, View, open, open_with_lock};
pub(super) use value::{Make, Transaction, confirm, confirm_gone};
pub(super) use way::Way;

#[cfg(test)]
mod tests;
