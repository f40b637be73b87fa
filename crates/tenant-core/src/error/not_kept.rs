//! [`NotKept`]: what the application's own work must leave as it was.

use thiserror::Error as DeriveError;

use super::Error;
use crate::assertion::Assertion;
use crate::name::Target;
use crate::{ErrorKind, SchemaName, TenantName};

/// A part of a tenant that only this library changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OwnPart {
    /// The schema was dropped or renamed.
    Schema,
    /// The table of applied migrations was dropped, or has other rows.
    History,
    /// The row of this library was changed or deleted.
    Row,
    /// The schema, or the row, exists again after it was dropped.
    Dropped,
}

/// A hook, or the work of [`Tenants::create_with`](crate::Tenants::create_with), changed a part
/// that only this library changes. The transaction was rolled back.
///
/// It is the source of an [`Error::OwnWork`].
#[derive(Debug, Clone, PartialEq, Eq, DeriveError)]
#[error("{}", words(self))]
#[non_exhaustive]
pub struct NotKept {
    /// The tenant.
    pub name: TenantName,
    /// Its schema.
    pub schema: SchemaName,
    /// What was changed.
    pub part: OwnPart,
}

impl NotKept {
    /// The error about the tenant, if `unmet` is a condition of this kind.
    pub(crate) fn of(target: &Target, unmet: Assertion) -> Option<Error> {
        let part = match unmet {
            Assertion::SchemaKept => OwnPart::Schema,
            Assertion::HistoryKept => OwnPart::History,
            Assertion::RowKept => OwnPart::Row,
            Assertion::StaysGone => OwnPart::Dropped,
            _ => return None,
        };
        let (name, schema) = (target.name.clone(), target.schema.clone());
        let it = Self { name, schema, part };
        Some(Error::own_work(ErrorKind::Refused, None, it))
    }
}

fn words(it: &NotKept) -> String {
    let NotKept { name, schema, part } = it;
    let what = match part {
        OwnPart::Schema => format!("dropped or renamed the schema `{schema}`"),
        OwnPart::History => format!("changed the migration history of the schema `{schema}`"),
        OwnPart::Row => "changed or deleted its row in the registry".to_owned(),
        OwnPart::Dropped => format!("created its row or the schema `{schema}` again"),
    };
    format!("tenant `{name}`: the application's own work {what}, and everything was rolled back")
}
