//! JSON as people read it.

use tokio_postgres::types::Type;

use super::reading::Reading;

/// JSON with a line for each of its parts, as PostgreSQL writes it: it keeps
/// numbers as they are. What is no JSON, or too long, stays as it is.
pub(crate) async fn pretty(reading: &Reading, text: String) -> String {
    const LONGEST: usize = 1_000_000;
    if text.len() > LONGEST {
        return text;
    }
    let sql = "SELECT pg_catalog.jsonb_pretty(CAST($1 AS pg_catalog.jsonb))";
    let rows = reading
        .rows("Writing JSON", sql, &[(&text, Type::TEXT)])
        .await;
    let pretty = rows.iter().flatten().find_map(|row| row.try_get(0).ok());
    pretty.unwrap_or(text)
}
