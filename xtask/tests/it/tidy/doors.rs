//! One door per danger: what only one file (or a few) may touch.

use super::{
    Repository, assert_none,
    repository::is_in_src,
    rust_text::{Layer, only, production},
    sources::contains_word,
};

/// A danger, and the files that may touch it.
struct Door {
    /// What shows that a source touches it.
    patterns: &'static [&'static str],
    /// Where in a source the patterns count. In literals, letter case does not.
    layer: Layer,
    /// The files that may, as the beginnings of their paths.
    open_to: &'static [&'static str],
    /// What everybody else does instead.
    instead: &'static str,
}

/// Every door. The rule covers `crates/*/src`, `examples/*/src`, `benches/src` and
/// `xtask/src`, unit tests excepted.
const DOORS: &[Door] = &[
    Door {
        patterns: &[
            "env::var",
            "env::var_os",
            "env::vars",
            "env::vars_os",
            "env::set_var",
            "env::remove_var",
            "dotenvy::",
        ],
        layer: Layer::Code,
        open_to: &[
            "crates/local-postgres/src/environment.rs",
            "crates/command-line/src/environment.rs",
            "crates/tenant-testing/src/environment.rs",
            "crates/test-support/src/",
            // A program of its own, with variables of its own.
            "examples/task-service/src/config.rs",
            "xtask/src/",
        ],
        instead: "read the variable in crates/command-line/src/environment.rs, describe it in \
                  .env.example, and pass its value down as an argument.",
    },
    Door {
        patterns: &["println!", "eprintln!", "print!", "eprint!"],
        layer: Layer::Code,
        open_to: &[],
        instead: "hand the text to the module that owns the terminal (in the scripts and in \
                  xtask), which keeps results on standard output and all else on standard \
                  error; a library returns what there is to say.",
    },
    Door {
        patterns: &["process::exit"],
        layer: Layer::Code,
        open_to: &["crates/command-line/src/exit.rs"],
        instead: "return an error; crates/command-line/src/exit.rs turns it into the exit code \
                  of the contract, and everything on the way is dropped properly.",
    },
    Door {
        patterns: &[
            "search_path to",
            "search_path =",
            "search_path=",
            "reset search_path",
            "show search_path",
            "set_config('search_path'",
            "current_setting('search_path'",
        ],
        layer: Layer::Literal,
        open_to: &[
            "crates/tenant-core/src/path.rs",
            "crates/tenant-core/src/path/",
            // The SQL that is not ours, and that ours is measured beside.
            "benches/src/plain/transaction.rs",
        ],
        instead: "take the statements from crates/tenant-core/src/path.rs: only there are the \
                  names certain to be quoted and the resulting path to be checked.",
    },
    Door {
        patterns: &["tracing::"],
        layer: Layer::Code,
        // An application has a log of its own.
        open_to: &["crates/tenant-core/src/events", "examples/"],
        instead: "tell it by a function of crates/tenant-core/src/events.rs: only there are names \
                  and fields documented, and errors told without anybody's data.",
    },
    Door {
        patterns: &["schema_tracker", "spare_schemas"],
        layer: Layer::Literal,
        open_to: &[
            "crates/tenant-core/src/registry/place.rs",
            // A test asks with its own words: with the library's it would find whatever
            // the library does.
            "crates/test-support/src/",
            // The SQL that is not ours, and that ours is measured beside.
            "benches/src/",
        ],
        instead: "take the statement, or the table's name, from the tenants' registry \
                  (crates/tenant-core/src/registry.rs): another database has its list elsewhere.",
    },
    Door {
        patterns: &["__diesel_schema_migrations"],
        layer: Layer::Literal,
        open_to: &[
            "crates/tenant-core/src/name/schema.rs",
            // It knows nothing of tenants, and depends on no crate that does.
            "crates/schema-diff/src/catalog/queries.rs",
            "benches/src/",
        ],
        instead: "use LEDGER of crates/tenant-core/src/name/schema.rs.",
    },
];

#[test]
fn each_danger_is_touched_behind_its_own_door_only() {
    let repository = Repository::this();
    let (mut findings, mut remedies) = (Vec::new(), Vec::new());
    for door in DOORS {
        let broken_into = broken_into(door, &repository);
        if !broken_into.is_empty() {
            remedies.push(format!(
                "\n  for {}: {}",
                door.patterns.join(", "),
                door.instead
            ));
        }
        findings.extend(broken_into);
    }
    assert_none(&findings, &remedies.concat());
}

fn broken_into(door: &Door, repository: &Repository) -> Vec<String> {
    let mut findings = Vec::new();
    let sources = repository.rust_sources().filter(|(path, _)| {
        is_in_src(path)
            && !path.ends_with("/tests.rs")
            && !path.contains("/tests/")
            && !door.open_to.iter().any(|start| path.starts_with(start))
    });
    for (path, text) in sources {
        let mut text = only(door.layer, production(text));
        if door.layer == Layer::Literal {
            text.make_ascii_lowercase();
        }
        for (index, line) in text.lines().enumerate() {
            let touched = door
                .patterns
                .iter()
                .find(|pattern| contains_word(line, pattern));
            findings.extend(touched.map(|what| format!("{path}:{}: {what}", index + 1)));
        }
    }
    findings
}

#[test]
fn every_file_a_door_is_open_to_exists() {
    let repository = Repository::this();
    let gone = |start: &&&str| !repository.paths().any(|path| path.starts_with(**start));
    let open_to = DOORS.iter().flat_map(|door| door.open_to).filter(gone);
    assert_none(
        &open_to
            .map(|path| format!("{path}: named as a door, and not there"))
            .collect::<Vec<_>>(),
        "correct the table of doors in xtask/tests/it/tidy/doors.rs.",
    );
}

#[test]
fn the_rule_about_doors_can_fail() {
    for door in DOORS {
        for pattern in door.patterns {
            let touching = match door.layer {
                Layer::Literal => format!("const SQL: &str = \"{}\";\n", pattern.to_uppercase()),
                _ => format!("fn f() {{ std::{pattern}(x) }}\n"),
            };
            let in_tests = format!("#[cfg(test)]\nmod tests {{\n    {touching}}}\n");
            let behind = match door.open_to.first() {
                Some(start) if door.layer == Layer::Literal => *start,
                _ => "crates/a/src/empty.rs",
            };
            let repository = Repository::of(&[
                ("crates/a/src/touching.rs", &touching),
                ("crates/a/src/tested.rs", &in_tests),
                ("crates/a/src/x/tests.rs", &touching),
                ("crates/a/tests/it/main.rs", &touching),
                (
                    "crates/a/src/talking.rs",
                    &format!("//! About {pattern}.\n"),
                ),
                (
                    behind,
                    if door.layer == Layer::Literal {
                        &touching
                    } else {
                        ""
                    },
                ),
            ]);
            let findings = broken_into(door, &repository);
            assert_eq!(findings.len(), 1, "{pattern}: {findings:?}");
            assert!(
                findings[0].starts_with("crates/a/src/touching.rs:1: "),
                "{findings:?}"
            );
        }
    }
}
