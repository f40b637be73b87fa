//! Reads the tables of applied migrations, of many tenants at once.

mod apart;

use super::reading::{LedgerRead, Reading};
use crate::catalog::Catalog;
use crate::name::Schema;
use crate::{PgError, TenantName};

pub(super) use apart::Unreached;

/// Reads the ledgers of `tenants` into `ledgers`, in order. `unreached` keeps which
/// servers of a cluster do not answer, for further ones.
pub(super) async fn read_ledgers(
    reading: &Reading<'_>,
    tenants: &[TenantName],
    unreached: &Unreached,
    ledgers: &mut Vec<(TenantName, LedgerRead)>,
) {
    match reading.catalog() {
        Catalog::Plain => read_together(reading, tenants, ledgers).await,
        Catalog::Cluster => apart::read_apart(reading, tenants, unreached, ledgers).await,
    }
}

/// With one query. When that fails, because of one of the tenants, each half is asked
/// for by itself.
async fn read_together(
    reading: &Reading<'_>,
    tenants: &[TenantName],
    ledgers: &mut Vec<(TenantName, LedgerRead)>,
) {
    let error = match query_ledgers(reading, tenants).await {
        Ok(applied) => {
            let applied = applied.into_iter().map(Ok);
            return ledgers.extend(tenants.iter().cloned().zip(applied));
        }
        Err(error) => error,
    };
    if let [tenant] = tenants {
        return ledgers.push((tenant.clone(), Err(error)));
    }
    let (one, other) = tenants.split_at(tenants.len() / 2);
    Box::pin(read_together(reading, one, ledgers)).await;
    Box::pin(read_together(reading, other, ledgers)).await;
}

/// The versions that each of `tenants` has, oldest first.
///
/// Of all forms in one query this is among the fastest: PostgreSQL plans a list
/// of `VALUES` more quickly than a `UNION` or a sort.
async fn query_ledgers(
    reading: &Reading<'_>,
    tenants: &[TenantName],
) -> Result<Vec<Vec<String>>, PgError> {
    let ledgers = tenants.iter().enumerate().map(|(number, tenant)| {
        let ledger = Schema::Tenant(tenant).ledger();
        format!("({number}, ARRAY(SELECT version FROM {ledger}))")
    });
    let sql = format!("VALUES {}", ledgers.collect::<Vec<_>>().join(", "));
    let mut rows = Vec::with_capacity(tenants.len());
    for row in reading.query(&sql, &[]).await? {
        let mut versions: Vec<String> = row.try_get(1)?;
        versions.sort();
        rows.push((row.try_get::<_, i32>(0)?, versions));
    }
    rows.sort_by_key(|(number, _)| *number);
    Ok(rows.into_iter().map(|(_, versions)| versions).collect())
}
