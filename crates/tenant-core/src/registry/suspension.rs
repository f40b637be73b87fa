//! [`Suspension`]: what is kept of a tenant that is not served, and the statements that write it.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value};
use sql_text::literal;

use super::columns::{Column, Columns};
use super::{List, Registry};
use crate::TenantName;

/// The channel on which programs tell each other of a tenant that is suspended or served again.
pub(crate) const CHANNEL: &str = "diesel_tenants";

/// The longest text that a notification carries, in bytes.
///
/// Source: PostgreSQL manual, `NOTIFY`: "must be shorter than 8000 bytes".
const LONGEST: usize = 7_999;

/// Why a tenant is not served, and until when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Suspension {
    /// When it began; `None` if it was written by hand without a time.
    pub since: Option<DateTime<Utc>>,
    /// The person or program that suspended the tenant.
    pub by: Option<String>,
    /// The reason.
    pub reason: Option<String>,
    /// When it ends without a call; `None` if it lasts until
    /// [`Tenants::resume`](crate::Tenants::resume).
    pub until: Option<DateTime<Utc>>,
}

impl Suspension {
    /// What the list keeps, if that is a suspension: any object is one, with the fields that can
    /// be read.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let Ok(Value::Object(fields)) = serde_json::from_str(text) else {
            return None;
        };
        let field = |name: &str| fields.get(name).and_then(Value::as_str);
        let time = |name: &str| {
            let time = DateTime::parse_from_rfc3339(field(name)?).ok()?;
            Some(time.with_timezone(&Utc))
        };
        Some(Self {
            since: time("since"),
            by: field("by").map(str::to_owned),
            reason: field("reason").map(str::to_owned),
            until: time("until"),
        })
    }

    /// The same as it is kept.
    pub(crate) fn text(&self) -> String {
        let time = |time: Option<DateTime<Utc>>| {
            time.map(|time| time.to_rfc3339_opts(SecondsFormat::Micros, true))
        };
        let fields = [
            ("since", time(self.since)),
            ("by", self.by.clone()),
            ("reason", self.reason.clone()),
            ("until", time(self.until)),
        ];
        let fields = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?))));
        Value::Object(fields.collect::<Map<_, _>>()).to_string()
    }

    /// Whether it has not ended.
    pub(crate) fn holds_at(&self, now: DateTime<Utc>) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

impl Registry {
    /// Whether the list keeps suspensions. A table that belongs to the application does not.
    pub(crate) fn keeps_suspensions(&self) -> bool {
        let is_ours = self.is_plain() || self.is_query();
        is_ours && self.columns(List::Tenants).has(Column::Suspension)
    }

    /// Whether the public migrations of this registry add the column of suspensions.
    pub(crate) fn can_keep_suspensions(&self) -> bool {
        self.is_plain() || self.is_query()
    }

    /// An expression of type `jsonb`: what a row under the name `alias` says of a suspension.
    pub(super) fn suspension_of_row(&self, columns: Columns, alias: &str) -> String {
        if self.is_query() {
            return format!("{alias}.suspension");
        }
        match (self.is_plain(), columns.has(Column::Suspension)) {
            (false, _) => "NULL::jsonb".to_owned(),
            (true, true) => format!("{alias}.suspension"),
            // A pool may be opened without looking at the columns.
            (true, false) => format!("(pg_catalog.to_jsonb({alias}) -> 'suspension')"),
        }
    }

    /// The query for a tenant, whose name is its parameter: the schema, the suspension, the time,
    /// and the role.
    pub(crate) fn suspension(&self) -> String {
        let rows = self.rows("t");
        format!(
            "SELECT {}::text, {}::text, pg_catalog.now(), session_user::text \
             FROM {} WHERE {} = $1 LIMIT 1",
            rows.schema, rows.suspension, rows.from, rows.key
        )
    }

    /// The statement that writes a suspension, and tells other programs of it when it is committed.
    /// The parameters are the tenant's name, the suspension as text or null, what is told, and,
    /// for a query, the schema. It gives the name of each row that was written.
    pub(crate) fn suspend(&self) -> String {
        let place = self.place(List::Tenants);
        let (table, key) = (&place.table, &place.key);
        let write = match self.is_query() {
            false => format!("UPDATE {table} SET suspension = $2::jsonb WHERE {key} = $1"),
            true => format!(
                "INSERT INTO {table} ({key}, schema, suspension) VALUES ($1, $4, $2::jsonb) \
                 ON CONFLICT ({key}) DO UPDATE SET suspension = EXCLUDED.suspension"
            ),
        };
        format!(
            "WITH written AS ({write} RETURNING {key}::text AS key) \
             SELECT key, pg_catalog.pg_notify({}, $3)::text FROM written",
            literal(CHANNEL)
        )
    }
}

/// What other programs are told of a tenant: its name, or nothing if that is too long.
pub(crate) fn told(name: &TenantName) -> &str {
    match name.as_str() {
        text if text.len() <= LONGEST => text,
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again_and_what_a_person_wrote_as_far_as_it_can_be() {
        let suspension = Suspension {
            since: DateTime::from_timestamp_micros(1_800_000_000_123_456),
            by: Some("ops".to_owned()),
            reason: Some("it's \"unpaid\"".to_owned()),
            until: DateTime::from_timestamp_micros(1_900_000_000_000_000),
        };
        assert_eq!(Suspension::read(&suspension.text()), Some(suspension));
        assert_eq!(Suspension::read("{}"), Some(Suspension::default()));
        let by_hand = Suspension::read(r#"{"until": "soon", "reason": "moved", "by": 7}"#);
        let expected = Suspension {
            reason: Some("moved".to_owned()),
            ..Suspension::default()
        };
        assert_eq!(by_hand, Some(expected));
        for none in ["null", "true", "\"x\"", "[]", ""] {
            assert_eq!(Suspension::read(none), None, "{none}");
        }
    }

    #[test]
    fn a_suspension_ends_at_its_time() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let suspension = Suspension {
            until: Some(at(100)),
            ..Suspension::default()
        };
        assert!(suspension.holds_at(at(99)));
        assert!(!suspension.holds_at(at(100)));
        assert!(Suspension::default().holds_at(at(i64::from(i32::MAX))));
    }
}
