//! What no migration creates, and what holds something: no SQL that drops it is shown.
//!
//! A table can be one that was detached or renamed by hand, and a column can hold the values of
//! another one. What it is does not show that for certain, and what is in it would be lost.

use std::collections::HashMap;

use sql_text::ident;

use super::handle::Tenants;
use super::loss::anything_in;
use super::reading::Reading;
use super::state::Standing;
use crate::Error;
use crate::name::Schema;
use crate::path::Path;
use crate::report::{Problem, ProblemKind};
use crate::shape::{Difference, Holder, Holds};

/// Without rights to all rows, the server is to refuse the question instead of leaving rows out.
const ALL_ROWS: &str = "SELECT pg_catalog.set_config('row_security', 'off', true)";

impl Tenants {
    /// Takes the SQL from `problems` that would drop rows, values or the position of a
    /// sequence of one of `standings`.
    ///
    /// # Errors
    ///
    /// That there is no connection.
    pub(super) async fn keep_what_holds_rows(
        &self,
        standings: &[Standing],
        problems: &mut [Problem],
    ) -> Result<(), Error> {
        let entries = standings.iter().map(|it| (it.entry.key(), &it.entry));
        let entries = entries.collect::<HashMap<_, _>>();
        let differences = problems.iter_mut().filter_map(|problem| {
            let entry = entries.get(problem.tenant.as_deref()?)?;
            match &mut problem.kind {
                ProblemKind::Drift(difference) => Some((entry.schema(), &mut **difference)),
                _ => None,
            }
        });
        self.keep_held(differences).await
    }

    /// The same of differences of these schemas.
    ///
    /// # Errors
    ///
    /// That there is no connection.
    pub(super) async fn keep_held<'d>(
        &self,
        differences: impl Iterator<Item = (Schema<'d>, &'d mut Difference)> + Send,
    ) -> Result<(), Error> {
        let mut reading = None;
        for (schema, difference) in differences {
            let Some(holder) = difference.would_drop() else {
                continue;
            };
            let reading = match &mut reading {
                Some(reading) => reading,
                none => none.insert(self.reading().await?),
            };
            let extensions = self.settings.extensions.as_ref();
            reading.set_path(Some(Path::new(schema, extensions)));
            let holds = holds(reading, schema, &holder).await;
            if holds != Holds::Nothing {
                difference.keep_what_it_holds(holds);
            }
        }
        Ok(())
    }
}

/// What is in it. What cannot be read may hold something.
async fn holds(reading: &Reading<'_>, schema: Schema<'_>, holder: &Holder<'_>) -> Holds {
    let questions = [ALL_ROWS.to_owned(), question(schema, holder)];
    let answer = match reading.each(&questions).await {
        Ok(mut answers) => answers.pop(),
        Err(_) => None,
    };
    match answer {
        Some(Ok(rows)) if rows.is_empty() => Holds::Nothing,
        Some(Ok(_)) => Holds::Something,
        _ => Holds::Unknown,
    }
}

fn question(schema: Schema<'_>, holder: &Holder<'_>) -> String {
    let schema = schema.ident();
    match holder {
        Holder::Table(table) => anything_in(&schema, table, None),
        Holder::Column(table, column) => anything_in(&schema, table, Some(column)),
        Holder::Sequence(sequence) => {
            format!("SELECT 1 FROM {schema}.{} WHERE is_called", ident(sequence))
        }
    }
}
