//! What is behind the tenant's schema in the path while an application's queries run.

use crate::name::Schema;
use crate::{InvalidSchemaName, SchemaName};

use sql_text::ident;

use super::{ExtensionsSchema, Path};

/// The schemas that follow a tenant's schema in `search_path` at run time, in order.
///
/// The default is none, so a missing table in a tenant is an error. An application that runs with
/// `"org_x", public` names `public` here. Its queries then find shared tables, types and functions
/// without a schema:
///
/// ```
/// use tenant_core::RuntimePath;
///
/// let path = RuntimePath::behind(["public"])?;
/// assert_eq!(path.of(&"org_x".parse()?), r#""org_x", "public""#);
/// # Ok::<(), tenant_core::InvalidSchemaName>(())
/// ```
///
/// During migrations, the search path contains only the tenant's schema and the
/// [`ExtensionsSchema`], so a migration never changes a table of `public` by mistake.
///
/// # Risks
///
/// If a tenant's schema lacks an unqualified name, the name resolves to the schema behind. If both
/// have a table of the same name, a tenant without its own table reads and writes the shared table
/// without an error. [`Tenants::health`](crate::Tenants::health) lists such tables, and reports
/// each missing table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuntimePath(Vec<ExtensionsSchema>);

impl RuntimePath {
    /// Creates a path with these schemas behind the tenant's schema. Give names as PostgreSQL
    /// stores them, without quotes. Their existence is checked when a pool is opened.
    ///
    /// # Errors
    ///
    /// [`InvalidSchemaName`] if the name is not valid or is reserved for the system. `public` is
    /// allowed.
    pub fn behind<N: Into<String>>(
        schemas: impl IntoIterator<Item = N>,
    ) -> Result<Self, InvalidSchemaName> {
        let schemas = schemas.into_iter().map(|name| {
            let name = name.into();
            match name.parse::<SchemaName>() {
                Err(error) if name != Schema::Public.schema_name() => Err(error),
                _ => Ok(ExtensionsSchema::new(name)),
            }
        });
        schemas.collect::<Result<Vec<_>, _>>().map(Self)
    }

    /// Returns the schemas behind the tenant's schema, in order.
    pub fn schemas(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(ExtensionsSchema::name)
    }

    /// Whether the path contains only the tenant's schema.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the complete path for `schema`, quoted, as a value of `search_path`.
    #[must_use]
    pub fn of(&self, schema: &SchemaName) -> String {
        // A schema is quoted alike whatever it is for.
        Path::at_run_time(Schema::Spare(schema), self).list(ident)
    }

    /// The same with the schema of extensions at the end.
    pub(crate) fn with_extensions(&self, schema: Option<&ExtensionsSchema>) -> Self {
        let schemas = self.0.iter().chain(schema);
        Self(schemas.cloned().collect())
    }

    pub(super) fn as_slice(&self) -> &[ExtensionsSchema] {
        &self.0
    }
}
