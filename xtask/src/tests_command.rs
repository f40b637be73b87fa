//! `cargo xtask test`: what the tests need, then the tests.

use std::{ffi::OsString, path::PathBuf};

use crate::{
    alias::Alias,
    cargo, console,
    failure::Failure,
    help,
    needs::{self, Chosen, Installing},
    test_programs::{self, Variable},
};

const DETAILS: &str = "
Options:
  --long          Repeat the fault tests (killed, interrupted and concurrent runs) at
                  many more random moments, and show the figures; takes minutes
  --citus         Run only the tests on Citus, which other runs skip. They start a
                  coordinator and two workers, or use the cluster of
                  CITUS_DATABASE_URL
  --postgres DIR  Use the PostgreSQL in DIR or DIR/bin instead of the installed one
  --no-install    List missing programs instead of installing them
  -- ARGS...      Pass the rest to `cargo test`

Several test programs run at a time, and the output of each follows when it ends.
With ARGS, Cargo runs them one after the other.

The tests start their own PostgreSQL servers, even if TEST_DATABASE_URL is set,
with PgBouncer in front of them. They open the studio in a headless Chromium. The
command searches PG_BIN, PATH and the usual folders for these programs. It
installs missing programs on Debian (as root or with sudo) and macOS (with
Homebrew), and shows the commands first.

Exit codes: those of `cargo test`; 1 a program is missing, 2 wrong use, 3 no Citus

Examples:
  cargo xtask test -- -p tenant-core fleet
  cargo xtask test --postgres /usr/lib/postgresql/17/bin
";

/// What was asked for on the command line.
#[derive(Debug, PartialEq, Eq)]
enum Request {
    Help,
    Tests {
        which: Which,
        length: Length,
        postgres: Option<PathBuf>,
        installing: Installing,
        cargo_arguments: Vec<OsString>,
    },
}

/// Which tests are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    /// Those that need nothing that no registry has.
    Ordinary,
    /// Those that need Citus.
    OnCitus,
}

/// How often the tests of faults try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Ordinary,
    Long,
}

/// What tells the tests that they have time. They show their figures then, in
/// a way that Cargo's arguments need not ask for.
const LONG: (&str, &str) = ("TEST_LONG", "1");

/// What tells the tests that Citus is there.
const CITUS: (&str, &str) = ("TEST_CITUS", "1");

/// The tests that are about it. Each starts three servers, so they take turns.
const ON_CITUS: [&str; 8] = [
    "--package",
    "tenant-core",
    "--test",
    "it",
    "citus::",
    "--",
    "--test-threads",
    "1",
];

/// Sees to the needs of the tests and becomes `cargo test`.
///
/// # Errors
/// The arguments are wrong, or something is missing and cannot be installed.
pub(crate) fn run(alias: &Alias, arguments: Vec<OsString>) -> Result<(), Failure> {
    match parse(arguments)? {
        Request::Help => {
            console::result(&help::of(alias, DETAILS));
            Ok(())
        }
        Request::Tests {
            which,
            length,
            postgres,
            installing,
            mut cargo_arguments,
        } => {
            let chosen = postgres.map(Chosen::in_folder).transpose()?;
            if let Some(chosen) = &chosen {
                console::note(&chosen.announcement());
            }
            needs::see_to_them(installing, chosen.as_ref())?;
            if which == Which::OnCitus {
                needs::require_citus()?;
                cargo_arguments.extend(ON_CITUS.map(OsString::from));
            }
            let on_citus = (which == Which::OnCitus).then_some(CITUS);
            let long = (length == Length::Long).then_some(LONG);
            let server = chosen.as_ref().map(Chosen::variable);
            let variables = [on_citus, long]
                .into_iter()
                .flatten()
                .map(|(name, value)| (name, OsString::from(value)))
                .chain(server)
                .collect::<Vec<Variable>>();
            if cargo_arguments.is_empty() {
                return test_programs::run(&variables);
            }
            let mut command = cargo::command("test");
            command.envs(variables);
            command.args(test_arguments(cargo_arguments));
            Err(cargo::become_it(command))
        }
    }
}

fn parse(arguments: Vec<OsString>) -> Result<Request, Failure> {
    let mut which = Which::Ordinary;
    let mut length = Length::Ordinary;
    let mut postgres = None;
    let mut installing = Installing::WhereAllowed;
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        match argument.to_string_lossy().as_ref() {
            "--long" => length = Length::Long,
            "--citus" => which = Which::OnCitus,
            "--postgres" => match arguments.next() {
                Some(folder) if !folder.is_empty() && folder != "--" => {
                    postgres = Some(PathBuf::from(folder));
                }
                _ => return Err(lacks_a_folder()),
            },
            "--no-install" => installing = Installing::Never,
            "--" => break,
            word if help::is_asked_by(word) => return Ok(Request::Help),
            word => return Err(unexpected(word)),
        }
    }
    Ok(Request::Tests {
        which,
        length,
        postgres,
        installing,
        cargo_arguments: arguments.collect(),
    })
}

fn lacks_a_folder() -> Failure {
    Failure::Usage(
        "error: `--postgres` needs the folder of PostgreSQL's programs\n\
         hint: Name the folder.\n\
         \x20     cargo xtask test --postgres /usr/lib/postgresql/17/bin"
            .to_owned(),
    )
}

fn unexpected(word: &str) -> Failure {
    Failure::Usage(format!(
        "error: unexpected argument `{word}`\n\
         hint: Put arguments for `cargo test` after two dashes. For the options, use --help.\n\
         \x20     cargo xtask test -- {word}"
    ))
}

/// What follows `cargo test`: the whole workspace, unless packages are named.
/// Cargo ignores `--package` beside `--workspace`.
fn test_arguments(mut cargo_arguments: Vec<OsString>) -> Vec<OsString> {
    if !cargo_arguments
        .iter()
        .take_while(|argument| *argument != "--")
        .any(names_a_package)
    {
        cargo_arguments.insert(0, OsString::from("--workspace"));
    }
    cargo_arguments
}

fn names_a_package(argument: &OsString) -> bool {
    let argument = argument.to_string_lossy();
    let is_short = argument.starts_with("-p") && !argument.starts_with("--");
    is_short || argument == "--package" || argument.starts_with("--package=")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    fn tests(installing: Installing, cargo_arguments: &str) -> Request {
        Request::Tests {
            which: Which::Ordinary,
            length: Length::Ordinary,
            postgres: None,
            installing,
            cargo_arguments: words(cargo_arguments),
        }
    }

    #[test]
    fn without_arguments_everything_is_installed_and_tested() {
        assert_eq!(
            parse(words("")).unwrap(),
            tests(Installing::WhereAllowed, "")
        );
        assert_eq!(test_arguments(words("")), words("--workspace"));
    }

    #[test]
    fn tests_are_long_when_that_is_asked_for_before_the_dashes() {
        let long = |cargo_arguments| Request::Tests {
            which: Which::Ordinary,
            length: Length::Long,
            postgres: None,
            installing: Installing::Never,
            cargo_arguments: words(cargo_arguments),
        };
        assert_eq!(parse(words("--long --no-install")).unwrap(), long(""));
        assert_eq!(
            parse(words("--no-install --long -- kills")).unwrap(),
            long("kills")
        );
        assert_eq!(
            parse(words("-- --long")).unwrap(),
            tests(Installing::WhereAllowed, "--long")
        );
    }

    #[test]
    fn those_on_citus_are_run_alone_when_they_are_asked_for() {
        let asked = parse(words("--citus")).unwrap();
        let Request::Tests { which, .. } = asked else {
            panic!("{asked:?}")
        };
        assert_eq!(which, Which::OnCitus);
        let arguments = ON_CITUS.map(OsString::from).to_vec();
        assert_eq!(test_arguments(arguments.clone()), arguments);
    }

    #[test]
    fn another_postgresql_is_named_by_its_folder() {
        let asked = parse(words("--postgres /opt/pg18 -- fleet")).unwrap();
        let Request::Tests {
            postgres,
            cargo_arguments,
            ..
        } = asked
        else {
            panic!("{asked:?}")
        };
        assert_eq!(postgres, Some(PathBuf::from("/opt/pg18")));
        assert_eq!(cargo_arguments, words("fleet"));
        for line in ["--postgres", "--postgres -- fleet"] {
            let failure = parse(words(line)).unwrap_err();
            assert!(matches!(failure, Failure::Usage(_)), "{failure}");
            assert!(failure.to_string().contains("--postgres"), "{failure}");
        }
    }

    #[test]
    fn what_follows_two_dashes_goes_to_cargo() {
        assert_eq!(
            parse(words("--no-install -- --no-install -- --help")).unwrap(),
            tests(Installing::Never, "--no-install -- --help"),
        );
    }

    #[test]
    fn a_named_package_takes_the_place_of_the_workspace() {
        for given in [
            "-p tenant-core fleet",
            "-ptenant-core",
            "--package=tenant-core",
        ] {
            assert_eq!(test_arguments(words(given)), words(given));
        }
        let for_the_tests = words("fleet -- -p");
        assert_eq!(
            test_arguments(for_the_tests),
            words("--workspace fleet -- -p")
        );
    }

    #[test]
    fn an_argument_that_lacks_its_dashes_is_explained() {
        let failure = parse(words("fleet")).unwrap_err();
        assert!(matches!(failure, Failure::Usage(_)));
        assert!(
            failure.to_string().contains("cargo xtask test -- fleet"),
            "{failure}"
        );
    }

    #[test]
    fn help_is_recognised_before_the_dashes_only() {
        assert_eq!(parse(words("--no-install --help")).unwrap(), Request::Help);
        assert_ne!(parse(words("-- --help")).unwrap(), Request::Help);
    }
}
