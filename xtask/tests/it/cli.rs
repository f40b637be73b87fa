//! `cargo xtask` as a user meets it: streams, exit codes, what reaches Cargo.

use std::{os::unix::process::ExitStatusExt as _, path::Path};

use crate::fake_cargo::{FakeCargo, stderr, stdout};

#[test]
fn help_is_a_result_and_no_arguments_is_wrong_use() {
    let cargo = FakeCargo::that_runs("exit 9");
    let help = cargo.output_of(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(stdout(&help).contains("db:migrate:tenants"), "{help:?}");
    assert_eq!(stderr(&help), "");

    let nothing = cargo.output_of(&[]);
    assert_eq!(nothing.status.code(), Some(2));
    assert_eq!(stdout(&nothing), "");
    assert_eq!(stderr(&nothing), stdout(&help));
}

#[test]
fn an_unknown_alias_is_wrong_use_and_starts_nothing() {
    let output = FakeCargo::that_runs("exit 9").output_of(&["db:migrate:tenent", "acme"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(stdout(&output), "");
    assert!(
        stderr(&output).contains("`db:migrate:tenant`"),
        "{output:?}"
    );
    assert!(stderr(&output).contains("cargo xtask --help"), "{output:?}");
}

#[test]
fn an_alias_hands_all_its_arguments_to_its_program() {
    let output = FakeCargo::that_prints_its_arguments().output_of(&[
        "db:create:tenant",
        "acme corp",
        "--help",
        "--",
        "-x",
    ]);
    let printed = stdout(&output);
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines[..2], ["run", "--manifest-path"]);
    assert!(
        Path::new(lines[2]).is_absolute() && lines[2].ends_with("/Cargo.toml"),
        "{printed}"
    );
    let (_, arguments) = printed.split_once("tenant-scripts\n").unwrap();
    assert_eq!(
        arguments,
        "--bin\ncreate-tenant\n--\nacme corp\n--help\n--\n-x\n"
    );
}

#[test]
fn all_crates_for_the_registry_are_packaged_in_one_call_and_none_is_published() {
    let cargo = FakeCargo::that_prints_its_arguments();
    let printed = stdout(&cargo.output_of(&["package"]));
    assert!(printed.starts_with("package\n"), "{printed}");
    assert!(printed.contains("--package\ntenant-core\n"), "{printed}");
    assert!(!printed.contains("publish"), "{printed}");
    assert!(!printed.contains("test-support"), "{printed}");
    let output = cargo.output_of(&["package", "tenant-core"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn the_api_is_compared_with_a_commit_that_is_named() {
    let nothing = FakeCargo::that_runs("exit 9").output_of(&["semver"]);
    assert_eq!(nothing.status.code(), Some(2));
    let missing = FakeCargo::that_runs("exit 101").output_of(&["semver", "v0.1.0"]);
    assert_eq!(missing.status.code(), Some(3));
    assert!(
        stderr(&missing).contains("cargo install cargo-semver-checks"),
        "{missing:?}"
    );
    let there = FakeCargo::that_prints_its_arguments().output_of(&["semver", "v0.1.0"]);
    let printed = stdout(&there);
    assert!(printed.contains("--baseline-rev\nv0.1.0\n"), "{printed}");
    assert!(printed.contains("--package\nsql-text\n"), "{printed}");
}

#[test]
fn the_alias_for_one_tenant_names_it_with_only() {
    let cargo = FakeCargo::that_prints_its_arguments();
    let output = cargo.output_of(&["db:migrate:tenant", "acme", "--json"]);
    let printed = stdout(&output);
    assert!(
        printed.ends_with("migrate-tenants\n--\n--only\nacme\n--json\n"),
        "{printed}"
    );

    let nameless = cargo.output_of(&["db:migrate:tenant"]);
    assert_eq!(nameless.status.code(), Some(2));
    assert_eq!(stdout(&nameless), "");
    assert!(
        stderr(&nameless).contains("db:migrate:tenant NAME"),
        "{nameless:?}"
    );
}

#[test]
fn the_benchmark_is_built_for_speed_and_gets_all_arguments() {
    let cargo = FakeCargo::that_prints_its_arguments();
    let printed = stdout(&cargo.output_of(&["bench", "--tenants", "9", "--help"]));
    assert!(
        printed.ends_with(
            "--release\n--package\nfleet-bench\n--bin\nfleet-bench\n--\n--tenants\n9\n--help\n"
        ),
        "{printed}"
    );
}

#[test]
fn the_exit_code_of_the_program_is_passed_on() {
    for code in [0, 1, 2, 3, 101] {
        let output = FakeCargo::that_runs(&format!("exit {code}")).output_of(&["db:list:tenants"]);
        assert_eq!(output.status.code(), Some(code));
    }
}

#[test]
fn a_program_that_a_signal_ends_looks_that_way_to_the_caller() {
    let output = FakeCargo::that_runs("kill -TERM $$").output_of(&["db:list:tenants"]);
    assert_eq!(output.status.signal(), Some(15));
}

#[test]
fn the_working_directory_stays_that_of_the_user() {
    let cargo = FakeCargo::that_runs("pwd -P");
    let output = cargo.output_of(&["db:list:tenants"]);
    let expected = cargo.folder().canonicalize().unwrap();
    assert_eq!(stdout(&output).trim(), expected.display().to_string());
}

#[test]
fn cargo_is_not_told_that_it_runs_inside_another_one() {
    let cargo = FakeCargo::that_runs("env | grep -c -E '^CARGO_(PKG|MANIFEST)_'");
    let mut command = cargo.xtask(&["db:list:tenants"]);
    command
        .env("CARGO_PKG_NAME", "xtask")
        .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"));
    assert_eq!(stdout(&command.output().unwrap()).trim(), "0");
}

#[test]
fn a_moved_repository_is_found_where_cargo_says_it_is() {
    let cargo = FakeCargo::that_prints_its_arguments();
    let moved = tempfile::tempdir().unwrap();
    std::fs::create_dir(moved.path().join("xtask")).unwrap();
    for manifest in ["Cargo.toml", "xtask/Cargo.toml"] {
        std::fs::write(moved.path().join(manifest), "").unwrap();
    }
    let mut command = cargo.xtask(&["typecheck"]);
    command.env("CARGO_MANIFEST_DIR", moved.path().join("xtask"));
    let printed = stdout(&command.output().unwrap());
    let manifest = moved.path().join("Cargo.toml");
    assert!(
        printed.lines().any(|line| Path::new(line) == manifest),
        "{printed}"
    );
}

#[test]
fn a_missing_cargo_is_named() {
    let cargo = FakeCargo::that_runs("");
    let mut command = cargo.xtask(&["typecheck"]);
    command.env("CARGO", "/no/such/cargo");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("/no/such/cargo"), "{output:?}");
}

#[test]
fn typecheck_and_tidy_are_calls_of_cargo_without_arguments() {
    let cargo = FakeCargo::that_prints_its_arguments();
    let typecheck = stdout(&cargo.output_of(&["typecheck"]));
    assert!(typecheck.starts_with("check\n"), "{typecheck}");
    assert!(
        typecheck.ends_with("--workspace\n--all-targets\n"),
        "{typecheck}"
    );
    let tidy = stdout(&cargo.output_of(&["tidy"]));
    assert!(
        tidy.ends_with("--package\nxtask\n--test\nit\ntidy::\n"),
        "{tidy}"
    );

    let help = cargo.output_of(&["typecheck", "--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(
        stdout(&help).contains("Usage: cargo xtask typecheck"),
        "{help:?}"
    );
    let extra = cargo.output_of(&["tidy", "fast"]);
    assert_eq!(extra.status.code(), Some(2));
    assert!(stderr(&extra).contains("`fast`"), "{extra:?}");
}

#[test]
fn the_reference_is_written_by_the_tests_that_compare_it() {
    let cargo = FakeCargo::that_runs("echo $UPDATE_BOOK $*");
    let output = cargo.output_of(&["reference"]);
    let called = stdout(&output);
    assert!(called.starts_with("1 --manifest-path"), "{called}");
    assert!(
        called.ends_with("--test it reference:: -- --test-threads=1\n"),
        "{called}"
    );
}

#[test]
fn the_book_is_built_by_its_test_and_the_page_to_open_is_printed() {
    let cargo = FakeCargo::that_runs("");
    let output = cargo.output_of(&["book"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let printed = stdout(&output);
    assert!(
        printed.trim_end().ends_with("target/book/index.html"),
        "{printed}"
    );
    let failing = FakeCargo::that_runs("exit 101").output_of(&["book"]);
    assert_eq!(failing.status.code(), Some(101), "{failing:?}");
    assert!(!stdout(&failing).contains("index.html"), "{failing:?}");
}

/// A folder that looks like PostgreSQL's to `xtask`.
fn server_programs() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    for program in ["initdb", "postgres"] {
        let path = folder.path().join(program);
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

#[test]
fn tests_run_once_their_needs_are_met() {
    let cargo = FakeCargo::that_prints_its_arguments();
    let programs = server_programs();
    let mut command = cargo.xtask(&["test", "--no-install", "--", "-p", "tenant-core", "fleet"]);
    let output = command.env("PG_BIN", programs.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).starts_with("test\n"), "{output:?}");
    assert!(
        stdout(&output).ends_with("/Cargo.toml\n-p\ntenant-core\nfleet\n"),
        "{output:?}"
    );
}

#[test]
fn long_tests_are_told_so_and_cargo_gets_nothing_but_its_own_arguments() {
    let script = r#"printf '%s\n' "long: $TEST_LONG" "$@""#;
    let cargo = FakeCargo::that_runs(script);
    let programs = server_programs();
    let run = |arguments: &[&str]| {
        let mut command = cargo.xtask(arguments);
        command
            .env("PG_BIN", programs.path())
            .env_remove("TEST_LONG");
        stdout(&command.output().unwrap())
    };
    let long = run(&["test", "--long", "--no-install", "--", "kills"]);
    assert!(long.starts_with("long: 1\n"), "{long}");
    assert!(
        long.ends_with("/Cargo.toml\n--workspace\nkills\n"),
        "{long}"
    );
    let ordinary = run(&["test", "--no-install", "--", "kills"]);
    assert!(ordinary.starts_with("long: \n"), "{ordinary}");
}

/// A Cargo with one test program, which is `script`, and with examples in the
/// documentation.
fn cargo_with_a_test(script: &str) -> FakeCargo {
    let cargo = FakeCargo::that_runs(
        r#"case "$*" in
*--no-run*) echo built ;;
*--doc*) echo "examples ran, long: $TEST_LONG" ;;
*--tests*)
    runner=$(printf '%s' "$*" | sed 's/.*\[\(.*\)\].*/\1/; s/[",]//g')
    CARGO_PKG_NAME=tenant-core $runner "$PWD/it-0123abc" ;;
esac"#,
    );
    let program = cargo.folder().join("it-0123abc");
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&program, mode).unwrap();
    cargo
}

#[test]
fn without_arguments_every_test_program_runs_as_cargo_would_run_it() {
    let cargo = cargo_with_a_test(r#"echo "$CARGO_PKG_NAME in $PWD, long: $TEST_LONG""#);
    let programs = server_programs();
    let mut command = cargo.xtask(&["test", "--no-install", "--long"]);
    let output = command.env("PG_BIN", programs.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let told = stdout(&output);
    assert!(told.contains("==> tenant-core it: passed"), "{told}");
    let folder = cargo.folder().display();
    let line = format!("tenant-core in {folder}, long: 1\n");
    assert!(told.contains(&line), "{told}");
    assert!(told.contains("examples ran, long: 1\n"), "{told}");
}

#[test]
fn a_test_program_that_fails_is_named_with_the_way_to_run_it_alone() {
    let cargo = cargo_with_a_test("echo 'test result: FAILED'; exit 101");
    let programs = server_programs();
    let mut command = cargo.xtask(&["test", "--no-install"]);
    let output = command.env("PG_BIN", programs.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(101), "{output:?}");
    let told = stdout(&output);
    assert!(told.contains("==> tenant-core it: FAILED"), "{told}");
    assert!(told.contains("\ntest result: FAILED\n"), "{told}");
    assert!(told.contains("examples ran"), "the others run: {told}");
    let said = stderr(&output);
    let named = "error: tests failed in 1 of the test programs: tenant-core it";
    assert!(said.contains(named), "{said}");
    assert!(said.contains("cargo xtask test -- -p PACKAGE"), "{said}");
}

#[test]
fn tests_that_do_not_compile_are_not_run() {
    let cargo = FakeCargo::that_runs("echo 'it does not compile' >&2; exit 101");
    let programs = server_programs();
    let mut command = cargo.xtask(&["test", "--no-install"]);
    let output = command.env("PG_BIN", programs.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(101), "{output:?}");
    assert_eq!(stdout(&output), "");
    assert_eq!(stderr(&output).matches("it does not compile").count(), 1);
}

#[test]
fn the_help_of_the_tests_tells_of_the_long_ones() {
    let help = FakeCargo::that_runs("exit 9").output_of(&["test", "--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(stdout(&help).contains("--long "), "{help:?}");
}

#[test]
fn a_misdirected_variable_stops_the_tests() {
    let cargo = FakeCargo::that_prints_its_arguments();
    let mut command = cargo.xtask(&["test"]);
    let output = command.env("PG_BIN", cargo.folder()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&output), "");
    assert!(stderr(&output).contains("PG_BIN"), "{output:?}");
}
