//! `completions`: completions for the shell.

use clap::Parser;
use clap_complete::{Shell, generate};
use command_line::{Common, Context, Script, Verdict};
use serde::Serialize;

/// Print completions of all commands for a shell
///
/// For example in bash: source <(cargo xtask completions bash)
///
/// With --json: shell, script.
#[derive(Debug, Parser)]
#[command(name = "completions", version)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,

    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Document {
    shell: String,
    script: String,
}

impl Script for Completions {
    fn common(&self) -> &Common {
        &self.common
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let mut text = Vec::new();
        let commands = context.program().commands;
        for mut command in commands.map_or_else(Vec::new, |commands| commands()) {
            let name = command.get_name().to_owned();
            generate(self.shell, &mut command, name, &mut text);
        }
        let document = Document {
            shell: self.shell.to_string(),
            script: String::from_utf8(text)?,
        };
        context.output.answer(&document, &document.script)?;
        Ok(Verdict::Done)
    }
}
