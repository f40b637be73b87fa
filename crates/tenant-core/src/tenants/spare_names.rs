//! Tenants that were made of a spare whose name their rows have.

use super::expected::Shapes;
use super::handle::Tenants;
use super::reading::Reading;
use super::state::Standing;
use crate::report::{Problem, ProblemKind};
use crate::{Error, PgError, SchemaName};

/// What is done, for errors.
const ACTION: &str = "look for the names of spares in rows";

/// How many rows of a table are looked at: what migrations write comes first.
const ROWS: usize = 1_000;

/// What is left of a spare's name however it was written: a piece of `_spare_` and the
/// digits behind it.
const PATTERN: &str = "'spare_?[0-9a-f]{4}'";

/// How many tenants are asked about in one transaction.
const AT_ONCE: usize = 100;

impl Tenants {
    /// The tenants in whose rows the name of a spare stands where their migrations write
    /// the schema's name.
    ///
    /// # Errors
    ///
    /// That the server cannot be asked. A tenant that lacks a table is another's finding.
    pub(super) async fn names_of_spares_in_rows(
        &self,
        reading: &Reading<'_>,
        standings: &[Standing],
        shapes: &Shapes,
    ) -> Result<Vec<Problem>, Error> {
        // One that is called so itself has its own name there.
        let standings = standings.iter().filter(|standing| {
            let name = standing.entry.schema_name().as_str();
            !name.to_lowercase().contains("spare")
        });
        let asked = standings.flat_map(|standing| {
            let expected = shapes.get(&self.applied(standing));
            let tables = expected.into_iter().flat_map(|it| it.seeded());
            tables.map(move |table| (standing, table))
        });
        let asked = asked.collect::<Vec<_>>();
        let mut problems = Vec::new();
        for some in asked.chunks(AT_ONCE) {
            let questions = some.iter();
            let questions =
                questions.map(|(standing, table)| question(standing.entry.schema_name(), table));
            let questions = questions.collect::<Vec<_>>();
            for ((standing, table), found) in some.iter().zip(ask(reading, &questions).await?) {
                let kind = match found {
                    Ok(true) => ProblemKind::SpareName((*table).to_owned()),
                    Err(error) if !is_other_finding(&error) => {
                        ProblemKind::Unreadable(Error::database(ACTION, error))
                    }
                    _ => continue,
                };
                problems.push(Problem {
                    tenant: Some(standing.entry.key().to_owned()),
                    kind,
                });
            }
        }
        Ok(problems)
    }
}

/// Whether a table is missing, or an expression of one of its indexes needs the tenant's
/// path: the check reports both for another reason.
fn is_other_finding(error: &PgError) -> bool {
    matches!(error.sqlstate(), Some("42P01" | "42883" | "42704"))
}

/// Which of the questions are answered with a row. One that fails makes those behind it
/// fail as well, so these are asked again.
async fn ask(
    reading: &Reading<'_>,
    questions: &[String],
) -> Result<Vec<Result<bool, PgError>>, Error> {
    let failed = |error| Error::database(ACTION, error);
    let mut found = Vec::new();
    while let Some(rest) = questions.get(found.len()..).filter(|rest| !rest.is_empty()) {
        for answer in reading.each(rest).await.map_err(failed)? {
            let is_failed = answer.is_err();
            found.push(answer.map(|rows| !rows.is_empty()).map_err(PgError::from));
            if is_failed {
                break;
            }
        }
    }
    Ok(found)
}

fn question(schema: &SchemaName, table: &str) -> String {
    format!(
        "SELECT 1 WHERE EXISTS (SELECT FROM (SELECT * FROM {}.{} LIMIT {ROWS}) r \
         WHERE (r.*)::pg_catalog.text OPERATOR(pg_catalog.~*) {PATTERN})",
        schema.ident(),
        sql_text::ident(table)
    )
}
