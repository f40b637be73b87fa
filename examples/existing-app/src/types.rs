//! PostgreSQL's enums for Diesel.
//!
//! `plan` and `visibility` are in `public`. Each organization has its own
//! `member_role`.

use std::io::Write as _;

use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgTypeMetadata, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{IsNull, Output, ToSql};
use diesel::sql_types::{HasSqlType, SingleValue, SqlType, is_nullable};
use serde::{Deserialize, Serialize};

/// `public.plan`.
#[derive(Debug, Clone, Copy, SqlType, QueryId)]
#[diesel(postgres_type(name = "plan"))]
pub struct PlanType;

/// `public.visibility`.
#[derive(Debug, Clone, Copy, SqlType, QueryId)]
#[diesel(postgres_type(name = "visibility"))]
pub struct VisibilityType;

/// `member_role` in the schema of the organization.
#[derive(Debug, Clone, Copy, QueryId)]
pub struct MemberRoleType;

impl SqlType for MemberRoleType {
    type IsNull = is_nullable::NotNull;
    const IS_ARRAY: bool = false;
}

impl SingleValue for MemberRoleType {}

/// Diesel looks up a type once per connection, but the next organization on the
/// connection has another type with this name. With OID 0 PostgreSQL infers the type.
impl HasSqlType<MemberRoleType> for Pg {
    fn metadata(_: &mut Self::MetadataLookup) -> PgTypeMetadata {
        PgTypeMetadata::new(0, 0)
    }
}

/// The plan of an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow, Serialize, Deserialize)]
#[diesel(sql_type = PlanType)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Plan {
    Free,
    Team,
    Business,
}

/// Who can see a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow, Serialize, Deserialize)]
#[diesel(sql_type = VisibilityType)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Visibility {
    Private,
    Team,
    Link,
}

/// What a member can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow, Serialize, Deserialize)]
#[diesel(sql_type = MemberRoleType)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MemberRole {
    Owner,
    Editor,
    Viewer,
}

/// Implements reading and writing of an enum by its labels.
macro_rules! labels {
    ($rust:ident: $sql:ident { $( $variant:ident = $label:literal ),+ }) => {
        impl ToSql<$sql, Pg> for $rust {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> diesel::serialize::Result {
                let label = match self {
                    $( Self::$variant => $label, )+
                };
                out.write_all(label.as_bytes())?;
                Ok(IsNull::No)
            }
        }

        impl FromSql<$sql, Pg> for $rust {
            fn from_sql(value: PgValue<'_>) -> diesel::deserialize::Result<Self> {
                match std::str::from_utf8(value.as_bytes())? {
                    $( $label => Ok(Self::$variant), )+
                    other => Err(format!("unknown label `{other}`").into()),
                }
            }
        }
    };
}

labels!(Plan: PlanType { Free = "free", Team = "team", Business = "business" });
labels!(Visibility: VisibilityType { Private = "private", Team = "team", Link = "link" });
labels!(MemberRole: MemberRoleType { Owner = "owner", Editor = "editor", Viewer = "viewer" });
