//! Remedies of the library in words, with the commands of this program.

mod advice;

use tenant_core::At;
use tenant_core::Remedy;
use tenant_core::remedy::{Command, Purpose, Sql};

use crate::Invocation;
use crate::words::to_run;

/// Several remedies, of which one is to be chosen, as sentences on one line. `None`
/// when there are none.
#[must_use]
pub fn text(remedies: &[Remedy], invocation: &Invocation) -> Option<String> {
    let mut sentences = Vec::new();
    for remedy in remedies {
        let clause = clause(remedy, invocation);
        let is_choice = !sentences.is_empty() && !only_explains(remedy);
        sentences.push(if is_choice {
            format!("Or {clause}.")
        } else {
            sentence_of(&clause)
        });
    }
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// One remedy as a sentence, on one line.
#[must_use]
pub fn sentence(remedy: &Remedy, invocation: &Invocation) -> String {
    sentence_of(&clause(remedy, invocation))
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

/// Begins with a small letter, and has no full stop at its end.
fn clause(remedy: &Remedy, invocation: &Invocation) -> String {
    match remedy {
        Remedy::Command(command) => of_command(command, invocation),
        Remedy::Sql(sql) => of_sql(sql),
        Remedy::Advice(advice) => advice::words(*advice).to_owned(),
        _ => "look at the documentation of tenant-core".to_owned(),
    }
}

fn of_command(command: &Command, invocation: &Invocation) -> String {
    let call = invocation.call(command);
    let what = match command {
        Command::MigratePublic => "apply the public migrations",
        Command::MigrateTenants => "migrate the tenants",
        Command::MigrateTenant(_) => "migrate the tenant",
        Command::CreateTenant(_) => "create the tenant",
        Command::ListTenants => return format!("to list the tenants, run `{call}`"),
        Command::DropTenant(_) => "drop the tenant",
        Command::RenameTenant { .. } => {
            "if the application has renamed the tenant, rename its schema as well"
        }
        Command::AdoptTenant { at: None, .. } => "adopt the schema as a tenant",
        Command::AdoptTenant {
            at: Some(At::Version(version)),
            ..
        } => return format!("adopt the schema at version {version}: `{call}`"),
        Command::AdoptTenant { at: Some(_), .. } => "adopt the schema before the first migration",
        Command::RepairTenant(_) => "repair the tenant",
        Command::CheckTenants | Command::CheckQuickly => {
            return format!("to check the tenants, run `{call}`");
        }
        Command::CheckTenant(_) => return format!("to check the tenant, run `{call}`"),
        Command::DistributeTenant(_) => "distribute the tenant",
        Command::KeepSpares(0) => {
            return format!(
                "drop the spares: `{call}`. Then run it again with the number that you want"
            );
        }
        Command::KeepSpares(_) => "create the spares",
        Command::Squash => "if a baseline replaces them, see what squashing would do",
        Command::AcceptEdits(versions) if versions.len() > 1 => {
            "if you edited these migrations and that changed nothing, accept their texts"
        }
        Command::AcceptEdits(_) => "if the edit changes nothing, accept it",
        _ => "run",
    };
    format!("{what}: `{call}`")
}

fn of_sql(sql: &Sql) -> String {
    let statements = sql.statements.iter();
    let statements = statements.map(|statement| format!("{};", to_run(statement)));
    let statements = statements.collect::<Vec<_>>().join(" ");
    let what = match sql.purpose {
        // These can be long. Whoever shows a difference lists its statements below.
        Purpose::DropObject => return "if nothing uses it, drop it with this SQL".to_owned(),
        Purpose::UndoChange => {
            return "if nothing needs the change, undo it with this SQL".to_owned();
        }
        Purpose::RevokeGrants => {
            return "if nothing needs these rights, revoke them with this SQL".to_owned();
        }
        Purpose::RenameBack => {
            return "if nothing uses the new name, rename it back with this SQL".to_owned();
        }
        Purpose::ChangeDefinition => {
            return "find out what the values would become, then run this SQL".to_owned();
        }
        Purpose::DropSchema => "if nothing uses the schema, drop it",
        Purpose::GrantAccess => {
            return format!(
                "grant the role access: `{statements}`. The guide, TENANT_SCHEMA_MIGRATION.md, \
                 has the default privileges for new tenants"
            );
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
        Purpose::AddNode => "add the server to the cluster as a superuser",
        Purpose::OpenNode => "let the server take tenants, as a superuser",
        Purpose::MoveExtension => {
            return format!(
                "move it to a schema of its own, and name that schema with --extensions-schema: \
                 `{statements}`"
            );
        }
        Purpose::AddToMigration => "write a migration for the tenants with",
        Purpose::RenamePath => "set the path to the new name",
        Purpose::ListTriggers => {
            return format!("to list the triggers that call it, run `{statements}`");
        }
        Purpose::ListTableTriggers => {
            return format!("to list the triggers of the table, run `{statements}`");
        }
        _ => "run",
    };
    format!("{what}: `{statements}`")
}

#[cfg(test)]
mod tests;
