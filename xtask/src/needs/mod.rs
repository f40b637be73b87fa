//! What the tests need beyond Rust: a table, looked for before they run and
//! installed where that is allowed.

mod chosen;
mod citus;
mod find;
mod install;
mod step;
mod system;

use crate::{console, failure::Failure};

pub(crate) use chosen::Chosen;
pub(crate) use citus::require as require_citus;

use self::find::Presence;

/// Something the tests need, how it is recognised, and which packages give it.
pub(crate) struct Need {
    /// What to call it.
    name: &'static str,
    /// The sets of programs any one of which will do. The programs of a set
    /// have to stand in the same folder.
    programs: &'static [&'static [&'static str]],
    /// A variable that names the folder. When it is set, nothing else counts.
    variable: Option<&'static str>,
    /// A command that prints the folder.
    told_by: Option<&'static [&'static str]>,
    /// Where packages put it outside PATH; a `*` stands for any text.
    folders: &'static [&'static str],
    /// The package of Debian and its relatives.
    debian: &'static str,
    /// The formula of Homebrew; none for what macOS brings along.
    homebrew: Option<&'static str>,
}

/// The server that the tests start.
const POSTGRESQL: Need = Need {
    name: "PostgreSQL's server programs (initdb and postgres)",
    programs: &[&["initdb", "postgres"]],
    variable: Some(chosen::VARIABLE),
    told_by: Some(&["pg_config", "--bindir"]),
    folders: &[
        "/usr/lib/postgresql/*/bin",
        "/usr/pgsql-*/bin",
        "/opt/homebrew/opt/postgresql*/bin",
        "/usr/local/opt/postgresql*/bin",
        "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
        "/Applications/Postgres.app/Contents/Versions/*/bin",
    ],
    debian: "postgresql",
    homebrew: Some("postgresql@17"),
};

/// Everything the tests need. Each row is looked for, announced and installed
/// by the same code.
const NEEDS: &[Need] = &[
    POSTGRESQL,
    Need {
        name: "PgBouncer, for tests behind a pooler",
        programs: &[&["pgbouncer"]],
        variable: None,
        told_by: None,
        // Packages put it among the programs of the administrator, which are not
        // in everybody's PATH.
        folders: &[
            "/usr/sbin",
            "/usr/local/sbin",
            "/opt/homebrew/bin",
            "/opt/homebrew/opt/pgbouncer/bin",
            "/usr/local/opt/pgbouncer/bin",
            "/home/linuxbrew/.linuxbrew/opt/pgbouncer/bin",
        ],
        debian: "pgbouncer",
        homebrew: Some("pgbouncer"),
    },
    Need {
        name: "Chromium, for tests of the studio",
        programs: &[
            &["chromium"],
            &["chromium-browser"],
            &["google-chrome"],
            &["Google Chrome"],
        ],
        variable: None,
        told_by: None,
        folders: &["/Applications/Google Chrome.app/Contents/MacOS"],
        debian: "chromium",
        homebrew: Some("google-chrome"),
    },
    Need {
        name: "ChromeDriver, which controls Chromium",
        programs: &[&["chromedriver"]],
        variable: None,
        told_by: None,
        folders: &["/opt/homebrew/bin", "/usr/local/bin"],
        debian: "chromium-driver",
        homebrew: Some("chromedriver"),
    },
    Need {
        name: "ps, for tests that look for leftover processes",
        programs: &[&["ps"]],
        variable: None,
        told_by: None,
        folders: &[],
        debian: "procps",
        homebrew: None,
    },
];

/// Whether missing packages may be installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Installing {
    /// By root, by a user whose sudo asks no password, or by Homebrew.
    WhereAllowed,
    /// Not at all.
    Never,
}

/// Makes sure that everything the tests need is on this machine; of PostgreSQL,
/// what is `chosen` counts and nothing else.
///
/// # Errors
/// Something is missing and may not or cannot be installed. The message names
/// the packages and the commands that install them.
pub(crate) fn see_to_them(installing: Installing, chosen: Option<&Chosen>) -> Result<(), Failure> {
    let missing = missing_among(NEEDS, chosen)?;
    if missing.is_empty() {
        return Ok(());
    }
    let plan = install::plan(&missing, &system::look());
    let found = format!("could not find {}", names(&missing));
    if installing == Installing::Never || !plan.is_allowed() {
        return Err(Failure::Failed(format!(
            "error: {found}\n{}",
            plan.advice()
        )));
    }
    console::note(&format!("note: {found}\n{}", plan.announcement()));
    plan.run()?;
    let still_missing = missing_among(NEEDS, chosen)?;
    if still_missing.is_empty() {
        return Ok(());
    }
    let places: Vec<String> = still_missing.iter().map(|need| need.places()).collect();
    Err(Failure::Failed(format!(
        "error: could not find {} after the installation\n\
         {}",
        names(&still_missing),
        places.join("\n"),
    )))
}

fn missing_among(
    needs: &'static [Need],
    chosen: Option<&Chosen>,
) -> Result<Vec<&'static Need>, Failure> {
    let mut missing = Vec::new();
    for need in needs {
        match find::look_for(need, chosen) {
            Presence::Found => {}
            Presence::Missing => missing.push(need),
            Presence::Misdirected { variable, folder } => {
                return Err(Failure::Failed(format!(
                    "error: {variable} is `{}`, which does not contain {}\n\
                     hint: Correct the variable, or unset it to search the usual places.",
                    folder.display(),
                    need.name
                )));
            }
        }
    }
    Ok(missing)
}

fn names(needs: &[&Need]) -> String {
    needs
        .iter()
        .map(|need| need.name)
        .collect::<Vec<_>>()
        .join("; ")
}

impl Need {
    /// Where it was looked for, for an error message.
    fn places(&self) -> String {
        let variable = self.variable.into_iter().map(str::to_owned);
        let told_by = self.told_by.into_iter().map(|command| command.join(" "));
        let folders = self.folders.iter().map(|folder| (*folder).to_owned());
        let path = std::iter::once("PATH".to_owned());
        let places: Vec<String> = variable.chain(path).chain(told_by).chain(folders).collect();
        format!(
            "note: searched for {} in:\n  {}",
            self.name,
            places.join("\n  ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_of_a_need_name_each_that_was_looked_at() {
        let places = NEEDS[0].places();
        for place in [
            "PG_BIN",
            "PATH",
            "pg_config --bindir",
            "/usr/lib/postgresql/*/bin",
        ] {
            assert!(
                places.lines().any(|line| line.trim() == place),
                "{place} in {places}"
            );
        }
    }
}
