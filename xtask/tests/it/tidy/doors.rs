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

/// What to do instead of quoting.
const QUOTING: &str = "write names and texts by `ident`, `literal` and `Quote` of crates/sql-text \
                       (`quote_ident` and `quote_literal` of tenant-core are the same): only \
                       there is it certain that nothing in a name ends its quotes.";

/// How quotes are doubled, without white space.
const DOUBLING: &[&str] = &["replace('\"',\"\\\"\\\"\")", "replace('\\'',\"''\")"];

/// Where quotes are doubled, as the beginnings of paths.
const DOUBLES: &[&str] = &[
    "crates/sql-text/src/quote.rs",
    // Not for SQL: CSV, and PgBouncer's list of databases.
    "crates/tenant-studio/src/csv.rs",
    "crates/test-support/src/pgbouncer.rs",
];

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
            "crates/command-line/src/env_file.rs",
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
            "crates/tenant-path/src/path.rs",
            // The SQL that is not ours, and that ours is measured beside.
            "benches/src/plain/transaction.rs",
            // An application with a pool of its own beside ours, and as it was before.
            "examples/existing-app/src/database.rs",
        ],
        instead: "take the statements from crates/tenant-core/src/path.rs: only there are the \
                  names certain to be quoted and the resulting path to be checked.",
    },
    Door {
        // A name put into quotes by hand.
        patterns: &["\\\"{"],
        layer: Layer::Literal,
        open_to: &[
            "crates/sql-text/src/quote.rs",
            // These quote too, and not for SQL: TOML, elements of arrays, CSV, headers.
            "crates/authoring-commands/src/commands/print_schema.rs",
            "crates/schema-diff/src/proof/sample.rs",
            "crates/tenant-studio/src/csv.rs",
            "crates/tenant-studio/src/pages/",
            // An application with a pool of its own beside ours. Its names have no quotes.
            "examples/existing-app/src/database.rs",
        ],
        instead: QUOTING,
    },
    Door {
        patterns: &["cargo xtask"],
        layer: Layer::Literal,
        open_to: &[
            "crates/command-line/src/invocation.rs",
            "crates/test-support/src/",
            "xtask/src/",
        ],
        instead: "name the call as a tenant_core::remedy::Command, or as an Action, and let \
                  crates/command-line/src/invocation.rs spell it: only there are the options of \
                  the run repeated, and is the program around a library known.",
    },
    Door {
        patterns: &[
            "--block-writes",
            "--database-url",
            "--extensions-schema",
            "--jobs",
            "--migrations-dir",
            "--statement-timeout",
            "--wait",
            "--write",
        ],
        layer: Layer::Literal,
        // Whatever is a program, or is about its own arguments.
        open_to: &[
            "benches/",
            "crates/authoring-commands/src/",
            "crates/command-line/src/",
            "crates/migration-lint/src/",
            "crates/diesel-tenants/src/",
            "crates/studio-commands/src/",
            "crates/tenant-commands/src/",
            "crates/tenant-scripts/src/",
            "crates/test-support/src/",
            "xtask/src/",
        ],
        instead: "give a tenant_core::remedy::Advice: a library does not know the options of the \
                  program around it; crates/command-line/src/remedy/advice.rs has the words.",
    },
    Door {
        patterns: &["1 / (", "1 / pg_catalog"],
        layer: Layer::Literal,
        open_to: &["crates/tenant-core/src/assertion.rs"],
        instead: "name the condition in crates/tenant-core/src/assertion.rs: a division by zero \
                  can be anybody's, and tells an administrator nothing.",
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
        instead: "use MIGRATION_HISTORY of crates/tenant-core/src/name/schema.rs.",
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
fn quotes_are_doubled_behind_the_quoting_door_only() {
    assert_none(&doubled(&Repository::this()), QUOTING);
    let line = "fn f(n: &str) -> String { n.replace( '\"', \"\\\"\\\"\" ) }\n";
    let doubling = [
        ("crates/a/src/a.rs", line),
        ("crates/sql-text/src/quote.rs", line),
    ];
    let found = doubled(&Repository::of(&doubling));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("crates/a/src/a.rs: "), "{found:?}");
}

fn doubled(repository: &Repository) -> Vec<String> {
    let sources = repository.rust_sources().filter(|(path, _)| {
        is_in_src(path) && !DOUBLES.iter().any(|start| path.starts_with(start))
    });
    let found = sources.filter(|(_, text)| {
        let text = production(text).split_whitespace().collect::<String>();
        DOUBLING.iter().any(|pattern| text.contains(pattern))
    });
    found
        .map(|(path, _)| format!("{path}: doubles quotes"))
        .collect()
}

#[test]
fn every_file_a_door_is_open_to_exists() {
    let repository = Repository::this();
    let gone = |start: &&&str| !repository.paths().any(|path| path.starts_with(**start));
    let open_to = DOORS.iter().flat_map(|door| door.open_to);
    let open_to = open_to.chain(DOUBLES).filter(gone);
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
            let open = match door.open_to.first() {
                None => "crates/a/tests/it/open.rs".to_owned(),
                Some(file) if file.ends_with(".rs") => (*file).to_owned(),
                Some(folder) => format!("{}/open.rs", folder.trim_end_matches('/')),
            };
            let in_tests = format!("#[cfg(test)]\nmod tests {{\n    {touching}}}\n");
            let repository = Repository::of(&[
                ("crates/a/src/touching.rs", &touching),
                ("crates/a/src/tested.rs", &in_tests),
                ("crates/a/src/x/tests.rs", &touching),
                ("crates/a/tests/it/main.rs", &touching),
                (
                    "crates/a/src/talking.rs",
                    &format!("//! About {pattern}.\n"),
                ),
                (&open, &touching),
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
