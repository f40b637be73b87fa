//! `completions`: completions for the shell.

use clap::Parser;
use clap_complete::Shell;
use command_line::help::{Example, example};
use command_line::json::Documents;
use command_line::{Common, Context, Script, Verdict, complete};
use schemars::JsonSchema;
use serde::Serialize;

/// Print the script that completes commands in a shell
///
/// The script asks the program at each key press, so it also completes tenants. It finds
/// the database by the options so far, the environment and the settings. If the database
/// does not answer within 2 seconds, no tenant is completed.
#[derive(Debug, Parser)]
#[command(name = "completions", version)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,

    #[command(flatten)]
    common: Common,
}

/// The script that completes commands.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CompletionScript")]
struct Document {
    /// The shell.
    shell: String,
    /// The script.
    script: String,
}

impl Script for Completions {
    const EXAMPLES: &'static [Example] = &[example("bash", "print the script for bash")];

    /// A shell that starts in a folder with a mistake in its settings is to start.
    const READS_SETTINGS: bool = false;

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Document>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let called = std::env::args_os().next().unwrap_or_default();
        let commands = context.program().commands;
        let commands = commands.map_or_else(Vec::new, |commands| commands());
        let scripts = commands
            .iter()
            .map(|command| complete::script(self.shell, command.get_name(), &called));
        let document = Document {
            shell: self.shell.to_string(),
            script: scripts.collect::<anyhow::Result<String>>()?,
        };
        context.output.answer(&document, &document.script)?;
        Ok(Verdict::Done)
    }
}
