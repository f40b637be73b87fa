//! The server in `.postgres/` of the project.

use local_postgres::{Options, ProjectServer, Startup};

use crate::hints::Advised;
use crate::invocation::Action;
use crate::settings::forbids_download;
use crate::{Common, Environment, Invocation, Output, ProjectSettings, project};

/// The URL of the server, which is started when it does not run.
///
/// # Errors
///
/// When there is no project, or the server does not start.
pub(crate) async fn url(
    common: &Common,
    environment: &Environment,
    settings: &ProjectSettings,
    invocation: &Invocation,
    output: Output,
) -> anyhow::Result<String> {
    let server = project_server(common, environment, settings, output)?;
    let started = tokio::task::spawn_blocking(move || server.ensure_running()).await?;
    let started = started.map_err(advised)?;
    match started.outcome {
        Startup::Started => output.note("Started the project's own PostgreSQL server."),
        Startup::Created => output.note(&format!(
            "Created the project's own PostgreSQL server in .postgres/ and started it \
             (`{}` stops it).",
            invocation.call(Action::StopServer)
        )),
        _ => {}
    }
    // Nobody logs in there with a password, so the whole URL can be shown.
    output.detail(&format!("the project's own server: {}", started.url));
    Ok(started.url)
}

/// The server in `.postgres/` of the project whose folder this is, or one of
/// those above. Nothing is started yet.
///
/// # Errors
///
/// [`NoProject`](project::NoProject) when there is none.
pub(crate) fn project_server(
    common: &Common,
    environment: &Environment,
    settings: &ProjectSettings,
    output: Output,
) -> anyhow::Result<ProjectServer> {
    let project = project::folder(settings)?;
    let options = Options {
        binaries: environment.pg_bin.clone(),
        allow_download: !common.no_download && !forbids_download(settings),
        announce: Box::new(move |text| output.note(text)),
        ..Options::default()
    };
    Ok(ProjectServer::new(&project, options))
}

/// An error of the project's own server, with what to do about it.
#[must_use]
pub fn advised(error: local_postgres::Error) -> anyhow::Error {
    let (what, hint) = (error.to_string(), error.hint());
    let error = anyhow::Error::new(error);
    match hint {
        Some(hint) => error.context(Advised::new(what, hint)),
        None => error,
    }
}

/// Whether the server could not be started or stopped.
pub(crate) fn is_its_error(error: &anyhow::Error) -> bool {
    error.is::<local_postgres::Error>()
}
