//! What the pages ask of PostgreSQL. No page speaks to it but through here.

mod across;
mod answer;
mod catalog;
mod compare;
mod cursor;
mod details;
mod explain;
mod keys;
mod reading;
mod relation;
mod rows;
mod select;
mod statement;
mod tenants;
mod whole;

pub(crate) use across::{Arrival, Choice, Question, ask_each, chosen};
pub(crate) use answer::{Answer, Field, Limits, Refusal, Value, Values};
pub(crate) use catalog::{Column, Table};
pub(crate) use compare::{Count, Counts, Difference, Differences, counts, differences, tables};
pub(crate) use cursor::{ask, is_sql};
pub(crate) use details::Details;
pub(crate) use keys::Constraint;
pub(crate) use reading::Reading;
pub(crate) use relation::{Relation, measure, relations};
pub(crate) use rows::{LETTERS, RowData, Rows, pretty};
pub(crate) use select::{Statement, order_by};
pub(crate) use statement::perform;
pub(crate) use tenants::{Found, Search, TenantRow, measure as measure_tenants, tenants};
pub(crate) use whole::{Outline, outlines};
