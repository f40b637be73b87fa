//! `diff-tenants`: what differs between two tenants.

use clap::Parser;
use command_line::help::{Example, example};
use command_line::json::{Documents, VersionText};
use command_line::output::shown;
use command_line::words::{counted, one_line};
use command_line::{Common, Context, NameArg, Script, Verdict};
use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::{AspectChange, Change, Comparison, Difference, Version};

use crate::tenants;

/// Show how two tenants differ
///
/// Compares tables, columns, constraints, indexes, types, views, functions, triggers,
/// policies, comments, owners, grants, and which migrations are applied. Rows are not
/// compared.
///
/// Exit code 0: no difference. 1: a difference. 2 or more: nothing was compared.
#[derive(Debug, Parser)]
#[command(name = "diff-tenants", version)]
pub struct DiffTenants {
    /// Name of a tenant
    #[arg(value_name = "FIRST")]
    first: NameArg,

    /// Name of another
    #[arg(value_name = "SECOND")]
    second: NameArg,

    #[command(flatten)]
    common: Common,
}

/// How two tenants differ.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ComparedTenants")]
struct Document<'a> {
    /// Whether the tenants do not differ.
    same: bool,
    /// Name of the first tenant.
    first: &'a str,
    /// Name of the second tenant.
    second: &'a str,
    /// The differences.
    differences: Vec<Row>,
    /// Migrations that only one of them has.
    migrations: Versions<'a>,
}

/// Migrations that only one of two tenants has.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MigrationsOfOne")]
struct Versions<'a> {
    /// Versions that only the first has, oldest first.
    #[schemars(with = "Vec<VersionText>")]
    only_in_first: &'a [Version],
    /// Versions that only the second has, oldest first.
    #[schemars(with = "Vec<VersionText>")]
    only_in_second: &'a [Version],
}

/// A difference.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DifferingObject")]
struct Row {
    /// The difference in words.
    message: String,
    /// The object, by kind and name.
    object: String,
    /// Which tenant has the object, if only one has it.
    #[schemars(extend("enum" = ["first", "second", null]))]
    only_in: Option<&'static str>,
    /// How the object differs.
    changes: Vec<Changed>,
}

/// A part of an object that differs.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DifferingAspect")]
struct Changed {
    /// The part.
    aspect: &'static str,
    /// The part in the first tenant. Null if it has none.
    first: Option<String>,
    /// The part in the second tenant. Null if it has none.
    second: Option<String>,
}

impl Script for DiffTenants {
    const EXAMPLES: &'static [Example] = &[example("acme globex", "compare two tenants")];

    /// As `diff` does: 1 says that there is a difference.
    const FAILED: Verdict = Verdict::Usage;

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Document>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        context.require_possible([&self.first, &self.second])?;
        let tenants = tenants::open(context).await?;
        let first = context.existing_name(&tenants, &self.first).await?;
        let second = context.existing_name(&tenants, &self.second).await?;
        let comparison = tenants.compare(&first, &second).await?;
        let document = self.document(&comparison);
        context.output.answer(&document, &text(&document))?;
        Ok(if document.same {
            Verdict::Done
        } else {
            Verdict::Wrong
        })
    }
}

impl DiffTenants {
    fn document<'a>(&'a self, comparison: &'a Comparison) -> Document<'a> {
        Document {
            same: comparison.is_same(),
            first: self.first.as_str(),
            second: self.second.as_str(),
            differences: comparison
                .differences
                .iter()
                .map(|it| self.row(it))
                .collect(),
            migrations: Versions {
                only_in_first: &comparison.only_in_first,
                only_in_second: &comparison.only_in_second,
            },
        }
    }

    fn row(&self, difference: &Difference) -> Row {
        let object = difference.object.to_string();
        let only_in = |name: &NameArg| format!("only in `{}`: {object}", name.as_str());
        let (only_in, message) = match &difference.change {
            Change::Missing => (Some("first"), only_in(&self.first)),
            Change::Extra => (Some("second"), only_in(&self.second)),
            _ => (None, format!("{object} differs")),
        };
        Row {
            message,
            object,
            only_in,
            changes: changes(&difference.change),
        }
    }
}

/// What differs, of an object that both have.
fn changes(change: &Change) -> Vec<Changed> {
    let changed = |aspect, first: Option<String>, second: Option<String>| Changed {
        aspect,
        first,
        second,
    };
    let grants = |grants: &[(String, String)]| {
        let grants = grants
            .iter()
            .map(|(role, rights)| format!("{role}: {rights}"));
        Some(grants.collect::<Vec<_>>().join("; "))
    };
    match change {
        Change::Changed(changes) => changes.iter().map(of_aspect).collect(),
        Change::InvalidIndex => vec![changed("validity", None, Some("invalid".to_owned()))],
        Change::WrongOwner { owner, expected } => {
            vec![changed(
                "owner",
                Some(expected.clone()),
                Some(owner.clone()),
            )]
        }
        Change::MissingGrants(missing) => vec![changed("grants", grants(missing), None)],
        Change::ExtraGrants(extra) => vec![changed("grants", None, grants(extra))],
        _ => Vec::new(),
    }
}

fn of_aspect(change: &AspectChange) -> Changed {
    Changed {
        aspect: change.aspect.words(),
        first: change.expected.clone(),
        second: change.found.clone(),
    }
}

/// The number of differences first, then each.
fn text(document: &Document<'_>) -> String {
    let (first, second) = (document.first, document.second);
    if document.same {
        return format!("Tenants `{first}` and `{second}` do not differ.");
    }
    let migrations = &document.migrations;
    let count = document.differences.len()
        + migrations.only_in_first.len()
        + migrations.only_in_second.len();
    let count = counted(count, "difference");
    let mut lines = vec![format!("{count} between `{first}` and `{second}`:")];
    for (name, versions) in [
        (first, migrations.only_in_first),
        (second, migrations.only_in_second),
    ] {
        if !versions.is_empty() {
            let versions = versions.iter().map(Version::as_str);
            let versions = versions.collect::<Vec<_>>().join(", ");
            lines.push(format!("  applied only to `{name}`: {}", shown(&versions)));
        }
    }
    for row in &document.differences {
        lines.push(format!("  {}", shown(&row.message)));
        lines.extend(row.changes.iter().flat_map(|it| changed(document, it)));
    }
    lines.join("\n")
}

/// What each tenant has.
fn changed(document: &Document<'_>, change: &Changed) -> [String; 2] {
    let line = |name, text: Option<&str>| {
        let aspect = change.aspect;
        format!("    {aspect} in `{name}`: {}", text_of(text))
    };
    [
        line(document.first, change.first.as_deref()),
        line(document.second, change.second.as_deref()),
    ]
}

fn text_of(text: Option<&str>) -> String {
    text.map_or_else(|| "none".to_owned(), one_line)
}
