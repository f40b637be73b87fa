//! What is in force of the settings that are defaults of options.

use serde_json::{Value, json};
use tenant_settings::duration_text;

use super::in_force::{Setting, Values, setting};
use super::{Origin, Placed};
use crate::Context;

impl Context {
    pub(super) fn of_defaults(&self, values: &Values) -> [Setting; 7] {
        let file = &self.settings().written().defaults;
        let settings = &values.settings;
        let failures = match self.is_given("fail_fast") {
            true => (Some(Origin::Option("--fail-fast")), values.max_failures),
            false => (None, values.max_failures),
        };
        let transaction = match settings.transaction {
            tenant_core::TransactionMode::Migration => "migration",
            _ => "schema",
        };
        let line = |line: Option<usize>| line.map(|line| self.in_file(line));
        let no_download = match self.common().no_download {
            true => Some(Origin::Option("--no-download")),
            false => line(line_of(file.no_download.as_ref())),
        };
        [
            self.default_of(
                "defaults.jobs",
                "--jobs",
                line_of(file.jobs.as_ref()),
                json!(values.jobs),
            ),
            self.default_of(
                "defaults.lock_timeout",
                "--lock-timeout",
                line_of(file.lock_timeout.as_ref()),
                json!(duration_text(settings.lock_timeout)),
            ),
            self.default_of(
                "defaults.wait",
                "--wait",
                line_of(file.wait.as_ref()),
                json!(duration_text(settings.wait)),
            ),
            self.default_of(
                "defaults.statement_timeout",
                "--statement-timeout",
                line_of(file.statement_timeout.as_ref()),
                json!(duration_text(settings.statement_timeout)),
            ),
            match failures {
                (Some(origin), most) => setting("defaults.max_failures", Some((most, origin))),
                (None, most) => self.default_of(
                    "defaults.max_failures",
                    "--max-failures",
                    line_of(file.max_failures.as_ref()),
                    json!(most),
                ),
            },
            self.default_of(
                "defaults.transaction",
                "--transaction",
                line_of(file.transaction.as_ref()),
                json!(transaction),
            ),
            setting(
                "defaults.no_download",
                Some((self.no_download(), no_download.unwrap_or(Origin::Default))),
            ),
        ]
    }

    /// A value that clap has found: on the command line, else in the file.
    fn default_of(
        &self,
        name: &'static str,
        option: &'static str,
        line: Option<usize>,
        value: Value,
    ) -> Setting {
        let id = option.trim_start_matches('-').replace('-', "_");
        let origin = match (self.is_given(&id), line) {
            (true, _) => Origin::Option(option),
            (false, Some(line)) => self.in_file(line),
            (false, None) => Origin::Default,
        };
        setting(name, Some((value, origin)))
    }
}

/// The line of a key, if the file has it.
fn line_of<T>(placed: Option<&Placed<T>>) -> Option<usize> {
    placed.map(|placed| placed.line)
}
