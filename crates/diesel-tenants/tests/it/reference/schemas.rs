//! The published schemas in `docs/json-schema`.

use std::collections::BTreeSet;

use command_line::json::Documents;
use serde_json::{Map, Value, json};
use test_support::Folder;

use super::is_as_the_code_says;
use crate::support::{SUBCOMMANDS, repository};

#[test]
fn the_published_schemas_are_what_the_commands_print() {
    for one in diesel_tenants::schemas() {
        let file = format!("docs/json-schema/{}.json", one.command);
        is_as_the_code_says(&file, &text(&one.schema));
    }
    let failure = Documents::of_failure().schema("What a command prints that fails as a whole.");
    is_as_the_code_says("docs/json-schema/failure.json", &text(&failure));
    is_as_the_code_says("docs/json-schema/index.json", &text(&index()));
}

#[test]
fn every_published_schema_is_of_a_command() {
    if std::env::var_os("UPDATE_BOOK").is_some() {
        return;
    }
    let files = repository().join("docs/json-schema").read_dir().unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let others = ["demo-tenant-schema", "failure", "index"];
    let known = SUBCOMMANDS.iter().chain(&others);
    let known = known.map(|name| format!("{name}.json"));
    assert_eq!(
        files.collect::<BTreeSet<_>>(),
        known.collect::<BTreeSet<_>>()
    );
}

#[test]
fn a_schema_is_printed_as_it_is_published() {
    let folder = Folder::new();
    let schemas = diesel_tenants::schemas().into_iter();
    let mut published = schemas.filter(|one| one.command == "list");
    let published = text(&published.next().unwrap().schema);
    for line in [
        "tenants json-schema list",
        "tenants json-schema list --json",
    ] {
        let printed = folder.run(line).succeeds().says_nothing();
        assert_eq!(printed.stdout, published, "{line}");
    }
}

#[test]
fn without_a_command_there_is_the_schema_of_each() {
    let printed = Folder::new().run("tenants json-schema").succeeds();
    let all = printed.foreign_json();
    let names = all.as_object().unwrap().keys();
    assert_eq!(names.collect::<Vec<_>>(), SUBCOMMANDS);
}

#[test]
fn an_unknown_command_is_met_with_those_that_exist() {
    let folder = Folder::new();
    folder
        .run("tenants json-schema lits")
        .exits_with(2)
        .prints_nothing()
        .says("error: there is no command `lits`\n")
        .says("`list`");
    let refused = folder.run("tenants json-schema lits --json").exits_with(2);
    assert_eq!(refused.error_message(), "there is no command `lits`");
}

/// A mistake in the settings of a project is not about the schemas.
#[test]
fn no_project_and_no_database_is_needed() {
    let folder = Folder::new();
    folder.file("tenants.toml", "no = [");
    folder.run("tenants json-schema drop").succeeds();
}

/// Which file has the schema of which program.
fn index() -> Value {
    let groups = diesel_tenants::GROUPS.iter();
    let all = groups.flat_map(|group| group.subcommands);
    let entries = all.map(|one| {
        let about = json!({
            "schema": format!("{}.json", one.name),
            "programs": one.runs(),
        });
        (one.name.to_owned(), about)
    });
    Value::Object(entries.collect::<Map<_, _>>())
}

fn text(document: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(document).unwrap())
}
