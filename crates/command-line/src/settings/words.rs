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
            name if name.starts_with("database.") => "(of the project's own server)",
            "migrations.public" => "(the program's, else migrations/public)",
            "migrations.tenant" => "(the program's, else migrations/tenant)",
            "schema.public" | "schema.tenant" => "(from Diesel's configuration)",
            "defaults.jobs" => "(8, or as many as the server has free)",
            "defaults.max_failures" => "(no limit)",
            name if name.starts_with("lint.") => "(from lint.toml)",
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
