//! Missing parts of a tenant that block a new tenant of the name: its creation may have been
//! interrupted between two transactions.

use tokio_postgres::SimpleQueryMessage;

use super::work::Work;
use crate::Version;

/// The migrations that the tenant of `work` lacks, oldest first; none where that cannot be
/// read. No transaction is open before or after it.
pub(crate) async fn lacking(work: Work<'_>) -> Vec<Version> {
    let query = format!("SELECT version FROM {}", work.schema.ledger());
    let Ok(answers) = work.session.client().simple_query(&query).await else {
        return Vec::new();
    };
    let rows = answers.iter().filter_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    let applied = rows.collect::<Vec<_>>();
    let versions = work.migrations.iter().map(|one| one.version());
    let lacking = versions.filter(|version| !applied.contains(&version.as_str()));
    lacking.cloned().collect()
}
