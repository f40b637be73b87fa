//! The options that every command has.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum, ValueHint};
use tenant_core::{NameUses, Settings, TransactionMode, UnknownMigrations};

/// Options common to all commands.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Common options")]
pub struct Common {
    /// Database to use [default: DATABASE_URL, .env, PGDATABASE, else the project's own server]
    #[arg(long, value_name = "URL", global = true)]
    pub database_url: Option<String>,

    /// File with the project's settings [default: TENANTS_CONFIG, else the nearest tenants.toml]
    #[arg(long, value_name = "FILE", global = true, hide_short_help = true)]
    pub config: Option<PathBuf>,

    /// Folder with `public/` and `tenant/` migrations, instead of those compiled in
    #[arg(long, value_name = "DIR", global = true, value_hint = ValueHint::DirPath)]
    pub migrations_dir: Option<PathBuf>,

    /// Schema with extensions, looked up behind the tenant's own [default: TENANT_EXTENSIONS_SCHEMA]
    #[arg(long, value_name = "NAME", global = true)]
    pub extensions_schema: Option<String>,

    /// Object of that schema that tenant migrations may change without naming the schema. Repeatable [default: TENANT_SHARED_OBJECTS]
    #[arg(
        long = "shared-object",
        value_name = "NAME",
        global = true,
        hide_short_help = true
    )]
    pub shared_objects: Vec<String>,

    /// Never download PostgreSQL for the project's own server
    #[arg(long, global = true)]
    pub no_download: bool,

    /// Print one JSON document on standard output, also when something fails
    #[arg(long, global = true)]
    pub json: bool,

    /// Print only what was asked for, and errors
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Print each step, and the notices of migrations
    #[arg(long, short, global = true)]
    pub verbose: bool,
}

/// How long to wait for others, and for a statement.
#[derive(Debug, Clone, Args)]
pub struct Locking {
    /// How long to wait for a lock on a table that another session holds; 0 for no limit
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "5",
        value_parser = seconds,
        allow_negative_numbers = true
    )]
    lock_timeout: Duration,

    /// How long to wait for another run on the same tenant or schema; 0 not to wait
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "600",
        value_parser = seconds,
        allow_negative_numbers = true
    )]
    wait: Duration,

    /// Let a statement take so long; 0 as long as it likes
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "0",
        value_parser = seconds,
        allow_negative_numbers = true
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
    /// Commit once for each schema, or after each migration
    #[arg(long, value_name = "PER", value_enum, default_value_t)]
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
    /// Allow tenants with applied migrations that this program does not have
    #[arg(long)]
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

/// When a run over many tenants ends early.
#[derive(Debug, Clone, Args)]
pub struct Failures {
    /// Begin no further tenant after N failures
    #[arg(long, value_name = "N")]
    max_failures: Option<NonZeroUsize>,

    /// Begin no further tenant after the first failure
    #[arg(long, conflicts_with = "max_failures")]
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

/// Seconds, also with a fraction.
fn seconds(text: &str) -> Result<Duration, String> {
    let number = text.parse::<f64>().map_err(|error| error.to_string())?;
    // PostgreSQL counts milliseconds in 32 bits.
    if !(0.0..=2_000_000.0).contains(&number) {
        return Err("it must be between 0 and 2000000 seconds".to_owned());
    }
    Ok(Duration::from_secs_f64(number))
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
    /// Use spares although the text of the migrations uses the schema's name
    #[arg(long)]
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
