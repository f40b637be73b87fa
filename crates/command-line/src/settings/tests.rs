//! Tests of what is in force for a command.

use std::time::Duration;

use super::*;
use crate::options::{Failures, Locking, Transactions};
use crate::{Common, Context, Verdict};
use clap::Parser;

/// Every key, once.
const WHOLE: &str = r#"
database_url = "postgres://ann@h/d"
[migrations]
public = ["migrations/public", "vendor/x/migrations"]
tenant = "migrations/tenant"
[schema]
public = "src/schema_public.rs"
tenant = "/elsewhere/schema_tenant.rs"
[registry]
table = "public.organizations"
key = "slug"
schema_column = "schema_name"
state_column = "status"
states = { blocked = "suspended", "to be deleted" = "trashed" }
only = "deleted_at IS NULL"
[names]
schema = "org_{name}"
allow = "^[a-z][a-z0-9-]{1,50}$"
[path]
behind = ["public"]
extensions_schema = "extensions"
shared_objects = ["audit_log"]
[application]
role = "app"
[hooks]
seed = ["sql/seed.sql"]
on_drop = ["sql/going.sql"]
after_drop = ["sql/gone.sql"]
on_rename = ["sql/renamed.sql"]
[lint]
allowed_schemas = ["extensions"]
disabled_rules = ["prefer-text-field"]
enabled_rules = ["ban-drop-trigger"]
postgres_version = 15
citus = true
[defaults]
jobs = 4
lock_timeout = "500ms"
wait = "10m"
statement_timeout = "0"
max_failures = 3
transaction = "migration"
no_download = true
"#;

#[derive(Parser)]
struct Options {
    #[arg(long)]
    jobs: Option<usize>,
    #[command(flatten)]
    locking: Locking,
    #[command(flatten)]
    failures: Failures,
    #[command(flatten)]
    transactions: Transactions,
    #[command(flatten)]
    common: Common,
}

fn options(arguments: &[&str]) -> Options {
    use clap::{CommandFactory, FromArgMatches};
    let settings = ProjectSettings::parse(WHOLE).unwrap();
    let command = defaults::apply(&settings.written().defaults, Options::command());
    let arguments = std::iter::once(&"test").chain(arguments);
    let matches = command.try_get_matches_from(arguments).unwrap();
    Options::from_arg_matches(&matches).unwrap()
}

#[test]
fn an_option_comes_before_the_file_and_the_file_before_a_default() {
    let unchanged = options(&[]);
    let settings = unchanged.locking.settings();
    assert_eq!(unchanged.jobs, Some(4));
    assert_eq!(settings.lock_timeout, Duration::from_millis(500));
    assert_eq!(settings.wait, Duration::from_mins(10));
    assert_eq!(unchanged.failures.most(), Some(3));
    let settings = unchanged.transactions.settings(settings);
    let migration = tenant_core::TransactionMode::Migration;
    assert_eq!(settings.transaction, migration);
    let given = options(&["--jobs", "2", "--lock-timeout", "7", "--max-failures", "9"]);
    assert_eq!(given.jobs, Some(2));
    let settings = given.locking.settings();
    assert_eq!(settings.lock_timeout, Duration::from_secs(7));
    assert_eq!(given.failures.most(), Some(9));
    assert_eq!(options(&["--fail-fast"]).failures.most(), Some(1));
    assert!(!unchanged.common.json);
}

/// A context with a file of settings.
fn context(text: &str, common: Common) -> (tempfile::TempDir, Context) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tenants.toml");
    std::fs::write(&file, text).unwrap();
    let config = Some(file);
    let program = crate::Program::default();
    let context = Context::new(program, Common { config, ..common });
    (folder, context.unwrap())
}

#[test]
fn what_the_library_refuses_is_named_with_its_line() {
    let (_folder, context) = context("[names]\nallow = '('", Common::default());
    let error = context.naming().unwrap_err();
    assert_eq!(Verdict::of(&error), Verdict::Usage);
    assert!(error.to_string().contains("tenants.toml:2: "), "{error}");
}

#[test]
fn names_follow_the_pattern_and_the_template_of_the_file() {
    let text = "[names]\nschema = 'org_{name}'\nallow = '[a-z][a-z0-9-]*'";
    let (_folder, context) = context(text, Common::default());
    let name = context.name("big-bang").unwrap();
    let naming = context.settings().naming().unwrap();
    assert_eq!(naming.schema_of(&name).unwrap().as_str(), "org_big-bang");
    assert!(context.name("Big").is_err());
}

#[test]
fn names_of_the_path_come_from_the_option_before_the_file() {
    let (_folder, of_file) = context(WHOLE, Common::default());
    assert_eq!(of_file.extensions().unwrap().name(), "extensions");
    assert_eq!(of_file.shared_objects(), ["audit_log"]);
    assert_eq!(of_file.application_role(None).unwrap(), "app");
    assert!(of_file.no_download());
    let given = Common {
        extensions_schema: Some("other".to_owned()),
        shared_objects: vec!["public.plans".to_owned()],
        ..Common::default()
    };
    let (_folder, given) = context(WHOLE, given);
    assert_eq!(given.extensions().unwrap().name(), "other");
    assert_eq!(given.shared_objects(), ["plans"]);
    let role = given.application_role(Some("web".to_owned()));
    assert_eq!(role.unwrap(), "web");
}
