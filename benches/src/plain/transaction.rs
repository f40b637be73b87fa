//! A tenant's whole transaction as the text of one message.

use crate::workload::{self, Extent};

/// Diesel's table of applied migrations.
const LEDGER: &str = "CREATE TABLE __diesel_schema_migrations (\
                      version VARCHAR(50) PRIMARY KEY NOT NULL, \
                      run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);";

/// The SQL that creates a schema, without the schema's name.
pub(crate) struct Creation {
    body: String,
    newest: String,
}

impl Creation {
    /// Applies as many of the migrations as `extent` says.
    pub(crate) fn new(extent: Extent) -> anyhow::Result<Self> {
        let steps = workload::steps(extent)?;
        let sql = steps.iter().map(|step| step.sql.as_str());
        let sql = sql.collect::<Vec<_>>().join("\n");
        let rows = steps.iter().map(|step| format!("('{}')", step.version));
        let rows = rows.collect::<Vec<_>>().join(", ");
        let newest = steps.into_iter().next_back();
        Ok(Self {
            body: format!(
                "{LEDGER}\n{sql}\nINSERT INTO __diesel_schema_migrations (version) VALUES {rows};"
            ),
            newest: newest.map(|step| step.version).unwrap_or_default(),
        })
    }

    /// The message that makes and registers a tenant.
    pub(crate) fn tenant(&self, name: &str) -> String {
        let register = format!(
            "INSERT INTO public.schema_tracker (name, version, migrated_at) \
             VALUES ('{name}', '{}', now());",
            self.newest
        );
        self.message(name, &register)
    }

    /// The message that creates a schema without a tenant.
    pub(crate) fn spare(&self, name: &str) -> String {
        self.message(name, "")
    }

    fn message(&self, name: &str, register: &str) -> String {
        format!(
            "BEGIN; CREATE SCHEMA {name}; SET LOCAL search_path TO {name};\n{}\n{register} COMMIT",
            self.body
        )
    }
}

/// The SQL that applies the newest migration, without the tenant's name.
pub(super) struct Step(workload::Step);

impl Step {
    /// The newest.
    pub(super) fn newest() -> anyhow::Result<Self> {
        let newest = workload::steps(Extent::All)?.pop();
        newest
            .map(Self)
            .ok_or_else(|| anyhow::anyhow!("there is no migration"))
    }

    /// The message for a tenant.
    pub(super) fn message(&self, name: &str) -> String {
        let workload::Step { version, sql } = &self.0;
        format!(
            "BEGIN; SET LOCAL search_path TO {name};\n{sql}\n\
             INSERT INTO __diesel_schema_migrations (version) VALUES ('{version}');\n\
             UPDATE public.schema_tracker SET version = '{version}', migrated_at = now() \
             WHERE name = '{name}'; COMMIT"
        )
    }
}
