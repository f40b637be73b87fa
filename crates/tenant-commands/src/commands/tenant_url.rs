//! `tenant-url`: prints a URL that leads to one tenant.

use clap::Parser;
use command_line::help::{Example, example};
use command_line::json::Documents;
use command_line::{Common, Context, NameArg, Script, Verdict};
use schemars::JsonSchema;
use serde::Serialize;

use crate::tenants;

/// Print a URL for one tenant
///
/// The database's URL, with the tenant's schema as search_path in its options: for psql,
/// reports, tests and programs in other languages. The role keeps all of its rights, so
/// the path protects nothing. A pooler drops such options, so its URL is refused.
///
/// The password is left out. psql finds it in PGPASSWORD or ~/.pgpass.
#[derive(Debug, Parser)]
#[command(name = "tenant-url", version)]
pub struct TenantUrl {
    /// Name of the tenant
    #[arg(value_name = "NAME")]
    name: NameArg,

    /// Put the password into the URL; anyone who sees the output sees it
    #[arg(long)]
    with_password: bool,

    #[command(flatten)]
    common: Common,
}

/// The URL of one tenant.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TenantUrl")]
struct Document<'a> {
    /// Name of the tenant.
    tenant: &'a str,
    /// The URL. It has a password only with `--with-password`.
    url: &'a str,
}

impl Script for TenantUrl {
    const EXAMPLES: &'static [Example] = &[example("acme", "print the URL of one tenant")];

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Document>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        context.require_possible([&self.name])?;
        let tenants = tenants::open(context).await?;
        let name = context.existing_name(&tenants, &self.name).await?;
        let call = tenants.url_of(&name);
        let call = if self.with_password {
            call.with_password()
        } else {
            call
        };
        let url = call.await?;
        let document = Document {
            tenant: name.as_str(),
            url: &url,
        };
        context.output.answer(&document, &url)?;
        Ok(Verdict::Done)
    }
}
