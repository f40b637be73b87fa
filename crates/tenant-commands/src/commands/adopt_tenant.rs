//! `adopt-tenant`: registers an existing schema as a tenant.

use std::path::PathBuf;

use clap::{Parser, ValueHint};
use command_line::help::{Example, example};
use command_line::json::{Documents, VersionText};
use command_line::options::{Locking, Unknown};
use command_line::words::counted;
use command_line::{Common, Context, Invocation, Message, NameArg, Script, Verdict, remedy};
use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::remedy::Command;
use tenant_core::{Adopted, At, Hooks, SchemaName, TenantName, Version};

use crate::json::{self, NoteDetail};
use crate::seed::seeded;
use crate::{report, tenants, version};

/// Register an existing schema as a tenant
///
/// If the schema has a migration history, the command registers it and shows the
/// differences from what its migrations create. Without a history, it finds the version
/// that the schema matches and records it. If no version matches, it shows the differences
/// from the nearest. Nothing in the schema changes, except the history and what --seed
/// changes.
///
/// The command refuses a history with unknown migrations, unless you give
/// --allow-unknown-migrations, and the history of another program.
///
/// Exit code 1: the schema was refused, and nothing changed.
#[derive(Debug, Parser)]
#[command(name = "adopt-tenant", version)]
pub struct AdoptTenant {
    /// Name of the tenant, and of its schema unless settings say otherwise
    #[arg(value_name = "NAME", value_hint = ValueHint::Other)]
    name: NameArg,

    /// Schema, if the list of tenants decides it
    #[arg(long, value_name = "SCHEMA", hide_short_help = true)]
    schema: Option<SchemaName>,

    /// Version or migration to record; 0 for none
    #[arg(long, value_name = "VERSION", value_parser = version::of)]
    at: Option<At>,

    /// SQL file to run in the tenant
    ///
    /// Repeatable. It runs in the transaction that registers the tenant. `{name}` and `{schema}` are bound
    /// parameters. The files of `seed` in the settings do not run.
    #[arg(long, value_name = "FILE")]
    seed: Vec<PathBuf>,

    #[command(flatten)]
    locking: Locking,

    #[command(flatten)]
    unknown: Unknown,

    #[command(flatten)]
    common: Common,
}

/// A schema that was registered.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AdoptedTenant")]
struct Document<'a> {
    /// Name of the tenant.
    tenant: &'a str,
    /// Its schema.
    schema: &'a str,
    /// Newest migration of the schema. Null if it has none.
    #[schemars(with = "Option<VersionText>")]
    version: Option<&'a Version>,
    /// Whether the version was found by the schema definition.
    by_definition: bool,
    /// How the schema differs from what its migrations create. Empty if the version was found by
    /// the definition.
    differences: &'a [String],
    /// The notes.
    notes: Vec<NoteDetail>,
}

impl Script for AdoptTenant {
    const EXAMPLES: &'static [Example] = &[
        example("acme", "find the version by the definition"),
        example("acme --at 20260101000000", "register at this version"),
    ];

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Document>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let name = context.name(self.name.as_str())?;
        let settings = self.unknown.settings(self.locking.settings());
        let settings = seeded(settings, &self.seed, Hooks::on_adopt)?;
        let tenants = tenants::open_with(context, settings).await?;
        let mut call = tenants.adopt(&name);
        if let Some(schema) = &self.schema {
            call = call.in_schema(schema);
        }
        if let Some(at) = self.at {
            call = call.at(at);
        }
        let adopted = call.await?;
        let schema = tenants.schema_of(&name).await?;
        let document = Document {
            tenant: name.as_str(),
            schema: schema.as_str(),
            version: adopted.version.as_ref(),
            by_definition: adopted.by_shape,
            differences: &adopted.differences,
            notes: json::notes(&adopted.notes, context.invocation()),
        };
        context
            .output
            .done(&document, &text((&name, &schema), &adopted))?;
        if !adopted.differences.is_empty() && !context.output.is_json() {
            let note = note(&name, &adopted, context.invocation());
            context.output.problem(&note.to_string());
        }
        report::notes(context, &adopted.notes);
        Ok(Verdict::Done)
    }
}

fn text((name, schema): (&TenantName, &SchemaName), adopted: &Adopted) -> String {
    let it = match schema.as_str() == name.as_str() {
        true => format!("Schema `{schema}` is a tenant now"),
        false => format!("Schema `{schema}` is the tenant `{name}` now"),
    };
    let found = if adopted.by_shape {
        ", found by its definition"
    } else {
        ""
    };
    match &adopted.version {
        Some(version) => format!("{it}, at version {version}{found}."),
        None => format!("{it}, without any migration{found}."),
    }
}

fn note(name: &TenantName, adopted: &Adopted, invocation: &Invocation) -> Message {
    let count = counted(adopted.differences.len(), "difference");
    let name = name.clone();
    let next = match adopted.version {
        Some(_) => Command::RepairTenant(name),
        // Nothing says what it should be.
        None => Command::CheckTenant(name),
    };
    Message::note(format!(
        "the schema differs from the definition that its migrations create: {count}"
    ))
    .rows(adopted.differences.iter().cloned())
    .hints([remedy::hint(&next.into(), invocation)])
}
