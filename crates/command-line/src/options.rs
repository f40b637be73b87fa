//! The options that every command has.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum, ValueHint};
use tenant_core::{LostEntries, NameUses, Settings, TransactionMode, UnknownMigrations};
use tenant_settings::parse_duration;

/// The heading of the options that all commands have.
pub(crate) const COMMON: &str = "Common options";

/// Options common to all commands.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = COMMON)]
pub struct Common {
    /// Database [env: DATABASE_URL, also in .env]
    ///
    /// Without it, PGDATABASE and then the project's own server decide.
    #[arg(long, value_name = "URL", global = true)]
    pub database_url: Option<String>,

    /// File with settings [env: TENANTS_CONFIG]
    ///
    /// Without it, the nearest tenants.toml is read.
    #[arg(long, value_name = "FILE", global = true, hide_short_help = true)]
    pub config: Option<PathBuf>,

    /// Folder with public/ and tenant/
    ///
    /// Its migrations are used instead of those compiled in.
    #[arg(long, value_name = "DIR", global = true, value_hint = ValueHint::DirPath)]
    pub migrations_dir: Option<PathBuf>,

    /// Extensions [env: TENANT_EXTENSIONS_SCHEMA]
    ///
    /// Schema with extensions, searched after the tenant's own.
    #[arg(long, value_name = "NAME", global = true)]
    pub extensions_schema: Option<String>,

    /// Objects in it [env: TENANT_SHARED_OBJECTS]
    ///
    /// Object of that schema that tenant migrations may change without naming the schema.
    /// Repeatable.
    #[arg(
        long = "shared-object",
        value_name = "NAME",
        global = true,
        hide_short_help = true
    )]
    pub shared_objects: Vec<String>,

    /// Never download PostgreSQL
    #[arg(long, global = true)]
    pub no_download: bool,

    /// Print one JSON document
    #[arg(long, global = true)]
    pub json: bool,

    /// Print only results and errors
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Print each step, and notices from migrations
    #[arg(long, short, global = true)]
    pub verbose: bool,
}

/// How long to wait for others, and for a statement.
#[derive(Debug, Clone, Args)]
pub struct Locking {
    /// Longest wait for a lock
    ///
    /// Another session holds the lock. 0 is no limit.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "5s",
        value_parser = duration,
        allow_negative_numbers = true,
        hide_short_help = true
    )]
    lock_timeout: Duration,

    /// Longest wait for other runs
    ///
    /// They work on the same tenant or schema. 0 does not wait.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "10m",
        value_parser = duration,
        allow_negative_numbers = true,
        hide_short_help = true
    )]
    wait: Duration,

    /// Limit per statement, 0: none
    #[arg(
        long,
        value_name = "TIME",
        default_value = "0",
        value_parser = duration,
        allow_negative_numbers = true,
        hide_short_help = true
    )]
    statement_timeout: Duration,
}

impl Locking {
    /// The library's settings with these time-outs.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            lock_timeout: self.lock_timeout,
            wait: self.wait,
            statement_timeout: self.statement_timeout,
            ..Settings::default()
        }
    }
}

/// Where a run commits.
#[derive(Debug, Clone, Copy, Args)]
pub struct Transactions {
    /// Commit per schema (default) or migration
    #[arg(
        long,
        value_name = "PER",
        value_enum,
        hide_default_value = true,
        hide_possible_values = true,
        default_value_t,
        hide_short_help = true
    )]
    transaction: Per,
}

/// What a transaction is for.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Per {
    /// All pending migrations of a schema: all or none of them are applied
    #[default]
    Schema,
    /// Each migration with its row in the migration history, as Diesel does
    Migration,
}

impl Transactions {
    /// The same settings, with this mode.
    #[must_use]
    pub fn settings(self, settings: Settings) -> Settings {
        let transaction = match self.transaction {
            Per::Schema => TransactionMode::Schema,
            Per::Migration => TransactionMode::Migration,
        };
        Settings {
            transaction,
            ..settings
        }
    }
}

/// Whether tenants are changed that another program has migrated.
#[derive(Debug, Clone, Copy, Args)]
pub struct Unknown {
    /// Allow tenants with unknown migrations
    #[arg(long, hide_short_help = true)]
    allow_unknown_migrations: bool,
}

impl Unknown {
    /// The same settings, with this choice.
    #[must_use]
    pub fn settings(self, settings: Settings) -> Settings {
        let unknown_migrations = if self.allow_unknown_migrations {
            UnknownMigrations::Allow
        } else {
            UnknownMigrations::Refuse
        };
        Settings {
            unknown_migrations,
            ..settings
        }
    }
}

/// Whether migrations run again that the registry records as applied.
#[derive(Debug, Clone, Copy, Args)]
pub struct Rerun {
    /// Rerun migrations that only the registry lists
    #[arg(long, hide_short_help = true)]
    rerun_recorded: bool,
}

impl Rerun {
    /// The same settings, with this choice.
    #[must_use]
    pub fn settings(self, settings: Settings) -> Settings {
        let lost_entries = if self.rerun_recorded {
            LostEntries::Rerun
        } else {
            LostEntries::Refuse
        };
        Settings {
            lost_entries,
            ..settings
        }
    }
}

/// When a run over many tenants ends early.
#[derive(Debug, Clone, Args)]
pub struct Failures {
    /// Start no more tenants after N failures
    #[arg(long, value_name = "N", hide_short_help = true)]
    max_failures: Option<NonZeroUsize>,

    /// Start no more tenants after a failure
    #[arg(long, conflicts_with = "max_failures", hide_short_help = true)]
    fail_fast: bool,
}

impl Failures {
    /// After how many failures no further tenant is begun; `None` for never.
    #[must_use]
    pub fn most(&self) -> Option<usize> {
        if self.fail_fast {
            Some(1)
        } else {
            self.max_failures.map(NonZeroUsize::get)
        }
    }
}

/// Reads a duration with its unit, as the file of settings has it, or a number of seconds.
///
/// # Errors
///
/// What is expected, in words.
pub fn duration(text: &str) -> Result<Duration, String> {
    let with_unit = match text.parse::<f64>() {
        Ok(_) => parse_duration(&format!("{text}s")),
        Err(_) => parse_duration(text),
    };
    with_unit.ok_or_else(|| {
        "expected a time from 0 to 2000000 seconds, such as 5s, 500ms or 2m".to_owned()
    })
}

impl Common {
    /// `--json` alone, for when the arguments cannot be read.
    pub(crate) fn json() -> Self {
        Self {
            json: true,
            ..Self::default()
        }
    }
}

/// Whether spares are used although migrations use the schema's name.
#[derive(Debug, Clone, Copy, Args)]
pub struct Naming {
    /// Allow spares if migrations use the name
    ///
    /// Migrations that store the schema's name do not allow spares otherwise.
    #[arg(long, hide_short_help = true)]
    allow_name_uses: bool,
}

impl Naming {
    /// The same settings, with this choice.
    #[must_use]
    pub fn settings(self, settings: Settings) -> Settings {
        let name_uses = if self.allow_name_uses {
            NameUses::Allow
        } else {
            NameUses::Refuse
        };
        Settings {
            name_uses,
            ..settings
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit_or_is_a_number_of_seconds() {
        for (text, milliseconds) in [
            ("5s", 5_000),
            ("500ms", 500),
            ("2m", 120_000),
            ("5", 5_000),
            ("0.25", 250),
            ("0", 0),
            ("2000000", 2_000_000_000),
        ] {
            let expected = Ok(Duration::from_millis(milliseconds));
            assert_eq!(duration(text), expected, "{text}");
        }
        for text in ["", "5 parsecs", "-1", "2000001", "NaN", "inf", "s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
