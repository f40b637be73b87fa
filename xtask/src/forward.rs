//! Running a program of another package in place of this one.

use std::ffi::{OsStr, OsString};

use crate::{
    alias::{ALIASES, Alias, Program},
    cargo, console,
    failure::Failure,
};

/// The options of `migrate-tenants` whose value is the next argument, so that
/// the value is not taken for the tenant's name. One that is missing here makes
/// `migrate-tenants` refuse its arguments; it cannot reach another tenant.
const OPTIONS_WITH_A_VALUE: &[&str] = &[
    "--config",
    "--database-url",
    "--extensions-schema",
    "--from-file",
    "--jobs",
    "--lock-timeout",
    "--match",
    "--max-failures",
    "--migrations-dir",
    "--only",
    "--shared-object",
    "--statement-timeout",
    "--transaction",
    "--wait",
];

/// How much building to expect.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Build {
    /// None, or what has changed since the last time.
    Usual,
    /// All that the package's programs depend on.
    First,
}

/// Becomes `program`; comes back only when that is impossible.
pub(crate) fn run(program: Program, arguments: Vec<OsString>) -> Failure {
    let build = build_to_expect(program.package);
    if build == Build::First {
        console::note(&format!(
            "Building {} (the first build takes a minute or two) ...",
            program.bin
        ));
    }
    let mut command = cargo::command("run");
    command.args(run_arguments(program, build, arguments));
    cargo::become_it(command)
}

/// Becomes `program`, built with optimizations; comes back only when that is
/// impossible. What Cargo has to say is shown: such a build takes minutes.
pub(crate) fn run_fast(program: Program, arguments: Vec<OsString>) -> Failure {
    let mut command = cargo::command("run");
    command.arg("--release");
    command.args(run_arguments(program, Build::First, arguments));
    cargo::become_it(command)
}

/// Cargo puts all programs of a workspace into one folder, so those that were
/// built are siblings of this one. With any of a package come all dependencies.
fn build_to_expect(package: &str) -> Build {
    let Ok(this) = std::env::current_exe() else {
        return Build::First;
    };
    let programs = ALIASES.iter().filter_map(Alias::program);
    let mut of_package = programs.filter(|program| program.package == package);
    if of_package.any(|program| this.with_file_name(program.bin).is_file()) {
        Build::Usual
    } else {
        Build::First
    }
}

/// What follows `cargo run`. Cargo's own messages are hidden unless there is a
/// build to watch.
fn run_arguments(program: Program, build: Build, arguments: Vec<OsString>) -> Vec<OsString> {
    let quiet: &[&str] = match build {
        Build::Usual => &["--quiet"],
        Build::First => &[],
    };
    let of_cargo = quiet
        .iter()
        .copied()
        .chain(["--package", program.package, "--bin", program.bin, "--"])
        .chain(program.arguments.iter().copied());
    of_cargo.map(OsString::from).chain(arguments).collect()
}

/// Puts `--only` before the tenant's name in `arguments`.
///
/// # Errors
/// There is no name among the arguments.
pub(crate) fn only_one(mut arguments: Vec<OsString>) -> Result<Vec<OsString>, Failure> {
    if arguments
        .iter()
        .any(|argument| argument == "--help" || argument == "-h")
    {
        return Ok(arguments);
    }
    let position = position_of_name(&arguments).ok_or_else(|| {
        Failure::Usage(
            "error: db:migrate:tenant needs the name of a tenant\n\
             hint: Name one tenant, or migrate all of them.\n\
             \x20     cargo xtask db:migrate:tenant NAME [OPTIONS]\n\
             \x20     cargo xtask db:migrate:tenants"
                .to_owned(),
        )
    })?;
    arguments.insert(position, OsString::from("--only"));
    Ok(arguments)
}

/// Where the first argument stands that is neither an option nor its value.
fn position_of_name(arguments: &[OsString]) -> Option<usize> {
    let mut previous: Option<&OsStr> = None;
    arguments.iter().position(|argument| {
        let is_value = previous.is_some_and(takes_a_value);
        let is_option = argument.as_encoded_bytes().starts_with(b"-");
        previous = Some(argument);
        !is_value && !is_option
    })
}

fn takes_a_value(option: &OsStr) -> bool {
    OPTIONS_WITH_A_VALUE.iter().any(|name| option == *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    const CREATE: Program = Program {
        package: "tenant-scripts",
        bin: "create-tenant",
        arguments: &[],
    };

    #[test]
    fn what_the_alias_stands_for_comes_before_the_users_arguments() {
        let program = Program {
            arguments: &["--stream", "tenant"],
            ..CREATE
        };
        let arguments = run_arguments(program, Build::First, words("--json"));
        let expected = "--package tenant-scripts --bin create-tenant -- --stream tenant --json";
        assert_eq!(arguments, words(expected));
    }

    #[test]
    fn arguments_are_handed_on_untouched_after_two_dashes() {
        let arguments = run_arguments(CREATE, Build::Usual, words("acme --help -- -x"));
        let expected = "--quiet --package tenant-scripts --bin create-tenant -- acme --help -- -x";
        assert_eq!(arguments, words(expected));
    }

    #[test]
    fn a_first_build_shows_the_progress_of_cargo() {
        let arguments = run_arguments(CREATE, Build::First, Vec::new());
        assert_eq!(
            arguments,
            words("--package tenant-scripts --bin create-tenant --")
        );
    }

    #[test]
    fn only_is_put_before_the_name_of_the_tenant() {
        for (given, expected) in [
            ("acme", "--only acme"),
            ("acme --json", "--only acme --json"),
            ("--json acme --dry-run", "--json --only acme --dry-run"),
            ("--jobs 4 acme", "--jobs 4 --only acme"),
            ("--jobs=4 acme", "--jobs=4 --only acme"),
        ] {
            assert_eq!(
                only_one(words(given)).unwrap(),
                words(expected),
                "given {given}"
            );
        }
    }

    #[test]
    fn every_option_of_the_program_that_takes_a_value_is_known() {
        let help = "crates/tenant-scripts/tests/it/snapshots/it__help__migrate-tenants.snap";
        let help = std::fs::read_to_string(crate::workspace::root().join(help)).unwrap();
        let lines = help.lines().map(str::trim_start);
        let options = lines.filter(|line| line.starts_with("--") || line.starts_with("-v, --"));
        let with_value = options.filter_map(|line| {
            let mut words = line
                .split_whitespace()
                .skip_while(|word| !word.starts_with("--"));
            let name = words.next()?;
            words.next()?.starts_with('<').then_some(name)
        });
        let with_value = with_value.collect::<Vec<_>>();
        assert!(with_value.contains(&"--match"), "{with_value:?}");
        for name in with_value {
            assert!(OPTIONS_WITH_A_VALUE.contains(&name), "{name}");
        }
    }

    #[test]
    fn help_about_one_tenant_needs_no_name() {
        for given in ["--help", "-h", "acme --help"] {
            assert_eq!(only_one(words(given)).unwrap(), words(given));
        }
    }

    #[test]
    fn a_missing_name_is_wrong_use() {
        for given in ["", "--json", "--jobs 4", "--jobs"] {
            let failure = only_one(words(given)).unwrap_err();
            assert!(matches!(failure, Failure::Usage(_)), "given {given}");
            assert!(
                failure.to_string().contains("db:migrate:tenant NAME"),
                "{failure}"
            );
        }
    }
}
