//! The JSON Schemas in `docs/json-schema`: what commands may print with `--json`.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::{LazyLock, Mutex};

use jsonschema::Validator;
use serde_json::Value;

/// The schemas that were read, by the name of their file.
static READ: LazyLock<Mutex<HashMap<String, &'static Validator>>> = LazyLock::new(Mutex::default);

/// Which program's schema is in which file.
static INDEX: LazyLock<Value> = LazyLock::new(|| file("index"));

/// What is wrong with the document that a command has printed.
pub fn violations(line: &str, document: &Value) -> Vec<String> {
    let name = name_of(line);
    let errors = schema(&name).iter_errors(document);
    let errors = errors.map(|error| format!("{} at `{}`", error, error.instance_path()));
    errors
        .map(|error| format!("docs/json-schema/{name}.json: {error}"))
        .collect()
}

/// The file with the schema of this command line. A command that is unknown can only fail.
fn name_of(line: &str) -> String {
    let mut words = line.split_whitespace();
    let program = words.next().unwrap_or_default();
    let commands = INDEX.as_object().unwrap();
    let found = match program {
        "tenants" => words.find(|word| commands.contains_key(*word)),
        program => {
            let mut commands = commands.iter();
            let runs = |about: &Value| {
                let programs = about["programs"].as_array().unwrap();
                programs.iter().any(|name| name == program)
            };
            let found = commands.find(|(_, about)| runs(about));
            found.map(|(name, _)| name.as_str()).or(Some(program))
        }
    };
    found.unwrap_or("failure").to_owned()
}

fn schema(name: &str) -> &'static Validator {
    let mut read = READ.lock().unwrap();
    read.entry(name.to_owned()).or_insert_with(|| {
        let options = jsonschema::options().should_validate_formats(true);
        // They are few, and last as long as the tests.
        Box::leak(Box::new(options.build(&file(name)).unwrap()))
    })
}

fn file(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/json-schema");
    let path = folder.join(format!("{name}.json"));
    let text = fs::read_to_string(&path);
    let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_command_line_leads_to_the_schema_of_its_command() {
        for (line, name) in [
            ("tenants --json list", "list"),
            ("tenants migrate --public --json", "migrate"),
            ("migrate-public --json", "migrate"),
            ("demo-tenant-schema --json", "demo-tenant-schema"),
            ("tenants creat --json", "failure"),
            ("tenants", "failure"),
        ] {
            assert_eq!(name_of(line), name, "{line}");
        }
    }

    #[test]
    fn a_key_too_many_too_few_or_of_another_type_is_seen() {
        let right = json!({ "schema_version": 1, "tenant": "acme", "url": "postgres://h/d" });
        assert!(violations("tenants url acme", &right).is_empty());
        for (pointer, value) in [
            ("tenant", json!(1)),
            ("url", Value::Null),
            ("schema_version", json!(2)),
            ("password", json!("x")),
        ] {
            let mut wrong = right.clone();
            wrong[pointer] = value;
            assert!(
                !violations("tenants url acme", &wrong).is_empty(),
                "{pointer}"
            );
        }
        let mut without = right.clone();
        without.as_object_mut().unwrap().remove("tenant");
        assert!(!violations("tenants url acme", &without).is_empty());
    }
}
