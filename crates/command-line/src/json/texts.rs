//! Texts of a document that have a separate definition in its schema.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// The version of a migration.
#[derive(Debug)]
pub struct VersionText;

/// A moment.
#[derive(Debug)]
pub struct TimeText;

impl JsonSchema for VersionText {
    fn schema_name() -> Cow<'static, str> {
        "Version".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Version of a migration.",
            "type": "string",
            "examples": ["20260102000000"],
        })
    }
}

impl JsonSchema for TimeText {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Time in UTC, as in RFC 3339.",
            "type": "string",
            "format": "date-time",
        })
    }
}
