//! What the pages ask of PostgreSQL. No page speaks to it but through here.

mod across;
mod answer;
mod compare;
mod cursor;
mod explain;
mod reading;
mod relation;
mod statement;
mod tenants;

pub(crate) use across::{Arrival, Choice, Question, ask_each, chosen};
pub(crate) use answer::{Answer, Field, Limits, Refusal, Value, Values};
pub(crate) use compare::{Count, Counts, Difference, Differences, counts, differences, tables};
pub(crate) use cursor::{ask, is_sql};
pub(crate) use reading::Reading;
pub(crate) use relation::{Relation, measure, relations};
pub(crate) use statement::perform;
pub(crate) use tenants::{Found, Search, TenantRow, measure as measure_tenants, tenants};
