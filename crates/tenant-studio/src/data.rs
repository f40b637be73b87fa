//! What the pages ask of PostgreSQL. No page speaks to it but through here.

mod across;
mod answer;
mod bounded;
mod catalog;
mod changes;
mod choices;
mod compare;
mod comparison;
mod cursor;
mod cut;
mod details;
mod dml;
mod explain;
mod identify;
mod keys;
mod ledger;
mod parts;
mod pretty;
mod reading;
mod relation;
mod row_data;
mod rows;
mod select;
mod statement;
mod statements;
mod tenants;
mod text;
mod whole;
mod writing;

pub(crate) use across::{Arrival, Question, Selection, ask_each, chosen};
pub(crate) use answer::{Answer, Field, Limits, Refusal, Value, Values};
pub(crate) use catalog::{Column, Table};
pub(crate) use changes::{Change, Changes, Done, Input, RefusedChange, apply, preview};
pub(crate) use choices::{Choice, choices};
pub(crate) use compare::{Count, Counts, Difference, Differences, counts, differences, tables};
pub(crate) use cursor::{ask, is_sql};
pub(crate) use cut::Extent;
pub(crate) use details::Details;
pub(crate) use identify::CurrentRow;
pub(crate) use keys::Constraint;
pub(crate) use ledger::{Applied, ledger};
pub(crate) use pretty::pretty;
pub(crate) use reading::Reading;
pub(crate) use relation::{Relation, measure, relations};
pub(crate) use row_data::RowData;
pub(crate) use rows::{LETTERS, Rows};
pub(crate) use select::{Statement, order_by};
pub(crate) use statement::perform;
pub(crate) use tenants::{
    Found, Search, TenantRow, find_homes, measure as measure_tenants, measure_at_home, tenants,
};
pub(crate) use text::{Cell, marked_text};
pub(crate) use whole::{Outline, outlines};
pub(crate) use writing::Writing;
