//! `studio`: the tables of public and of the tenants in the web browser.

use std::path::Path;
use std::process::{Command, Stdio};

use clap::Parser;
use command_line::exit::Interrupted;
use command_line::hints::Advised;
use command_line::interrupt::Signals;
use command_line::json::Documents;
use command_line::output::Output;
use command_line::{Common, Context, Message, NameArg, Script, Verdict, exit, remedy};
use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::{Error, PoolError, Remedy, Tenants};
use tenant_studio::{Codes, Invitation, Options, Remedies, Start, Studio as Pages};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use tenant_commands::tenants;

/// How many pages can ask the database at a time.
const CONNECTIONS: u32 = 8;

/// Show the tables of public and the tenants in a browser
///
/// Serves the tables on this machine until Ctrl-C, prints a URL, and opens it in the
/// browser. The URL contains a key that works once. The browser that uses it sees what
/// the database role may see. For another browser, open the URL without the key there,
/// and type the code that the command prints.
///
/// Without --write, every page runs in a read-only transaction. Functions can still
/// have effects outside the database. For a full guarantee, use a role that can only
/// read.
#[derive(Debug, Parser)]
#[command(name = "studio", version)]
pub struct Studio {
    /// Start at the list of tenants, or at the tenant NAME, instead of public
    #[arg(
        long,
        value_name = "NAME",
        overrides_with = "tenant",
        allow_hyphen_values = false
    )]
    tenant: Option<Option<NameArg>>,

    /// Port to listen on [default: a free one]
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,

    /// Allow changes to rows
    #[arg(long)]
    write: bool,

    /// Do not open a browser
    #[arg(long)]
    no_open: bool,

    #[command(flatten)]
    common: Common,
}

/// A studio that has started.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "StartedStudio")]
struct Document {
    /// URL with a key that works once.
    url: String,
    /// Port.
    port: u16,
    /// The database.
    database: String,
    /// Whether rows can be changed.
    write: bool,
}

impl Script for Studio {
    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Document>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let mut signals = Signals::listen()?;
        let (pages, listener) = tokio::select! {
            ready = self.prepare(context) => ready?,
            () = signals.next() => return Err(Interrupted.into()),
        };
        pages.serve(listener, stop(signals)).await?;
        Ok(Verdict::Done)
    }
}

/// Ends at the first signal, and ends the process at the second. The signals are
/// kept to the end, so that no other handler acts on the first one.
fn stop(mut signals: Signals) -> impl Future<Output = ()> + Send + 'static {
    let (stop, stopped) = oneshot::channel::<()>();
    drop(tokio::spawn(async move {
        signals.next().await;
        drop(stop);
        signals.next().await;
        exit::at_once();
    }));
    async move { drop(stopped.await) }
}

impl Studio {
    async fn start(&self, context: &Context, tenants: &Tenants) -> anyhow::Result<Start> {
        Ok(match &self.tenant {
            None => Start::Public,
            Some(None) => Start::Tenants,
            Some(Some(name)) => Start::Tenant(context.existing_name(tenants, name).await?),
        })
    }

    /// Prints the URL, and opens it.
    async fn prepare(&self, context: &Context) -> anyhow::Result<(Pages, TcpListener)> {
        context.require_possible(self.tenant.iter().flatten())?;
        let tenants = tenants::open(context).await?;
        let start = self.start(context, &tenants).await?;
        let database = tenants.database().to_string();
        let pages = self.pages(tenants, &start, context).await?;
        let listener = listen(self.port).await?;
        let port = listener.local_addr()?.port();
        let invitation = pages.invite(port, &start);
        let document = Document {
            url: invitation.url(),
            port,
            database,
            write: self.write,
        };
        self.announce(context, &document)?;
        if !self.no_open && !context.output.is_json() && context.environment().has_windows {
            open_browser(context.output, &invitation).await;
        }
        Ok((pages, listener))
    }

    fn announce(&self, context: &Context, document: &Document) -> anyhow::Result<()> {
        let output = context.output;
        output.note(&format!("Serving {}:", document.database));
        output.answer(document, &document.url)?;
        if self.write {
            output.say(&Message::note("rows can be changed"));
        }
        output.note("The URL works once. Press Ctrl-C to stop.");
        Ok(())
    }

    async fn pages(
        &self,
        tenants: Tenants,
        start: &Start,
        context: &Context,
    ) -> anyhow::Result<Pages> {
        // People look into suspended tenants, too.
        let pool = tenants.pool().size(CONNECTIONS).serve_suspended();
        let pool = pool.open().await;
        let invocation = context.invocation().clone();
        let words = move |remedies: &[Remedy]| remedy::paragraph(remedies, &invocation);
        let options = Options {
            write: self.write,
            remedies: Remedies::new(words),
            codes: Some(codes(context.output)),
            ..Options::default()
        };
        let pages = Pages::new(tenants, pool.map_err(explained)?, options);
        pages.look(start).await.map_err(explained)?;
        Ok(pages)
    }
}

async fn listen(port: Option<u16>) -> anyhow::Result<TcpListener> {
    let bound = TcpListener::bind(("127.0.0.1", port.unwrap_or(0))).await;
    bound.map_err(|error| {
        let port = port.unwrap_or(0);
        let what = format!("could not listen on port {port} of this machine: {error}");
        Advised::new(what, "Choose another --port, or omit it to use a free one.").into()
    })
}

/// The library's error for which the commands know what to do.
fn explained(error: PoolError) -> anyhow::Error {
    match error {
        PoolError::Unknown(name) => Error::Unknown(name).into(),
        PoolError::MissingSchema(name) => Error::MissingSchema(name).into(),
        PoolError::NotSetUp { table } => Error::NotSetUp { table }.into(),
        PoolError::NoExtensionsSchema(name) => Error::NoExtensionsSchema(name).into(),
        error => error.into(),
    }
}

/// Prints a code for a browser without a key, even with --quiet: a person has asked for it
/// in that browser, and waits.
fn codes(output: Output) -> Codes {
    Codes::new(move |code, request| {
        let text = format!("Code for request {request} of a browser, valid for 5 minutes: {code}");
        output.problem(&text);
    })
}

/// Hands a file with the key to the program that this system opens pages with. All users
/// of the machine see the arguments of that program, so the key is not among them. The
/// URL was printed, so that it is no loss when there is no such program.
async fn open_browser(output: Output, invitation: &Invitation) {
    match invitation.file().await {
        Ok(file) => open(&file),
        Err(error) => output.say(&Message::note(format!(
            "could not open the browser: the page with the key could not be written: {error}"
        ))),
    }
}

fn open(file: &Path) {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let mut command = Command::new(program);
    command.arg(file);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    drop(command.stderr(Stdio::null()).spawn());
}
