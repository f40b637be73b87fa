//! [`Documents`]: the JSON Schema of what a command prints with `--json`.
//!
//! Schemas come from the types that are serialized, so they have the same keys. The comments of
//! the types are the descriptions. An object may have no other key: a reader that a key is new
//! for gets the schema of the new version, too.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::{Failure, SCHEMA_VERSION};

/// The key with the version, in documents and in their schemas.
const VERSION: &str = "schema_version";

/// The schema of a command.
#[derive(Debug)]
pub struct CommandSchema {
    /// The command, as it is called.
    pub command: String,
    /// The JSON Schema of what it prints.
    pub schema: Value,
}

/// The documents that a command can print.
#[derive(Debug)]
pub struct Documents {
    generator: SchemaGenerator,
    /// What each of them is, by reference.
    each: Vec<Value>,
}

impl Documents {
    /// That of a command that fails: every command can print it.
    #[must_use]
    pub fn of_failure() -> Self {
        let settings = SchemaSettings::draft2020_12().for_serialize();
        let none = Self {
            generator: settings.into_generator(),
            each: Vec::new(),
        };
        none.or::<Failure>()
    }

    /// The same, and documents of this type.
    #[must_use]
    pub fn or<T: JsonSchema>(mut self) -> Self {
        let reference = self.generator.subschema_for::<T>();
        let name = T::schema_name();
        let definition = self.generator.definitions_mut().get_mut(name.as_ref());
        if let Some(Value::Object(definition)) = definition {
            add_version(definition);
        }
        self.each.push(reference.into());
        self
    }

    /// The same, and documents whose schema others have published at this address.
    #[must_use]
    pub fn or_of_others(mut self, address: &str) -> Self {
        self.each.push(json!({ "$ref": address }));
        self
    }

    /// Their schema. The text of `comment` says what prints them.
    #[must_use]
    pub fn schema(mut self, comment: &str) -> Value {
        let definitions = self.generator.take_definitions(true);
        // The document of success comes first for readers of the schema.
        self.each.rotate_left(1);
        let mut schema = Schema::from(Map::from_iter([
            (
                "$schema".to_owned(),
                json!("https://json-schema.org/draft/2020-12/schema"),
            ),
            ("description".to_owned(), json!(comment)),
            ("anyOf".to_owned(), Value::Array(self.each)),
            ("$defs".to_owned(), Value::Object(definitions)),
        ]));
        RecursiveTransform(exact).transform(&mut schema);
        schema.into()
    }
}

/// The version is the first key of a document.
fn add_version(definition: &mut Map<String, Value>) {
    let version = json!({
        "description": "Version of the form of all documents.",
        "type": "integer",
        "const": SCHEMA_VERSION,
    });
    if let Some(Value::Object(properties)) = definition.get_mut("properties") {
        let others = std::mem::take(properties);
        properties.insert(VERSION.to_owned(), version);
        properties.extend(others);
    }
    if let Some(Value::Array(required)) = definition.get_mut("required") {
        required.insert(0, json!(VERSION));
    }
}

/// An object has no other keys. A description is one line. What the size of an integer is called in Rust is no format that
/// validators know.
fn exact(schema: &mut Schema) {
    let Some(parts) = schema.as_object_mut() else {
        return;
    };
    let is_open = |key| !parts.contains_key(key);
    if parts.contains_key("properties") && is_open("additionalProperties") {
        parts.insert("additionalProperties".to_owned(), json!(false));
    }
    // A comment's lines are as long as lines of code may be.
    if let Some(Value::String(description)) = parts.get_mut("description") {
        *description = description.split('\n').collect::<Vec<_>>().join(" ");
    }
    let format = parts.get("format").and_then(Value::as_str);
    if format.is_some_and(|format| format != "date-time") {
        parts.remove("format");
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    /// A list.
    #[derive(Serialize, JsonSchema)]
    struct Listed {
        /// How many there are.
        count: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        node: Option<Option<String>>,
    }

    #[test]
    fn a_schema_has_the_keys_of_the_type_and_the_version() {
        let schema = Documents::of_failure().or::<Listed>().schema("A test.");
        assert_eq!(schema["anyOf"][0]["$ref"], "#/$defs/Listed");
        assert_eq!(schema["anyOf"][1]["$ref"], "#/$defs/Failure");
        let listed = &schema["$defs"]["Listed"];
        assert_eq!(listed["required"], json!(["schema_version", "count"]));
        assert_eq!(listed["additionalProperties"], false);
        assert_eq!(listed["properties"]["schema_version"]["const"], 1);
        let count =
            json!({ "description": "How many there are.", "type": "integer", "minimum": 0 });
        assert_eq!(listed["properties"]["count"], count);
        let node = &listed["properties"]["node"]["type"];
        assert_eq!(node, &json!(["string", "null"]));
    }

    #[test]
    fn an_error_has_the_keys_of_a_message_and_no_other() {
        let schema = Documents::of_failure().schema("A test.");
        let error = &schema["$defs"]["Error"];
        let keys = error["properties"].as_object().unwrap().keys();
        let keys = keys.map(String::as_str).collect::<Vec<_>>();
        let message = [
            "message", "notes", "hint", "sqlstate", "file", "line", "column",
        ];
        assert_eq!(keys, [&message[..], &["migration", "statement"]].concat());
        assert_eq!(error["additionalProperties"], false);
    }
}
