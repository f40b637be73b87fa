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
/// Names are quoted wherever they become SQL, so hyphens, quotes and letters of any script
/// are fine.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TenantPath {
    /// The tenant's own first, and each once.
    schemas: Vec<String>,
    keeps_statements: bool,
}

impl TenantPath {
    /// The path with `schema` alone in it: the name as PostgreSQL stores it, without quotes.
    ///
    /// # Errors
    ///
    /// [`InvalidName`] if the name is empty, has more than 63 bytes or a NUL, or belongs to
    /// PostgreSQL (`pg_*`, `public`, `information_schema`).
    pub fn new(schema: &str) -> Result<Self, InvalidName> {
        Ok(Self {
            schemas: vec![name::of_tenant(schema)?],
            keeps_statements: false,
        })
    }

    /// The same with these schemas behind the others, such as `public`.
    ///
    /// A table that the tenant lacks is then looked up there, without an error.
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

    /// The same, and what Diesel has prepared on the connection is kept.
    ///
    /// By default work in a tenant begins by emptying Diesel's cache of prepared statements,
    /// because a statement that was prepared for another tenant fails (`cached plan must not
    /// change result type`) if its result has other types there. Keep the statements if all
    /// tenants are at the same version and have no types of their own, or if you have turned
    /// the cache off yourself: emptying it turns it on.
    #[must_use]
    pub fn keeping_statements(mut self) -> Self {
        self.keeps_statements = true;
        self
    }

    /// The tenant's schema and those behind it, in order, without quotes.
    pub fn schemas(&self) -> impl Iterator<Item = &str> {
        self.schemas.iter().map(String::as_str)
    }

    /// The message that begins a transaction in the tenant, and fails if the path does not
    /// resolve. It drops the temporary tables of the session and closes its cursors, which
    /// have rows of the tenant before. It has several statements, so send it by
    /// `batch_execute`. After an error, the transaction is open and failed: send `ROLLBACK`.
    #[must_use]
    pub fn begin(&self) -> String {
        format!("BEGIN; {}", self.enter())
    }

    /// The same without the beginning.
    pub(crate) fn enter(&self) -> String {
        format!("{ROWS}; {}; {}", self.set_local(), self.check())
    }

    /// The statement that sets the path for the rest of the transaction. PostgreSQL accepts
    /// it without an error if a schema does not exist, so send [`check`](Self::check) behind
    /// it.
    ///
    /// Temporary tables are looked up last. PostgreSQL looks them up first unless the path
    /// names `pg_temp`, and then one of them would hide the tenant's table of its name.
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
