//! Looking for a need on this machine.

use std::{
    ffi::OsString,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Component, Path, PathBuf},
    process::Command,
};

use super::{Chosen, Need};

/// What the look around found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// It is there.
    Found,
    /// It is nowhere.
    Missing,
    /// A variable points to a folder that does not contain it. Installing would not help: a program
    /// that reads the variable looks nowhere else.
    Misdirected {
        /// The variable's name.
        variable: &'static str,
        /// The folder it names.
        folder: PathBuf,
    },
}

/// Looks for `need` in every place its row names, by the environment's variables
/// unless one of them is `chosen` otherwise.
pub(super) fn look_for(need: &Need, chosen: Option<&Chosen>) -> Presence {
    let chosen = chosen.map(Chosen::variable);
    look_with(need, |variable| match &chosen {
        Some((name, folder)) if *name == variable => Some(folder.clone()),
        _ => std::env::var_os(variable),
    })
}

fn look_with(need: &Need, variable: impl Fn(&str) -> Option<OsString>) -> Presence {
    if let Some(name) = need.variable
        && let Some(folder) = variable(name).filter(|value| !value.is_empty())
    {
        let folder = PathBuf::from(folder);
        return if holds(&folder, need) {
            Presence::Found
        } else {
            Presence::Misdirected {
                variable: name,
                folder,
            }
        };
    }
    let path = variable("PATH").unwrap_or_default();
    let told = need.told_by.and_then(output_of).map(PathBuf::from);
    let mut folders = std::env::split_paths(&path)
        .chain(told)
        .chain(need.folders.iter().flat_map(|pattern| matching(pattern)));
    if folders.any(|folder| holds(&folder, need)) {
        Presence::Found
    } else {
        Presence::Missing
    }
}

pub(super) fn holds(folder: &Path, need: &Need) -> bool {
    need.programs.iter().any(|programs| {
        programs
            .iter()
            .all(|program| is_program(&folder.join(program)))
    })
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

/// What `command` prints, when it exists and succeeds.
pub(super) fn output_of(command: &[&str]) -> Option<String> {
    let (program, arguments) = command.split_first()?;
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// The existing paths that `pattern` stands for.
pub(super) fn matching(pattern: &str) -> Vec<PathBuf> {
    let mut paths = vec![PathBuf::new()];
    for component in Path::new(pattern).components() {
        paths = match star_of(component) {
            None => paths.into_iter().map(|path| path.join(component)).collect(),
            Some((start, end)) => paths
                .iter()
                .flat_map(|path| children(path, start, end))
                .collect(),
        };
    }
    paths
}

/// The text before and after the `*` of a path component.
fn star_of(component: Component<'_>) -> Option<(&str, &str)> {
    let Component::Normal(name) = component else {
        return None;
    };
    name.to_str()?.split_once('*')
}

fn children(folder: &Path, start: &str, end: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| {
            name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        })
        .map(|name| folder.join(name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEED: Need = Need {
        name: "a browser",
        programs: &[&["chromium"], &["firefox", "geckodriver"]],
        variable: Some("BROWSER_BIN"),
        told_by: None,
        folders: &[],
        debian: "chromium",
        homebrew: None,
    };

    fn folder_with(programs: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for program in programs {
            let path = folder.path().join(program);
            fs::write(&path, "").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        folder
    }

    /// Looks with a PATH of one folder, and with the variable when it is given.
    fn look(path: &Path, variable: Option<&Path>) -> Presence {
        look_with(&NEED, |name| match name {
            "PATH" => Some(path.into()),
            _ => variable.map(OsString::from),
        })
    }

    #[test]
    fn one_whole_set_of_programs_is_enough() {
        let empty = folder_with(&[]);
        assert_eq!(look(empty.path(), None), Presence::Missing);
        let half = folder_with(&["firefox"]);
        assert_eq!(look(half.path(), None), Presence::Missing);
        let whole = folder_with(&["firefox", "geckodriver"]);
        assert_eq!(look(whole.path(), None), Presence::Found);
    }

    #[test]
    fn a_file_that_cannot_be_run_is_no_program() {
        let folder = folder_with(&["chromium"]);
        let program = folder.path().join("chromium");
        fs::set_permissions(program, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(look(folder.path(), None), Presence::Missing);
    }

    #[test]
    fn a_variable_that_points_elsewhere_is_reported_and_not_passed_over() {
        let good = folder_with(&["chromium"]);
        let bad = folder_with(&[]);
        let expected = Presence::Misdirected {
            variable: "BROWSER_BIN",
            folder: bad.path().to_path_buf(),
        };
        assert_eq!(look(good.path(), Some(bad.path())), expected);
        assert_eq!(look(bad.path(), Some(good.path())), Presence::Found);
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let good = folder_with(&["chromium"]);
        assert_eq!(look(good.path(), Some(Path::new(""))), Presence::Found);
    }

    #[test]
    fn a_star_stands_for_any_text_in_one_component() {
        let root = tempfile::tempdir().unwrap();
        for folder in ["pgsql-16/bin", "pgsql-17/bin", "mysql/bin", "pgsql-17/lib"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        let mut found = matching(&format!("{}/pgsql-*/bin", root.path().display()));
        found.sort();
        assert_eq!(
            found,
            ["pgsql-16/bin", "pgsql-17/bin"].map(|name| root.path().join(name))
        );
    }

    #[test]
    fn the_answer_of_a_command_is_taken_only_when_it_succeeds() {
        assert_eq!(
            output_of(&["echo", "/some/folder"]).as_deref(),
            Some("/some/folder")
        );
        assert_eq!(output_of(&["false"]), None);
        assert_eq!(output_of(&["no-such-program-anywhere"]), None);
    }
}
