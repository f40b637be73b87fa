//! The benchmark as a user meets it, with numbers too small to tell anything.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

const ROWS: [&str; 10] = [
    "create", "migrate", "claim", "pending", "health", "shapes", "query", "floor", "types",
    "session",
];

fn bench(arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fleet-bench"));
    command.args(arguments.split_whitespace());
    command
}

/// The folder of the server, as it is announced.
fn folder(said: &str) -> PathBuf {
    let (_, rest) = said.split_once("Starting a server in ").unwrap();
    let (folder, _) = rest.split_once(" ...").unwrap();
    PathBuf::from(folder)
}

/// No trace remains of a server in `folder`, nor of its processes.
fn assert_gone(folder: &Path) {
    assert!(!folder.exists(), "{} is left", folder.display());
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return;
    };
    let folder = folder.to_string_lossy();
    for process in processes {
        let command = process.unwrap().path().join("cmdline");
        let command = std::fs::read_to_string(command).unwrap_or_default();
        assert!(!command.contains(&*folder), "is left: {command}");
    }
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_quick_run_measures_both_sides_of_everything_and_leaves_nothing() {
    let output = bench("--quick --json --tenants 3 --fleet 5")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_gone(&folder(&said(&output)));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["tenants"], 3);
    assert_eq!(document["fleet"], 5);
    let measurements = document["measurements"].as_array().unwrap();
    let names = measurements.iter().map(|it| it["name"].as_str().unwrap());
    assert_eq!(names.collect::<Vec<_>>(), ROWS);
    for it in measurements {
        assert!(it["ratio"].as_f64().unwrap() > 0.0, "{it}");
        for side in ["ours", "plain"] {
            for figure in ["seconds", "ms_per_tenant", "cpu_seconds"] {
                assert!(
                    it[side][figure].as_f64().unwrap() > 0.0,
                    "{side} {figure}: {it}"
                );
            }
            assert_eq!(it[side]["runs"].as_array().unwrap().len(), 1, "{it}");
            let peak = it[side]["peak_bytes"].as_f64();
            let is_plausible = |peak| (1e6..1e9).contains(&peak);
            assert!(
                peak.map_or(cfg!(not(target_os = "linux")), is_plausible),
                "{it}"
            );
        }
    }
    let targets = document["targets"].as_array().unwrap();
    assert_eq!(targets.len(), 9);
    assert!(targets.iter().any(|it| it["met"] == true), "{targets:?}");
}

#[test]
fn people_get_a_table_and_a_verdict_for_each_target() {
    let output = bench("--quick --tenants 2 --fleet 2").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let printed = String::from_utf8(output.stdout.clone()).unwrap();
    for row in [
        "create 2 tenants",
        "one more migration for 2",
        "claim 20 spares",
        "nothing pending for 2",
        "health of 2",
        "everything in 2 compared",
        "224 queries in random tenants",
    ] {
        assert!(printed.contains(row), "{row}: {printed}");
    }
    let is_verdict = |line: &&str| line.starts_with("met ") || line.starts_with("not met ");
    assert_eq!(printed.lines().filter(is_verdict).count(), 9, "{printed}");
    assert!(
        said(&output).contains("1/1 health, plain: "),
        "{}",
        said(&output)
    );
}

/// Reads what `child` says until it contains `text`.
fn read_until(child: &mut Child, text: &str) -> String {
    let mut lines = BufReader::new(child.stderr.as_mut().unwrap());
    let mut said = String::new();
    while !said.contains(text) {
        assert_ne!(lines.read_line(&mut said).unwrap(), 0, "{said}");
    }
    said
}

#[test]
fn an_interrupted_run_leaves_nothing() {
    let mut command = bench("--tenants 5000 --fleet 1");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // The server runs by then, and tenants are about to be made.
    let said = read_until(&mut child, "Creating 5000 tenants");
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_gone(&folder(&said));
    let mut printed = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut printed)
        .unwrap();
    assert_eq!(printed, "");
}

#[test]
fn wrong_use_is_told_from_everything_else() {
    for arguments in ["--tenants 0", "--rounds x", "--nothing", "side create ours"] {
        let output = bench(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments}");
        assert_eq!(output.stdout, b"", "{arguments}");
    }
    let help = bench("--help").output().unwrap();
    assert_eq!(help.status.code(), Some(0));
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(
        help.contains("--quick") && !help.contains("Commands:"),
        "{help}"
    );
}
