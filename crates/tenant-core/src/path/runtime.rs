//! What is behind the tenant's schema in the path while an application's queries run.

use crate::name::Schema;
use crate::{InvalidSchemaName, SchemaName};

use sql_text::ident;

use super::{ExtensionsSchema, Path};

/// The schemas behind a tenant's own in `search_path` at run time, in order.
///
/// By default there are none, so a table that a tenant lacks is an error. An application
/// that has always run with `"org_x", public` names `public` here, and its queries find the
/// shared tables, types and functions without a schema:
///
/// ```
/// use tenant_core::RuntimePath;
///
/// let path = RuntimePath::behind(["public"])?;
/// assert_eq!(path.of(&"org_x".parse()?), r#""org_x", "public""#);
/// # Ok::<(), tenant_core::InvalidSchemaName>(())
/// ```
///
/// While migrations run, the tenant's schema stays alone in the path (but for
/// [`ExtensionsSchema`]), so that a migration never changes a table of `public` by mistake.
///
/// # What it costs
///
/// An unqualified name that a tenant's schema lacks now leads to the schema behind. If both
/// have a table of the same name, a tenant without its own reads and writes the shared one,
/// without an error. [`Tenants::health`](crate::Tenants::health) lists such tables, and
/// reports each table that a tenant lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuntimePath(Vec<ExtensionsSchema>);

impl RuntimePath {
    /// The path with these schemas behind the tenant's own: names as PostgreSQL stores
    /// them, without quotes. Whether they exist is checked when a pool is opened.
    ///
    /// # Errors
    ///
    /// [`InvalidSchemaName`] if PostgreSQL has no such names, or keeps them for itself.
    /// `public` is allowed.
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

    /// The schemas behind the tenant's own, in order.
    pub fn schemas(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(ExtensionsSchema::name)
    }

    /// Whether a tenant's schema is alone in the path.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The whole path of the tenant whose schema is `schema`, quoted, as the value of
    /// `search_path`.
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
