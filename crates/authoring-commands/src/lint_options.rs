//! What the project says about the rules for its migrations.

use anyhow::{Context as _, anyhow};
use command_line::files::read_if_there;
use command_line::hints::Advised;
use command_line::mistakes::Mistakes;
use command_line::settings::{Lint, Mistake, Placed};
use migration_lint::{Options, OptionsError};

use crate::{Project, Stream};

/// The file, in the project's folder. It need not be there.
pub const FILE: &str = "lint.toml";

/// Reads it, or the section `[lint]` of the settings.
///
/// # Errors
///
/// A wrong use when either cannot be understood, and when both are there.
pub fn read(project: &Project) -> anyhow::Result<Options> {
    let section = project.settings().written().lint.as_ref();
    let read = read_if_there(&project.folder().join(FILE));
    let text = read.with_context(|| format!("could not read {FILE}"))?;
    match (text, section) {
        (None, None) => Ok(Options::default()),
        (None, Some(section)) => of_section(project, section),
        (Some(text), None) => Options::parse(&text).map_err(|error| in_file(&text, &error)),
        (Some(_), Some(section)) => {
            let both = format!("the project has both `[lint]` and the file {FILE}");
            let mistake = project.settings().mistake(section.line, both);
            Err(anyhow!(Mistakes::from(mistake)).context(Advised::new(
                "could not choose the lint options",
                "Delete one of them.",
            )))
        }
    }
}

fn of_section(project: &Project, section: &Placed<Lint>) -> anyhow::Result<Options> {
    let lint = section.value.clone();
    let usual = Options::default();
    let options = Options {
        allowed_schemas: lint.allowed_schemas,
        disabled_rules: lint.disabled_rules,
        enabled_rules: lint.enabled_rules,
        postgres_version: lint.postgres_version.unwrap_or(usual.postgres_version),
        citus: lint.citus,
        ..usual
    };
    options.checked().map_err(|error| {
        let mistake = project.settings().mistake(section.line, error.to_string());
        anyhow!(Mistakes::from(mistake))
    })
}

/// A mistake in the file. Only what is wrong for TOML has a place.
fn in_file(text: &str, error: &OptionsError) -> anyhow::Error {
    let mistake = match error {
        OptionsError::Toml(error) => Mistake::of_toml(FILE, text, error),
        error => Mistake {
            file: FILE.to_owned(),
            line: None,
            column: None,
            message: error.to_string(),
        },
    };
    anyhow!(Mistakes::from(mistake))
}

impl From<Stream> for migration_lint::Stream {
    fn from(stream: Stream) -> Self {
        match stream {
            Stream::Public => Self::Public,
            Stream::Tenant => Self::Tenant,
        }
    }
}
