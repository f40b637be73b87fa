//! The keys of each document, as the schemas have them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::page::{Cell, Page, code, table};

/// More codes than these are on a page of their own.
const FEW: usize = 12;

/// A definition, by its name.
type Definitions = BTreeMap<String, Value>;

#[test]
fn the_page_of_documents_has_every_key() {
    let all = documents();
    let shared = shared(&all);
    let page = Page::read("json");
    let page = page.with("shared", &sections(shared.iter()));
    let mut text = String::new();
    for group in &diesel_tenants::GROUPS {
        for one in group
            .subcommands
            .iter()
            .filter(|one| one.name != "json-schema")
        {
            let own = all[one.name].iter();
            let own = own.filter(|(name, _)| !shared.contains_key(name));
            let own = own.collect::<Vec<_>>();
            text.push_str(&format!(
                "### {}\n\n{}",
                one.name,
                sections(own.into_iter())
            ));
        }
    }
    page.with("documents", &text).is_as_the_code_says();
}

#[test]
fn the_page_of_documents_has_every_status() {
    let rows = tenant_core::Status::CODES.iter();
    let rows = rows.map(|status| vec![code(status), Cell::ByHand]);
    let page = Page::read("json");
    let page = page.with_table("status", &rows.collect::<Vec<_>>());
    page.is_as_the_code_says();
}

/// An example that is not what a command prints misleads more than none.
#[test]
fn the_examples_of_the_page_are_as_the_schemas_say() {
    let page = std::fs::read_to_string(
        crate::support::repository().join("docs/book/src/reference/json.md"),
    );
    let page = page.unwrap();
    let blocks = page.split("```json\n").skip(1);
    let blocks = blocks.map(|rest| rest.split("```").next().unwrap());
    let mut examples = 0;
    for block in blocks {
        let document = serde_json::from_str::<Value>(block).unwrap();
        let line = "tenants list --json";
        assert_eq!(
            test_support::violations(line, &document),
            [""; 0],
            "{block}"
        );
        examples += 1;
    }
    assert!(examples > 0);
}

#[test]
fn types_of_one_name_have_the_same_keys() {
    let mut known = Definitions::new();
    for (command, definitions) in documents() {
        for (name, definition) in definitions {
            let other = known.insert(name.clone(), definition.clone());
            let is_same = other.is_none_or(|other| other == definition);
            assert!(is_same, "{command}: two types are called {name}");
        }
    }
}

/// Strict validators refuse a schema with a format that they do not know. And
/// `additionalProperties` sees no key of a neighbor.
#[test]
fn schemas_have_nothing_that_strict_validators_refuse() {
    for one in diesel_tenants::schemas() {
        walk(&one.schema, &mut |parts| {
            let format = parts.get("format").and_then(Value::as_str);
            assert!(
                format.is_none_or(|format| format == "date-time"),
                "{}: {format:?}",
                one.command
            );
            // Some validators apply the format to null, too.
            let is_one = parts.get("type").is_none_or(Value::is_string);
            assert!(format.is_none() || is_one, "{}: {parts:?}", one.command);
            let is_closed = parts.contains_key("additionalProperties");
            for beside in ["allOf", "oneOf", "anyOf", "$ref"] {
                let both = is_closed && parts.contains_key(beside);
                assert!(!both, "{}: {parts:?}", one.command);
            }
        });
    }
}

fn walk(schema: &Value, visit: &mut dyn FnMut(&Map<String, Value>)) {
    match schema {
        Value::Object(parts) => {
            visit(parts);
            parts.values().for_each(|part| walk(part, visit));
        }
        Value::Array(parts) => parts.iter().for_each(|part| walk(part, visit)),
        _ => {}
    }
}

/// The objects of each command's documents, in the order of the schema.
fn documents() -> BTreeMap<String, Vec<(String, Value)>> {
    let schemas = diesel_tenants::schemas().into_iter();
    let all = schemas.map(|one| {
        let definitions = one.schema["$defs"].as_object().unwrap().clone();
        let documents = one.schema["anyOf"].as_array().unwrap();
        let mut order = Vec::new();
        for document in documents {
            follow(document, &definitions, &mut order);
        }
        let objects = order.into_iter().map(|name| {
            let definition = definitions[&name].clone();
            (name, definition)
        });
        (one.command, objects.collect())
    });
    all.collect()
}

/// Collects the names of the objects that a schema leads to, each once.
fn follow(schema: &Value, definitions: &Map<String, Value>, order: &mut Vec<String>) {
    let Some(name) = referred(schema) else {
        match schema {
            Value::Object(parts) => parts.values().for_each(|it| follow(it, definitions, order)),
            Value::Array(parts) => parts.iter().for_each(|it| follow(it, definitions, order)),
            _ => {}
        }
        return;
    };
    let definition = definitions
        .get(name)
        .filter(|it| it["properties"].is_object());
    if let Some(definition) = definition
        && !order.iter().any(|known| known == name)
    {
        order.push(name.to_owned());
        follow(&definition["properties"], definitions, order);
    }
}

/// The objects in documents of several commands.
fn shared(all: &BTreeMap<String, Vec<(String, Value)>>) -> Definitions {
    let mut times = BTreeMap::<&str, (usize, &Value)>::new();
    for (name, definition) in all.values().flatten() {
        times.entry(name).or_insert((0, definition)).0 += 1;
    }
    let several = times.into_iter().filter(|(_, (times, _))| *times > 1);
    several
        .map(|(name, (_, definition))| (name.to_owned(), definition.clone()))
        .collect()
}

fn sections<'a>(definitions: impl Iterator<Item = impl Into<Section<'a>>>) -> String {
    definitions.map(|one| section(&one.into())).collect()
}

struct Section<'a> {
    name: &'a str,
    definition: &'a Value,
}

impl<'a> From<(&'a String, &'a Value)> for Section<'a> {
    fn from((name, definition): (&'a String, &'a Value)) -> Self {
        Self { name, definition }
    }
}

impl<'a> From<&'a (String, Value)> for Section<'a> {
    fn from((name, definition): &'a (String, Value)) -> Self {
        Self { name, definition }
    }
}

fn section(section: &Section<'_>) -> String {
    let definition = section.definition;
    let properties = definition["properties"].as_object().unwrap();
    let rows = properties
        .iter()
        .map(|(key, property)| vec![format!("`{key}`"), type_of(property), meaning(property)]);
    let rows = rows.filter(|row| row.first().is_some_and(|key| key != "`schema_version`"));
    let head = ["key", "type", "meaning"].map(str::to_owned);
    let table = table(&head, &rows.collect::<Vec<_>>());
    let about = definition["description"].as_str().unwrap();
    format!("#### {}\n\n{about}\n\n{table}\n", section.name)
}

/// What a value is, in words.
fn type_of(schema: &Value) -> String {
    let null = |word: String, is_null: bool| match is_null {
        true => format!("{word} or null"),
        false => word,
    };
    if let Some(either) = schema["anyOf"].as_array() {
        let others = either.iter().filter(|one| one["type"] != "null");
        let words = others.map(type_of).collect::<Vec<_>>();
        return null(words.join(" or "), words.len() < either.len());
    }
    if let Some(name) = referred(schema) {
        return match name {
            "Version" | "Time" => name.to_lowercase(),
            "Stream" => "text".to_owned(),
            name => format!("[{name}](#{})", name.to_lowercase()),
        };
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.clone(),
        Value::Null => return "any or null".to_owned(),
        one => vec![one.clone()],
    };
    let is_null = types.iter().any(|one| one == "null");
    let words = types.iter().filter_map(|one| match one.as_str()? {
        "string" => Some("text".to_owned()),
        "array" => Some(match type_of(&schema["items"]).as_str() {
            "version" => "list of versions".to_owned(),
            item => format!("list of {item}"),
        }),
        "null" => None,
        word => Some(word.to_owned()),
    });
    null(words.collect::<Vec<_>>().join(" or "), is_null)
}

fn meaning(schema: &Value) -> String {
    let mut text = schema["description"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(!text.is_empty(), "a key without a description: {schema}");
    if referred(schema) == Some("Stream") {
        text.push_str(" One of `public`, `tenant`.");
    }
    if let Some(codes) = schema["enum"].as_array() {
        let codes = codes.iter().filter_map(Value::as_str);
        let codes = codes.map(|code| format!("`{code}`")).collect::<Vec<_>>();
        text.push_str(&match codes.len() {
            few if few <= FEW => format!(" One of {}.", codes.join(", ")),
            _ => " See [Problem kinds](problem-kinds.md).".to_owned(),
        });
    }
    text
}

/// The name of the definition that a schema refers to.
fn referred(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/$defs/")
}
