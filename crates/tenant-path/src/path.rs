//! [`TenantPath`]: the schemas in which a tenant's unqualified names are looked up.

use sql_text::{ident, literal};

use crate::name::{self, InvalidName};

/// What the check says where the path leads elsewhere. PostgreSQL quotes it in its error.
pub(crate) const ELSEWHERE: &str = "tenant-path: the search path does not resolve";

/// What a session keeps of rows that it has read, in the tenant before as well.
const ROWS: &str = "DISCARD TEMP; CLOSE ALL";

/// Keeps the path outside the work, for the rest of the transaction.
#[cfg(any(feature = "diesel", feature = "diesel-async"))]
pub(crate) const KEEP_OUTER: &str = "SELECT pg_catalog.set_config('tenant_path.before', \
    pg_catalog.current_setting('search_path'), true)";

/// Sets the path that was kept, for the session.
#[cfg(any(feature = "diesel", feature = "diesel-async"))]
pub(crate) const SET_OUTER: &str = "SELECT pg_catalog.set_config('search_path', \
    pg_catalog.current_setting('tenant_path.before'), false)";

/// The schema of the session's temporary tables, or NULL.
const TEMPORARY: &str = "(SELECT nspname FROM pg_catalog.pg_namespace \
    WHERE oid = pg_catalog.pg_my_temp_schema())";

/// A tenant's schema, and the schemas behind it in `search_path`.
///
/// Names are always quoted in SQL, so they can contain hyphens, quotes and letters of any script.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TenantPath {
    /// The tenant's own first, and each once.
    schemas: Vec<String>,
    keeps_statements: bool,
}

impl TenantPath {
    /// Creates a path with only `schema`: the name as PostgreSQL stores it, without quotes.
    ///
    /// # Errors
    ///
    /// [`InvalidName`] if the name is empty, has more than 63 bytes or a NUL, or is reserved by
    /// PostgreSQL (`pg_*`, `public`, `information_schema`).
    pub fn new(schema: &str) -> Result<Self, InvalidName> {
        Ok(Self {
            schemas: vec![name::of_tenant(schema)?],
            keeps_statements: false,
        })
    }

    /// Adds these schemas behind the others, such as `public`.
    ///
    /// PostgreSQL then looks up missing tables there, without an error.
    ///
    /// # Errors
    ///
    /// [`InvalidName`] as for [`new`](Self::new). `public` is allowed.
    pub fn behind<'a>(
        mut self,
        schemas: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, InvalidName> {
        for schema in schemas {
            let schema = name::behind(schema)?;
            if !self.schemas.contains(&schema) {
                self.schemas.push(schema);
            }
        }
        Ok(self)
    }

    /// Keeps Diesel's prepared statements on the connection.
    ///
    /// By default, work in a tenant first empties Diesel's cache of prepared statements. A
    /// statement that was prepared for another tenant fails (`cached plan must not change result
    /// type`) if its result has other types. Keep the statements if all tenants have the same
    /// version and no own types, or if you have turned the cache off, because emptying it turns it
    /// on.
    #[must_use]
    pub fn keeping_statements(mut self) -> Self {
        self.keeps_statements = true;
        self
    }

    /// Returns the tenant's schema and the schemas behind it, in order, without quotes.
    pub fn schemas(&self) -> impl Iterator<Item = &str> {
        self.schemas.iter().map(String::as_str)
    }

    /// Returns the message that begins a transaction in the tenant, and fails if the path does not
    /// resolve. The message drops the session's temporary tables and closes its cursors, which
    /// contain rows of the previous tenant. It has several statements, so send it with
    /// `batch_execute`. After an error, the transaction is open and failed, so send `ROLLBACK`.
    #[must_use]
    pub fn begin(&self) -> String {
        format!("BEGIN; {}", self.enter())
    }

    /// The same without `BEGIN`.
    pub(crate) fn enter(&self) -> String {
        format!("{ROWS}; {}; {}", self.set_local(), self.check())
    }

    /// Returns the statement that sets the path for the rest of the transaction. PostgreSQL accepts
    /// it even if a schema does not exist, so send [`check`](Self::check) after it.
    ///
    /// Temporary tables are looked up last. Without `pg_temp` in the path, PostgreSQL looks them up
    /// first, so a temporary table could hide the tenant's table with the same name.
    #[must_use]
    pub fn set_local(&self) -> String {
        format!("SET LOCAL search_path TO {}, pg_temp", self.list(ident))
    }

    /// The statement that fails (SQLSTATE 22P02) unless the path resolves to exactly these
    /// schemas, with the session's temporary tables behind them if it has any: each exists,
    /// and the role has `USAGE` on it.
    #[must_use]
    pub fn check(&self) -> String {
        let schemas = format!("ARRAY[{}]::pg_catalog.name[]", self.list(literal));
        let resolved = "pg_catalog.current_schemas(false)";
        let holds = format!("{resolved} IN ({schemas}, {schemas} || {TEMPORARY})");
        require(&holds, ELSEWHERE)
    }

    #[cfg(any(feature = "diesel", feature = "diesel-async"))]
    pub(crate) fn keeps_statements_prepared(&self) -> bool {
        self.keeps_statements
    }

    /// The path as the value of the setting, quoted.
    #[cfg(any(feature = "diesel", feature = "diesel-async"))]
    pub(crate) fn value(&self) -> String {
        self.list(ident)
    }

    fn list(&self, quote: fn(&str) -> String) -> String {
        let names = self.schemas().map(quote);
        names.collect::<Vec<_>>().join(", ")
    }
}

/// The statement that fails and quotes `otherwise` unless `condition` holds.
///
/// The answer of `CASE` is cast, because PostgreSQL casts a constant when it plans.
pub(crate) fn require(condition: &str, otherwise: &str) -> String {
    let otherwise = literal(otherwise);
    format!("SELECT CAST(CASE WHEN {condition} THEN '1' ELSE {otherwise} END AS int)")
}
