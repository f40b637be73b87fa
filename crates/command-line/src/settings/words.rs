//! Settings as people read them.

use serde_json::Value;

use super::Setting;

impl Setting {
    /// The value on one line; what holds instead, in parentheses, if there is none.
    #[must_use]
    pub fn shown(&self) -> String {
        match &self.value {
            Value::Null => self.without_value().to_owned(),
            Value::Array(values) if values.is_empty() => "(none)".to_owned(),
            Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
            value => text(value),
        }
    }

    fn without_value(&self) -> &'static str {
        match self.name {
            "database_url" => "(the project's own server)",
            "migrations.public" | "migrations.tenant" => "(those of the program)",
            "schema.public" | "schema.tenant" => "(as Diesel is configured)",
            "defaults.jobs" => "(8, or what the server has left)",
            "defaults.max_failures" => "(no limit)",
            name if name.starts_with("lint.") => "(as lint.toml says)",
            _ => "(none)",
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}
