//! What the pages ask of PostgreSQL. No page speaks to it but through here.

mod catalog;
mod changes;
mod choices;
mod details;
mod dml;
mod identify;
mod keys;
mod ledger;
mod reading;
mod relation;
mod rows;
mod select;
mod statements;
mod tenants;
mod whole;
mod writing;

pub(crate) use catalog::{Column, Table};
pub(crate) use changes::{Change, Changes, Done, Input, Refusal, apply, preview};
pub(crate) use choices::{Choice, choices};
pub(crate) use details::Details;
pub(crate) use identify::CurrentRow;
pub(crate) use keys::Constraint;
pub(crate) use ledger::{Applied, ledger};
pub(crate) use reading::Reading;
pub(crate) use relation::{Relation, measure, relations};
pub(crate) use rows::{LETTERS, RowData, Rows, pretty};
pub(crate) use select::{Statement, order_by};
pub(crate) use tenants::{Found, Search, TenantRow, measure as measure_tenants, tenants};
pub(crate) use whole::{Outline, outlines};
pub(crate) use writing::Writing;
