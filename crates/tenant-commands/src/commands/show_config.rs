//! `show-config`: shows the settings in force, and where each comes from.

use std::num::NonZeroUsize;

use clap::Parser;
use command_line::columns::columns;
use command_line::help::{Example, example};
use command_line::json::Documents;
use command_line::options::{Failures, Locking, Transactions};
use command_line::output::shown;
use command_line::settings::{Setting, Values};
use command_line::{Common, Context, Hint, Message, Script, Verdict, at_least_one};
use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::remedy::Command;

/// Show the settings in force and where each comes from
///
/// The command looks for each setting in this order: options, environment variables, .env,
/// tenants.toml, default. It accepts the options of other commands, so you can see their
/// effect. Passwords are hidden, and no connection is made.
#[derive(Debug, Parser)]
#[command(name = "show-config", version)]
pub struct ShowConfig {
    /// Application's role [env: TENANT_APP_ROLE]
    #[arg(long, value_name = "ROLE")]
    app_role: Option<String>,

    /// Tenants at a time [default: up to 8]
    #[arg(long, value_name = "N", value_parser = at_least_one, hide_short_help = true)]
    jobs: Option<NonZeroUsize>,

    #[command(flatten)]
    failures: Failures,

    #[command(flatten)]
    locking: Locking,

    #[command(flatten)]
    transactions: Transactions,

    #[command(flatten)]
    common: Common,
}

/// The settings in force.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SettingsInForce")]
struct Document {
    /// The settings file. Null if there is none.
    file: Option<String>,
    /// The settings, in the order of the file.
    settings: Vec<Setting>,
}

impl Script for ShowConfig {
    const EXAMPLES: &'static [Example] = &[example("", "show every setting")];

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Document>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let values = Values {
            app_role: self.app_role,
            jobs: self.jobs.map(NonZeroUsize::get),
            max_failures: self.failures.most(),
            settings: self.transactions.settings(self.locking.settings()),
        };
        let file = context.settings().file();
        let document = Document {
            file: file.map(|file| file.display().to_string()),
            settings: context.in_force(&values)?,
        };
        context.output.answer(&document, &text(&document))?;
        if document.settings.iter().any(is_path_to_check) {
            let check = context.invocation().call(&Command::CheckTenants);
            let note = Message::note("a schema in path.behind must not be a tenant's or a spare");
            let hint = Hint::new("Check the tenants to find such a schema.").run(check);
            context.output.say(&note.hints([hint]));
        }
        Ok(Verdict::Done)
    }
}

/// Whether it names schemas behind the tenants' own, of which the database has to say whose
/// they are. That `public` is no tenant's is known.
fn is_path_to_check(setting: &Setting) -> bool {
    let mut schemas = setting.value.as_array().into_iter().flatten();
    setting.name == "path.behind" && schemas.any(|schema| schema != "public")
}

fn text(document: &Document) -> String {
    let file = match &document.file {
        Some(file) => format!("Settings of {}:", shown(file)),
        None => "There is no tenants.toml here or above.".to_owned(),
    };
    let rows = document.settings.iter().map(|setting| {
        [
            setting.name.to_owned(),
            shown(&setting.shown()).into_owned(),
            shown(&setting.from).into_owned(),
        ]
    });
    let rows = columns(["Setting", "Value", "From"], rows);
    format!("{file}\n{rows}")
}
