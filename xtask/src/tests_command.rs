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
  --long        Try the tests of faults (runs that are killed, cut off, or met by
                others) at many more random moments, and show the figures; this
                takes minutes
  --citus       Run only the tests of tenants on a Citus cluster, which the others
                leave out: a coordinator and two workers are started from an
                installed Citus, or CITUS_DATABASE_URL leads to a cluster
  --postgres DIR
                Test with the PostgreSQL whose programs are in DIR, or in its folder
                bin: another version than the installed one, such as one unpacked
                from a package
  --no-install  Name what is missing instead of installing it
  -- ARGS...    Hand the rest to `cargo test`, such as: -- -p tenant-core fleet

Several test programs run at a time, and each is shown when it ends; with ARGS they
are Cargo's to run, one after the other.

The tests start PostgreSQL servers of their own, also when TEST_DATABASE_URL is
set, and PgBouncer in front of them, and use the studio in a Chromium without a
window. PostgreSQL's binaries are looked for in PG_BIN, in PATH and where
packages put them, PgBouncer, Chromium and ChromeDriver in the latter two, and
installed when they are missing: on Debian and its relatives by root or a user
whose sudo asks no password, on macOS with Homebrew. The commands are announced
before they run.

Exit codes: those of `cargo test`; 1 when something is missing, 2 for wrong use, 3
when there is no Citus to test with.
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
        "error: `--postgres` takes the folder of PostgreSQL's programs, such as: \
         cargo xtask test --postgres /usr/lib/postgresql/17/bin\n\n\
         For the options: cargo xtask test --help"
            .to_owned(),
    )
}

fn unexpected(word: &str) -> Failure {
    Failure::Usage(format!(
        "error: unexpected argument `{word}`\n\n\
         Arguments for `cargo test` follow two dashes: cargo xtask test -- {word}\n\
         For the options: cargo xtask test --help"
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
