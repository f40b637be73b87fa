//! What the application's own work must not change: the schema of the tenant, its migration
//! history, and the row that this library has written.
//!
//! It is asked before the commit, because a statement of the application can change all of
//! it, and the tenant would be half a tenant afterwards.

use sql_text::literal;

use super::ledger::{is_exactly, versions_in};
use super::left::Shown;
use super::script::Script;
use super::work::Work;
use crate::Error;
use crate::assertion::Assertion;
use crate::registry::Ran;

const CHECKING: &str = "check the changes of the application's own work";

/// What is to be there still.
pub(crate) struct Kept {
    has_schema: bool,
    /// Which schema and which history, if they must be the same and not others with their names.
    identity: Option<Identity>,
    /// The migration history, if it is looked at.
    versions: Option<Vec<String>>,
    row: Row,
}

/// What PostgreSQL tells a schema and its migration history by.
struct Identity {
    schema: u32,
    ledger: Option<u32>,
}

/// What is to be there of the row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Row {
    /// Nothing: beside a query it may be missing.
    Nothing,
    Exists,
    /// It exists, with the texts of this program's migrations.
    WithOurTexts,
}

impl Kept {
    /// All of a tenant that was created in the transaction, as it is now.
    ///
    /// # Errors
    ///
    /// A server error.
    pub(super) async fn of_new(work: Work<'_>) -> Result<Self, Error> {
        let versions = work.migrations.iter().map(|it| it.version().to_string());
        Ok(Self {
            has_schema: true,
            identity: Some(identity(work).await?),
            versions: Some(versions.collect()),
            row: Row::WithOurTexts,
        })
    }

    /// All of a tenant that was there before, as it is now.
    ///
    /// # Errors
    ///
    /// That its history cannot be read.
    pub(super) async fn as_now(work: Work<'_>) -> Result<Self, Error> {
        Ok(Self {
            identity: Some(identity(work).await?),
            versions: versions_in(work).await?,
            ..Self::of_dropped(work, true, Shown::ByRow)
        })
    }

    /// What a tenant still has that is about to be dropped.
    pub(super) fn of_dropped(work: Work<'_>, has_schema: bool, shown: Shown) -> Self {
        let row = match shown {
            Shown::ByRow if !work.registry.is_query() => Row::Exists,
            _ => Row::Nothing,
        };
        Self {
            has_schema,
            identity: None,
            versions: None,
            row,
        }
    }

    /// Adds the statements that fail where something of it is missing.
    pub(super) fn require(&self, work: Work<'_>, script: &mut Script<'_>) {
        let schema = work.schema;
        if self.has_schema {
            let exists = Assertion::SchemaKept.check(&exists(work));
            script.step(CHECKING, &exists);
        }
        if let Some(identity) = &self.identity {
            let is_same = format!("{} = {}", schema_oid(work), identity.schema);
            script.step(CHECKING, &Assertion::SchemaKept.check(&is_same));
        }
        if let Some(ledger) = self.identity.as_ref().and_then(|it| it.ledger) {
            let is_same = format!("{} = {ledger}", ledger_oid(work));
            script.step(CHECKING, &Assertion::HistoryKept.check(&is_same));
        }
        if let Some(versions) = &self.versions {
            let ledger = literal(&schema.ledger());
            let exists = format!("pg_catalog.to_regclass({ledger}) IS NOT NULL");
            script.step(CHECKING, &Assertion::HistoryKept.check(&exists));
            let versions = versions.iter().map(String::as_str);
            let is_same = is_exactly(schema, versions);
            script.step(CHECKING, &Assertion::HistoryKept.check(&is_same));
        }
        let ours = work.migrations.iter().collect::<Vec<_>>();
        let ran = Ran { migrations: &ours };
        let texts = (self.row == Row::WithOurTexts).then_some(ran);
        if self.row != Row::Nothing
            && let Some(has_row) = work.registry.has_own_row(schema, texts)
        {
            script.step(CHECKING, &Assertion::RowKept.check(&has_row));
        }
    }
}

/// Adds the statement that fails where the application's own work has created again what was
/// dropped.
pub(super) fn require_gone(work: Work<'_>, script: &mut Script<'_>) {
    let exists = exists(work);
    let is_gone = match work.registry.has_own_row(work.schema, None) {
        Some(has_row) => format!("NOT ({exists}) AND NOT {has_row}"),
        None => format!("NOT ({exists})"),
    };
    script.step(CHECKING, &Assertion::StaysGone.check(&is_gone));
}

/// Which they are, in the open transaction.
async fn identity(work: Work<'_>) -> Result<Identity, Error> {
    let question = format!(
        "SELECT coalesce({}, 0)::oid, {}::oid",
        schema_oid(work),
        ledger_oid(work)
    );
    let row = work.session.client().query_typed_one(&question, &[]).await;
    let read = row.and_then(|row| {
        Ok(Identity {
            schema: row.try_get(0)?,
            ledger: row.try_get(1)?,
        })
    });
    read.map_err(|error| Error::database_of(work.schema, "look for the schema", error))
}

fn schema_oid(work: Work<'_>) -> String {
    let schema = literal(&work.schema.ident());
    format!("pg_catalog.to_regnamespace({schema})::oid")
}

fn ledger_oid(work: Work<'_>) -> String {
    let ledger = literal(&work.schema.ledger());
    format!("pg_catalog.to_regclass({ledger})::oid")
}

fn exists(work: Work<'_>) -> String {
    let schema = literal(&work.schema.ident());
    format!("pg_catalog.to_regnamespace({schema}) IS NOT NULL")
}
