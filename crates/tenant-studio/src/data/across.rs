//! One query over many tenants, a few of them at a time.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use tenant_core::{Registry, RegistryRows};
use tokio_postgres::types::Type;

use super::answer::{Answer, Limits, Refusal};
use super::cursor::ask;
use super::reading::{Parameter, Reading};
use super::select::{begins, contains};
use crate::error::Failure;
use crate::shown_schema::ShownSchema;
use crate::studio::Studio;

/// How many tenants are asked at a time. Each takes a connection.
const AT_A_TIME: usize = 4;

/// Which tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selection {
    All,
    Containing(String),
    BeginningWith(String),
    /// Lines, each of them a name, or names with something between them.
    Listed(Vec<String>),
}

/// What each of them is asked.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) sql: Arc<str>,
    pub(crate) limits: Limits,
    pub(crate) timeout: Duration,
}

/// What one of them answered.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) tenant: String,
    pub(crate) outcome: Result<Answer, Refusal>,
}

/// The names that `choice` means.
pub(crate) async fn chosen(
    reading: &Reading,
    registry: &Registry,
    choice: &Selection,
) -> Result<Vec<String>, Failure> {
    const WHAT: &str = "Choosing tenants";
    let RegistryRows { from, key, .. } = registry.rows("t");
    let (condition, text) = match choice {
        Selection::Listed(lines) => return listed(reading, registry, lines).await,
        Selection::All => ("$1 = ''".to_owned(), ""),
        Selection::Containing(text) => (
            contains(&format!("{key}::pg_catalog.text"), "$1"),
            text.as_str(),
        ),
        Selection::BeginningWith(text) => (
            begins(&format!("{key}::pg_catalog.text"), "$1"),
            text.as_str(),
        ),
    };
    let sql = format!(
        "SELECT {key} FROM {from} WHERE {condition} ORDER BY {key} COLLATE pg_catalog.\"C\""
    );
    let text: Parameter<'_> = (&text, Type::TEXT);
    let rows = reading.rows(WHAT, &sql, &[text]).await?;
    let names = rows.iter().map(|row| row.try_get(0));
    names.collect::<Result<_, _>>().map_err(Failure::of(WHAT))
}

/// The names in `lines`, each once. A line that is the name of a tenant is that one, also
/// with a space in it. Any other is cut where names usually end, and stays in the list:
/// whether there is such a tenant is seen when it is asked.
async fn listed(
    reading: &Reading,
    registry: &Registry,
    lines: &[String],
) -> Result<Vec<String>, Failure> {
    const WHAT: &str = "Looking for tenants";
    let RegistryRows { from, key, .. } = registry.rows("t");
    let sql = format!("SELECT {key} FROM {from} WHERE {key} = ANY ($1)");
    let rows = reading
        .rows(WHAT, &sql, &[(&lines, Type::TEXT_ARRAY)])
        .await?;
    let known = rows.iter().map(|row| row.try_get(0));
    let known = known.collect::<Result<HashSet<String>, _>>();
    let known = known.map_err(Failure::of(WHAT))?;
    let names = lines.iter().flat_map(|line| match known.contains(line) {
        true => vec![line.as_str()],
        false => line.split([',', ' ', '\t', ';']).collect(),
    });
    let mut seen = HashSet::new();
    let names = names.filter(|name| !name.is_empty() && seen.insert(*name));
    Ok(names.map(str::to_owned).collect())
}

/// Asks the tenants, and gives their answers as they come. Dropped, it cancels
/// those that are under way.
pub(crate) fn ask_each(
    studio: Studio,
    names: Vec<String>,
    question: Question,
) -> impl Stream<Item = Arrival> + Send + 'static {
    let asked = stream::iter(names).map(move |tenant| {
        let (studio, question) = (studio.clone(), question.clone());
        async move {
            let outcome = ask_one(&studio, &tenant, &question).await;
            Arrival { tenant, outcome }
        }
    });
    asked.buffer_unordered(AT_A_TIME)
}

async fn ask_one(studio: &Studio, tenant: &str, question: &Question) -> Result<Answer, Refusal> {
    let place = ShownSchema::named(tenant).map_err(Refusal::other)?;
    let reading = studio.read_for(&place, question.timeout).await;
    let reading = reading.map_err(Refusal::other)?;
    // An answer without the rows that a policy hides would be wrong.
    let all = reading
        .transaction()
        .batch_execute("SET LOCAL row_security = off");
    all.await.map_err(Refusal::other)?;
    let answered = ask(&reading, &question.sql, question.limits).await;
    reading.end();
    answered
}
