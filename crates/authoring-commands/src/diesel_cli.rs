//! The Diesel CLI: found, or installed for this project alone.
//!
//! What it prints differs from one release to the next, so only releases of
//! one series will do, and only builds that know PostgreSQL.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use anyhow::{Context as _, anyhow};
use command_line::exit::UsageError;
use command_line::hints::Advised;
use command_line::{Context, Hint, ask};
use tokio::process::Command;

use crate::advice::{advised, hint};
use crate::scratch::url::concealed;
use crate::{Project, scratch::Scratch};

/// The releases that will do.
const SERIES: &str = "2.3.";

/// The release that is installed.
const RELEASE: &str = "2.3.14";

/// A Diesel CLI that will do.
#[derive(Debug, Clone)]
pub struct DieselCli {
    program: PathBuf,
}

impl DieselCli {
    /// The program: a name that is in `PATH`, or a path.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The one in `PATH`, else the one that was installed for this project,
    /// if either will do.
    pub async fn find(context: &Context, project: &Project) -> Option<Self> {
        let installed = tools(context, project).join("bin/diesel");
        for program in [PathBuf::from("diesel"), installed] {
            if will_do(&program).await {
                return Some(Self { program });
            }
        }
        None
    }

    /// The same; where there is none, one is installed, which takes minutes.
    ///
    /// # Errors
    ///
    /// When it cannot be installed, or must not be: with `--no-download`, without an answer, or
    /// with a no.
    pub async fn find_or(
        missing: Missing,
        context: &Context,
        project: &Project,
    ) -> anyhow::Result<Self> {
        if let Some(found) = Self::find(context, project).await {
            return Ok(found);
        }
        if context.no_download() {
            return Err(anyhow!(not_found([
                Hint::new("Omit --no-download to install it for this project."),
                hint(&format!("Or install it yourself.\n{BY_HAND}")),
            ])));
        }
        if let Missing::Ask(again) = missing {
            agree(&again, &project.shown(&tools(context, project)).to_string())?;
        }
        install(context, project).await?;
        let installed = Self::find(context, project).await;
        installed.context("the Diesel CLI is installed but does not run")
    }

    /// What `diesel print-schema` says of a scratch database, as `config` wants
    /// it: the text of a `schema.rs`.
    ///
    /// # Errors
    ///
    /// When it fails, for example over a table without a primary key.
    pub async fn print_schema(
        &self,
        context: &Context,
        project: &Project,
        config: &Path,
        scratch: &Scratch,
    ) -> anyhow::Result<String> {
        let mut command = Command::new(&self.program);
        command
            .args(["print-schema", "--config-file"])
            .arg(config)
            // Not as an argument: everybody on the machine can read those.
            .env("DATABASE_URL", scratch.url())
            .current_dir(project.folder())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let ended = command
            .output()
            .await
            .context("could not start the Diesel CLI")?;
        let said = String::from_utf8_lossy(&ended.stderr);
        let said = concealed(said.trim(), scratch.url(), &scratch.database().to_string());
        if !ended.status.success() {
            return Err(anyhow!(said).context("`diesel print-schema` failed"));
        }
        if !said.is_empty() {
            context.output.note(&said);
        }
        String::from_utf8(ended.stdout).context("`diesel print-schema` printed invalid UTF-8")
    }
}

/// What to do where there is no Diesel CLI.
#[derive(Debug, Clone)]
pub enum Missing {
    /// Install one.
    Install,
    /// Ask first. This command installs one without asking.
    Ask(String),
}

/// Asks whether to install one into the folder `tools`.
fn agree(again: &str, tools: &str) -> anyhow::Result<()> {
    let hints = [
        hint(&format!("Install it for this project.\n{again}")),
        hint(&format!("Or install it yourself.\n{BY_HAND}")),
    ];
    if !ask::is_possible() {
        let refused = not_found(hints);
        return Err(anyhow!(UsageError(refused.what.clone())).context(refused));
    }
    let question = format!(
        "There is no Diesel CLI {SERIES}x with PostgreSQL support. Install {RELEASE} into {tools}? \
         This takes a few minutes"
    );
    match ask::confirm(&question, true)? {
        true => Ok(()),
        false => Err(anyhow!(not_found(hints))),
    }
}

fn not_found(hints: [Hint; 2]) -> Advised {
    let what = format!("could not find a Diesel CLI {SERIES}x with PostgreSQL support");
    Advised::with(what, hints)
}

/// How to do what [`install`] does.
const BY_HAND: &str = "cargo install diesel_cli --version 2.3.14 --no-default-features \
                       --features postgres";

/// Where the programs are that are installed for this project alone.
fn tools(context: &Context, project: &Project) -> PathBuf {
    let configured = context.environment().target_folder.clone();
    let target = configured.and_then(|folder| std::path::absolute(folder).ok());
    target
        .unwrap_or_else(|| project.folder().join("target"))
        .join("tools")
}

/// Whether `program` is there, of the right series, and knows PostgreSQL.
///
/// A half-finished installation is not there: Cargo puts the program into its
/// place when it is whole.
async fn will_do(program: &Path) -> bool {
    let mut command = Command::new(program);
    command
        .arg("--version")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    match command.output().await {
        Ok(Output { status, stdout, .. }) if status.success() => {
            is_fitting(&String::from_utf8_lossy(&stdout))
        }
        _ => false,
    }
}

/// Reads what `diesel --version` says.
fn is_fitting(said: &str) -> bool {
    let mut words = said.split_whitespace();
    let is_diesel = words.next() == Some("diesel");
    let version = words.find(|word| word.starts_with(|letter: char| letter.is_ascii_digit()));
    let mut backends = said
        .split_once("Backends:")
        .into_iter()
        .flat_map(|(_, backends)| backends.split_whitespace());
    is_diesel
        && version.is_some_and(|version| version.starts_with(SERIES))
        && backends.any(|backend| backend == "postgres")
}

async fn install(context: &Context, project: &Project) -> anyhow::Result<()> {
    let tools = tools(context, project);
    // Outside the project's own builds, and gone when it is done.
    let build = tools.join("build");
    ignore(&tools)?;
    context.output.note(&format!(
        "Installing the Diesel CLI {RELEASE} into {} (once; this takes a few minutes) ...",
        project.shown(&tools)
    ));
    let mut command = Command::new("cargo");
    command
        .args(["install", "diesel_cli", "--version"])
        .arg(format!("={RELEASE}"))
        .args(["--no-default-features", "--features", "postgres-bundled"])
        // What is there already was looked at, and will not do.
        .args(["--locked", "--force", "--root"])
        .arg(&tools)
        .arg("--target-dir")
        .arg(&build)
        .current_dir(project.folder())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true);
    if context.common().quiet {
        command.arg("--quiet");
    }
    match command.status().await {
        Ok(status) if status.success() => {
            // What remains only takes up room.
            let _ = std::fs::remove_dir_all(&build);
            Ok(())
        }
        Ok(status) => Err(not_installed(format!(
            "`cargo install` failed with {status}"
        ))),
        Err(error) => Err(not_installed(format!("could not start `cargo`: {error}"))),
    }
}

/// Makes git ignore the folder: a project need not build anything in `target`.
fn ignore(tools: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(tools)
        .and_then(|()| std::fs::write(tools.join(".gitignore"), "*\n"))
        .with_context(|| format!("could not write to {}", tools.display()))
}

fn not_installed(why: String) -> anyhow::Error {
    anyhow!(why).context(advised(
        "could not install the Diesel CLI",
        &format!(
            "The installation needs the network, a C compiler, perl and make (Debian: apt \
             install gcc libc6-dev perl make). Or install it yourself with the system's \
             libpq.\n{BY_HAND}"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_of_the_series_that_knows_postgres_will_do() {
        for said in [
            "diesel \n Version: 2.3.14\n Supported Backends: postgres\n",
            "diesel \n Version: 2.3.0\n Supported Backends: sqlite postgres mysql\n",
        ] {
            assert!(is_fitting(said), "{said}");
        }
        for said in [
            "",
            "diesel 2.2.4",
            "diesel \n Version: 2.3.14\n Supported Backends: sqlite mysql\n",
            "diesel \n Version: 2.4.0\n Supported Backends: postgres\n",
            "other \n Version: 2.3.14\n Supported Backends: postgres\n",
        ] {
            assert!(!is_fitting(said), "{said}");
        }
    }
}
