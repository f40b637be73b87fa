//! What the pages ask of PostgreSQL. No page speaks to it but through here.

mod ledger;
mod reading;
mod relation;
mod tenants;

pub(crate) use ledger::{Applied, ledger};
pub(crate) use reading::Reading;
pub(crate) use relation::{Relation, measure, relations};
pub(crate) use tenants::{Found, Search, TenantRow, measure as measure_tenants, tenants};
