//! `json-schema`: the JSON Schema of what commands print.

use clap::Parser;
use command_line::help::{Example, example};
use command_line::json::{CommandSchema, Documents};
use command_line::{Common, Context, Script, Verdict, exit};
use serde_json::{Map, Value};

/// Where the schema of a schema is published.
const OF_SCHEMAS: &str = "https://json-schema.org/draft/2020-12/schema";

/// Print the JSON Schema of what commands print with --json
///
/// Prints the schema of one command, or one object with the schema of every command. Each
/// schema also has the document of a command that fails. A schema is exact for the version
/// of the program that printed it. A newer version may add keys and codes.
#[derive(Debug, Parser)]
#[command(name = "json-schema", version)]
pub struct JsonSchema {
    /// Name of the command [default: all commands]
    #[arg(value_name = "COMMAND")]
    command: Option<String>,

    #[command(flatten)]
    common: Common,
}

impl Script for JsonSchema {
    const EXAMPLES: &'static [Example] = &[
        example("", "print the schemas of all commands"),
        example("json-schema", "print the schema of one command"),
    ];

    /// It is the same in every project.
    const READS_SETTINGS: bool = false;

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or_of_others(OF_SCHEMAS)
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let schemas = context.program().schemas;
        let schemas = schemas.map_or_else(Vec::new, |schemas| schemas());
        let document = match &self.command {
            Some(command) => one(command, schemas)?,
            None => Value::Object(all(schemas)),
        };
        let text = serde_json::to_string_pretty(&document)?;
        context.output.text(&text)?;
        Ok(Verdict::Done)
    }
}

fn one(command: &str, schemas: Vec<CommandSchema>) -> anyhow::Result<Value> {
    let names = schemas.iter().map(|one| format!("`{}`", one.command));
    let names = names.collect::<Vec<_>>().join(", ");
    let found = schemas.into_iter().find(|one| one.command == command);
    found.map(|one| one.schema).ok_or_else(|| {
        let hint = format!("The commands are {names}.");
        exit::usage(format!("there is no command `{command}`"), hint)
    })
}

fn all(schemas: Vec<CommandSchema>) -> Map<String, Value> {
    let schemas = schemas.into_iter();
    schemas.map(|one| (one.command, one.schema)).collect()
}
