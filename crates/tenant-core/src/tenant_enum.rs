//! [`tenant_enum!`](crate::tenant_enum): enums that every tenant has for itself.

/// Declares a Rust enum, and the Diesel type of a PostgreSQL enum that every
/// tenant has in its own schema.
///
/// ```
/// tenant_core::tenant_enum! {
///     /// How far a task is.
///     pub enum Progress: TaskProgress = "task_progress" {
///         /// Nobody works on it.
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
/// Before the `=` of the first line stand the Rust enum and Diesel's type, behind
/// it the type's name in PostgreSQL; behind each variant, its label. The labels
/// are those that a migration creates: `CREATE TYPE task_progress AS ENUM ('open',
/// 'done')`. A label that is not declared is an error when it is read.
///
/// # Where Diesel's own serves as well
///
/// A connection of a [`TenantPool`](crate::TenantPool) sends each tenant's own type, however
/// Diesel was told of it. On any other connection that serves several tenants, it doesn't:
/// a type with `#[diesel(postgres_type(name = "task_progress"))]` is looked up
/// once for each connection and then kept. For the second tenant on the same
/// connection that is the first tenant's type, and PostgreSQL refuses its values:
/// `column "progress" is of type task_progress but expression is of type
/// acme.task_progress`. This one says nothing of its type (OID 0), and PostgreSQL
/// takes it from where the value stands: beside a column, in an array that is
/// compared with one (`eq_any`), in an insert. Where there is no such place, as in
/// a `CASE` of two values, cast in SQL.
///
/// # What to mind
///
/// With `table!` the enum has to be `pub`; a private module around it keeps it
/// inside. Arrays are accepted from PostgreSQL 14 on.
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
