//! [`tenant_enum!`](crate::tenant_enum): enums that every tenant has for itself.

/// Declares a Rust enum, and the Diesel type of a PostgreSQL enum that every
/// tenant has in its own schema.
///
/// ```
/// tenant_core::tenant_enum! {
///     /// The progress of a task.
///     pub enum Progress: TaskProgress = "task_progress" {
///         /// It has not started.
///         Open = "open",
///         /// It is done.
///         Done = "done",
///     }
/// }
///
/// diesel::table! {
///     use diesel::sql_types::*;
///     use super::TaskProgress;
///
///     tasks (id) {
///         id -> Integer,
///         progress -> TaskProgress,
///     }
/// }
/// # fn main() {
/// use diesel::prelude::*;
/// let done = tasks::table.filter(tasks::progress.eq_any([Progress::Done]));
/// # let _ = done;
/// # }
/// ```
///
/// The first line names the Rust enum, Diesel's type, and after the `=` PostgreSQL's type. Each
/// variant has its label. The labels must match the migration: `CREATE TYPE task_progress AS ENUM
/// ('open', 'done')`. Reading an undeclared label is an error.
///
/// # When Diesel's own derive works
///
/// A connection of a [`TenantPool`](crate::TenantPool) always sends the tenant's own type. Other
/// connections that serve several tenants do not. They look up a type with
/// `#[diesel(postgres_type(name = "task_progress"))]` once and keep it. For the second tenant,
/// PostgreSQL then refuses the values: `column "progress" is of type task_progress but expression
/// is of type acme.task_progress`. This macro sends the OID 0, and PostgreSQL takes the type from
/// the context: a column, an array comparison (`eq_any`), an insert. Without such a context, as in
/// a `CASE` of two values, cast in SQL.
///
/// # Limits
///
/// With `table!`, the enum must be `pub`. To keep it private, put it into a private module. Arrays
/// need PostgreSQL 14 or later.
#[macro_export]
macro_rules! tenant_enum {
    (
        $(#[$about:meta])*
        $visibility:vis enum $rust:ident: $sql:ident = $name:literal {
            $( $(#[$about_variant:meta])* $variant:ident = $label:literal ),+ $(,)?
        }
    ) => {
        #[doc = concat!("PostgreSQL's type `", $name, "` in Diesel's words, for `table!`.")]
        #[derive(Debug, Clone, Copy, Default)]
        $visibility struct $sql;

        impl ::diesel::sql_types::SqlType for $sql {
            type IsNull = ::diesel::sql_types::is_nullable::NotNull;
            const IS_ARRAY: bool = false;
        }

        impl ::diesel::sql_types::SingleValue for $sql {}

        impl ::diesel::query_builder::QueryId for $sql {
            type QueryId = Self;
            const HAS_STATIC_QUERY_ID: bool = true;
        }

        impl ::diesel::sql_types::HasSqlType<$sql> for ::diesel::pg::Pg {
            fn metadata(_: &mut Self::MetadataLookup) -> ::diesel::pg::PgTypeMetadata {
                ::diesel::pg::PgTypeMetadata::new(0, 0)
            }
        }

        $(#[$about])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash,
            ::diesel::expression::AsExpression, ::diesel::deserialize::FromSqlRow,
        )]
        #[diesel(sql_type = $sql)]
        $visibility enum $rust {
            $( $(#[$about_variant])* $variant, )+
        }

        impl ::diesel::serialize::ToSql<$sql, ::diesel::pg::Pg> for $rust {
            fn to_sql<'b>(
                &'b self,
                out: &mut ::diesel::serialize::Output<'b, '_, ::diesel::pg::Pg>,
            ) -> ::diesel::serialize::Result {
                let label = match self {
                    $( Self::$variant => $label, )+
                };
                ::std::io::Write::write_all(out, label.as_bytes())?;
                Ok(::diesel::serialize::IsNull::No)
            }
        }

        impl ::diesel::deserialize::FromSql<$sql, ::diesel::pg::Pg> for $rust {
            fn from_sql(
                value: ::diesel::pg::PgValue<'_>,
            ) -> ::diesel::deserialize::Result<Self> {
                let label = ::std::str::from_utf8(value.as_bytes())?;
                $( if label == $label { return Ok(Self::$variant); } )+
                Err(format!(
                    "this program does not know the {} `{label}`",
                    $name
                ).into())
            }
        }
    };
}
