//! A page's commands in one Bash session.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use test_support::Folder;

use super::page::{Page, Step};

/// What stands between the outputs of two steps.
const MARK: char = '\u{1e}';

/// How long a page may take, in seconds.
const LIMIT: &str = "300";

/// A step that has ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// Its exit code.
    pub(super) code: i32,
    /// The lines that it printed, on both streams.
    pub(super) output: Vec<String>,
}

/// Runs all steps of a page on the database with this URL and name.
pub(super) fn run(page: &Page, url: &str, database: &str) -> Vec<Ended> {
    let folder = Folder::new();
    let script = folder.file("page.sh", &script(&page.steps));
    let project = folder.file("tasker/.keep", "");
    let project = project.parent().unwrap();
    std::fs::remove_file(project.join(".keep")).unwrap();
    let tenants = folder.command("tenants").into_std();
    let programs = Path::new(tenants.get_program()).parent().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut bash = Command::new("timeout");
    bash.args([LIMIT, "bash"]).arg(&script).current_dir(project);
    bash.env_clear();
    bash.env("PATH", format!("{}:{path}", programs.display()));
    bash.env("HOME", folder.path()).env("LC_ALL", "C.UTF-8");
    bash.env("DATABASE_URL", url).env("PSQL_PAGER", "cat");
    bash.stdin(Stdio::null());
    let ended = bash.output().unwrap();
    let printed = String::from_utf8_lossy(&ended.stdout).into_owned();
    let folder = project.display().to_string();
    let known = [
        (url, "postgres://app@localhost/tasker"),
        (
            &url.replacen("postgres:", "postgresql:", 1),
            "postgresql://app@localhost/tasker",
        ),
        (&folder, "/srv/tasker"),
        (database, "tasker"),
    ];
    let printed = known
        .iter()
        .fold(printed, |text, (real, shown)| text.replace(real, shown));
    ends(&printed)
}

fn script(steps: &[Step]) -> String {
    let mut script = "exec 2>&1\n".to_owned();
    for step in steps {
        let commands = match step {
            Step::File { path, text } => {
                format!(
                    "mkdir -p \"$(dirname {path})\"; cat > {path} <<'END_OF_FILE'\n{text}END_OF_FILE"
                )
            }
            Step::Unseen { commands, .. } => format!("(set -e\n{commands}\n)"),
            Step::Shown(shown) => shown.command.clone(),
        };
        writeln!(script, "{commands}\nprintf '\\036%s\\036' $?").unwrap();
    }
    script
}

fn ends(printed: &str) -> Vec<Ended> {
    let parts = printed.split(MARK).collect::<Vec<_>>();
    let pairs = parts.chunks_exact(2);
    let ended = pairs.map(|pair| Ended {
        code: pair[1].parse().unwrap(),
        output: lines(pair[0]),
    });
    ended.collect()
}

/// The lines of an output, without the space at their ends and the empty lines at its end.
fn lines(output: &str) -> Vec<String> {
    let lines = output.trim_end().lines();
    lines.map(|line| line.trim_end().to_owned()).collect()
}
