//! Remedies of the library in words, with the commands of this program.

mod advice;

use tenant_core::At;
use tenant_core::Remedy;
use tenant_core::remedy::{Command, Purpose, Sql};

use crate::Invocation;
use crate::message::Hint;
use crate::words::to_run;

/// The list of tenants behind the advice to choose another name.
const TAKEN: &str = "To see which names are taken, list the tenants.";

/// Several remedies, of which one is to be chosen: a hint for each. The later ones begin with
/// "Or", except those that only help to choose.
#[must_use]
pub fn hints(remedies: &[Remedy], invocation: &Invocation) -> Vec<Hint> {
    let mut hints = Vec::new();
    for remedy in remedies {
        let clause = Clause::of(remedy, invocation);
        let sentence = match remedy {
            _ if hints.is_empty() => sentence_of(&clause.words),
            Remedy::Command(Command::ListTenants) => TAKEN.to_owned(),
            remedy if only_explains(remedy) => sentence_of(&clause.words),
            _ => format!("Or {}.", clause.words),
        };
        hints.push(Hint::to_run(sentence, clause.run));
    }
    hints
}

/// One remedy as a hint.
#[must_use]
pub fn hint(remedy: &Remedy, invocation: &Invocation) -> Hint {
    let clause = Clause::of(remedy, invocation);
    Hint::to_run(sentence_of(&clause.words), clause.run)
}

/// Several remedies as a document has them. `None` when there are none.
#[must_use]
pub fn text(remedies: &[Remedy], invocation: &Invocation) -> Option<String> {
    joined(&hints(remedies, invocation))
}

/// Hints as a document has them: the sentences, and each command on its own line. `None` when there
/// are none.
#[must_use]
pub fn joined(hints: &[Hint]) -> Option<String> {
    let lines = hints.iter().map(ToString::to_string).collect::<Vec<_>>();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Several remedies as one paragraph, for a page: what to run stands in backquotes behind its
/// sentence.
#[must_use]
pub fn paragraph(remedies: &[Remedy], invocation: &Invocation) -> Option<String> {
    let hints = hints(remedies, invocation);
    let sentences = hints.iter().map(|hint| {
        let sentence = hint.sentence.trim_end_matches('.');
        match hint.run.as_slice() {
            [] => format!("{sentence}."),
            run => format!("{sentence}: `{}`.", run.join(" ")),
        }
    });
    let sentences = sentences.collect::<Vec<_>>();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

fn sentence_of(clause: &str) -> String {
    let mut letters = clause.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

/// Whether it helps to choose, and is no choice itself.
fn only_explains(remedy: &Remedy) -> bool {
    match remedy {
        Remedy::Command(command) => command.only_reads(),
        Remedy::Sql(sql) => matches!(
            sql.purpose,
            Purpose::ListTriggers | Purpose::ListTableTriggers
        ),
        _ => false,
    }
}

/// What to do, and what to run for it.
struct Clause {
    /// Begins with a small letter, and has no full stop at its end.
    words: String,
    run: Vec<String>,
}

impl Clause {
    fn of(remedy: &Remedy, invocation: &Invocation) -> Self {
        match remedy {
            Remedy::Command(command) => Self {
                words: of_command(command),
                run: vec![invocation.call(command)],
            },
            Remedy::Sql(sql) => Self {
                words: of_sql(sql).to_owned(),
                run: statements(sql),
            },
            Remedy::Advice(advice) => Self::words(advice::words(*advice)),
            _ => Self::words("read the documentation of tenant-core"),
        }
    }

    fn words(words: &str) -> Self {
        Self {
            words: words.to_owned(),
            run: Vec::new(),
        }
    }
}

fn statements(sql: &Sql) -> Vec<String> {
    let statements = sql.statements.iter();
    let statements = statements.map(|statement| format!("{};", to_run(statement)));
    statements.collect()
}

fn of_command(command: &Command) -> String {
    let words = match command {
        Command::MigratePublic => "apply the public migrations",
        Command::MigrateTenants => "migrate the tenants",
        Command::MigrateTenant(_) => "migrate the tenant",
        Command::CreateTenant(_) => "create the tenant",
        Command::ListTenants => "list the tenants",
        Command::DropTenant(_) => "drop the tenant",
        Command::ResumeTenant(_) => "resume the tenant",
        Command::RenameTenant { .. } => {
            "if the application has renamed the tenant, rename its schema as well"
        }
        Command::CompleteHistory(_) => "enter the migrations in the history",
        Command::AdoptTenant { at: None, .. } => "adopt the schema as a tenant",
        Command::AdoptTenant {
            at: Some(At::Version(version)),
            ..
        } => return format!("adopt the schema at version {version}"),
        Command::AdoptTenant { at: Some(_), .. } => "adopt the schema before the first migration",
        Command::RepairTenant(_) => "repair the tenant",
        Command::CheckTenants | Command::CheckQuickly => "check the tenants",
        Command::CheckTenant(_) => "check the tenant",
        Command::DistributeTenant(_) => "distribute the tenant",
        Command::KeepSpares(0) => {
            "drop the spares, then run the command again with the number that you want"
        }
        Command::KeepSpares(_) => "create the spares",
        Command::Squash => "if a baseline replaces them, see what squashing would do",
        Command::AcceptEdits(versions) if versions.len() > 1 => {
            "if you edited these migrations and that changed nothing, accept their texts"
        }
        Command::AcceptEdits(_) => "if the edit changes nothing, accept it",
        _ => "run",
    };
    words.to_owned()
}

fn of_sql(sql: &Sql) -> &'static str {
    match sql.purpose {
        Purpose::DropObject => "if nothing uses it, drop it",
        Purpose::UndoChange => "if nothing needs the change, undo it",
        Purpose::RevokeGrants => "if nothing needs these rights, revoke them",
        Purpose::RenameBack => "if nothing uses the new name, rename it back",
        Purpose::ChangeDefinition => "check how the values would change, then run this SQL",
        Purpose::DropSchema => "if nothing uses the schema, drop it",
        Purpose::GrantAccess => {
            "grant the role access. TENANT_SCHEMA_MIGRATION.md has the default privileges for new \
             tenants"
        }
        Purpose::ChangeOwner => "change the owner of the schema",
        Purpose::Unregister => "correct the name in the registry, or delete its row",
        Purpose::FollowList => {
            "if the listed schema is the right one, let the row beside the list name it"
        }
        Purpose::ForgetSpare => "remove it from the list of spares",
        Purpose::DropSpare => "drop the schema",
        Purpose::CreateRegistry => "create the table",
        Purpose::ForgetFingerprints => "forget them",
        Purpose::CreateSchema => "create the schema",
        Purpose::AddNode => "add the node to the cluster as a superuser",
        Purpose::OpenNode => "let the node hold tenants, as a superuser",
        Purpose::MoveExtension => {
            "move it to its own schema, and name that schema with --extensions-schema"
        }
        Purpose::RecordMigration => {
            "if the migration was applied before and only its entry is missing, record it. Compare \
             the objects with the migration first"
        }
        Purpose::AddToMigration => "write a migration for the tenants with this SQL",
        Purpose::RenamePath => "set the path to the new name",
        Purpose::ListTriggers => "list the triggers that call it",
        Purpose::ListTableTriggers => "list the triggers of the table",
        _ => "run this SQL",
    }
}

#[cfg(test)]
mod tests;
