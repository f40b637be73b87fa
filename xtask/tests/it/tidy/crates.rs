//! Rules about the crates: which may know which, and what they share.

use super::{
    Repository, assert_none,
    manifest::{self, Manifest},
};

/// Crates that must not know others. A name may begin or end in `*`; `*` alone
/// is every crate of this workspace. What a crate's tests use does not count.
struct Arrow {
    of: &'static str,
    never_to: &'static [&'static str],
    because: &'static str,
}

const ARROWS: &[Arrow] = &[
    Arrow {
        of: "sql-text",
        never_to: &["*"],
        because: "it knows PostgreSQL's scanner and nothing else",
    },
    Arrow {
        of: "tenant-archive",
        never_to: &["*"],
        because: "it is the format of a file and knows no database",
    },
    Arrow {
        of: "tenant-path",
        never_to: &[
            "schema-*",
            "tenant-*",
            "migration-lint",
            "local-postgres",
            "command-line",
            "*-scripts",
        ],
        because: "it is for applications that have a pool, and need nothing else",
    },
    Arrow {
        of: "schema-diff",
        never_to: &[
            "schema-*",
            "tenant-*",
            "migration-lint",
            "local-postgres",
            "command-line",
            "*-scripts",
        ],
        because: "it is a library for any database",
    },
    Arrow {
        of: "schema-public",
        never_to: &["schema-*", "local-postgres", "command-line", "*-scripts"],
        because: "it is tables and migrations; of tenant-core it takes the connection that they \
                  are on",
    },
    Arrow {
        of: "schema-tenant",
        never_to: &["schema-*", "local-postgres", "command-line", "*-scripts"],
        because: "it is tables and migrations; of tenant-core it takes the connection that they \
                  are on",
    },
    Arrow {
        of: "tenant-studio",
        never_to: &["schema-*", "local-postgres", "command-line", "*-scripts"],
        because: "it shows any tenants; the program around it says which",
    },
    Arrow {
        of: "migration-lint",
        never_to: &[
            "schema-*",
            "tenant-*",
            "local-postgres",
            "command-line",
            "*-scripts",
        ],
        because: "it reads SQL and knows nothing of tenants",
    },
    Arrow {
        of: "tenant-core",
        never_to: &[
            "schema-*",
            "migration-lint",
            "command-line",
            "*-scripts",
            "local-postgres",
            "tenant-testing",
            "test-support",
        ],
        because: "it takes any MigrationSource, so that other applications can use it",
    },
    Arrow {
        of: "local-postgres",
        never_to: &["*"],
        because: "it starts a server and knows nothing of tenants",
    },
    Arrow {
        of: "tenant-settings",
        never_to: &[
            "schema-*",
            "command-line",
            "*-scripts",
            "*-commands",
            "local-postgres",
            "tenant-testing",
        ],
        because: "applications open their tenants with it, and have no commands",
    },
    Arrow {
        of: "command-line",
        never_to: &["schema-*", "*-scripts", "*-commands"],
        because: "every command rests on it, those too that must compile without the schema \
                  crates",
    },
    Arrow {
        of: "tenant-studio",
        never_to: &["schema-*", "command-line", "*-scripts", "local-postgres"],
        because: "it shows any tenants that it is given; the command finds the database",
    },
    Arrow {
        of: "authoring-*",
        never_to: &[
            "schema-public",
            "schema-tenant",
            "tenant-scripts",
            "tenant-commands",
            "studio-commands",
        ],
        because: "its commands must compile while an edited schema.rs does not",
    },
    Arrow {
        of: "*-commands",
        never_to: &[
            "schema-public",
            "schema-tenant",
            "*-scripts",
            "diesel-tenants",
            "tenant-testing",
        ],
        because: "programs hand in their migrations, so that one can have none",
    },
    Arrow {
        of: "tenant-commands",
        never_to: &["tenant-studio", "studio-commands", "authoring-commands"],
        because: "no other command is to wait for the studio's web server to compile",
    },
    Arrow {
        of: "diesel-tenants",
        never_to: &[
            "schema-*",
            "tenant-scripts",
            "studio-scripts",
            "workspace-hack",
        ],
        because: "it is installed, and works in any project",
    },
    Arrow {
        of: "tenant-scripts",
        never_to: &[
            "tenant-studio",
            "studio-commands",
            "studio-scripts",
            "authoring-commands",
            "authoring-scripts",
            "diesel-tenants",
        ],
        because: "no other command is to wait for the studio's web server to compile",
    },
    Arrow {
        of: "tenant-testing",
        never_to: &["schema-*", "command-line", "*-scripts", "test-support"],
        because: "it gives databases to the tests of any application",
    },
    Arrow {
        of: "*-scripts",
        never_to: &["tenant-testing"],
        because: "it is for tests: name it under [dev-dependencies]",
    },
    Arrow {
        of: "workspace-hack",
        never_to: &["*"],
        because: "it only names features of what others made",
    },
    Arrow {
        of: "fleet-bench",
        never_to: &["schema-*", "migration-lint", "command-line", "*-scripts"],
        because: "it measures the library and brings tables of its own",
    },
    Arrow {
        of: "task-service",
        never_to: &[
            "schema-tenant",
            "command-line",
            "local-postgres",
            "*-scripts",
        ],
        because: "it shows what an application needs, which is the library and the public \
                  schema",
    },
    Arrow {
        of: "existing-app",
        never_to: &["schema-*", "command-line", "*-scripts", "test-support"],
        because: "it shows what an existing application needs, which is the library",
    },
    Arrow {
        of: "xtask",
        never_to: &["*"],
        because: "it runs the other crates' programs, so that it compiles in seconds",
    },
    Arrow {
        of: "*",
        never_to: &["test-support"],
        because: "it is for tests: name it under [dev-dependencies]",
    },
    Arrow {
        of: "*",
        never_to: &["fleet-bench"],
        because: "it measures the others, and nothing rests on it",
    },
    Arrow {
        of: "*",
        never_to: &["existing-app", "task-service"],
        because: "it is an example, and nothing rests on it",
    },
];

#[test]
fn dependencies_between_the_crates_point_one_way() {
    assert_none(
        &against_the_arrows(&Repository::this()),
        "move what is needed to the crate both may know, or pass it in as an argument \
         (docs/architecture.md has the picture).",
    );
}

fn against_the_arrows(repository: &Repository) -> Vec<String> {
    let manifests = manifest::all(repository);
    let names: Vec<&str> = manifests.iter().map(Manifest::name).collect();
    let mut findings = Vec::new();
    for manifest in &manifests {
        for arrow in ARROWS
            .iter()
            .filter(|arrow| is_one_of(manifest.name(), &[arrow.of]))
        {
            let known = manifest
                .dependencies()
                .into_iter()
                .filter(|name| names.contains(name));
            let wrong = known.filter(|name| is_one_of(name, arrow.never_to));
            findings
                .extend(wrong.map(|name| {
                    format!("{}: depends on {name}; {}", manifest.path, arrow.because)
                }));
        }
    }
    findings
}

fn is_one_of(name: &str, patterns: &[&str]) -> bool {
    patterns.iter().any(|pattern| {
        if let Some(start) = pattern.strip_suffix('*') {
            name.starts_with(start)
        } else if let Some(end) = pattern.strip_prefix('*') {
            name.ends_with(end)
        } else {
            name == *pattern
        }
    })
}

#[test]
fn every_crate_takes_what_is_common_from_the_workspace() {
    assert_none(
        &not_inherited(&Repository::this()),
        "write `version.workspace = true` (and so on) under [package], and `workspace = true` \
         under [lints].",
    );
}

fn not_inherited(repository: &Repository) -> Vec<String> {
    let mut findings = Vec::new();
    for manifest in manifest::all(repository) {
        for key in ["version", "edition", "license"] {
            if !manifest.inherits("package", key) {
                findings.push(format!("{}: has a {key} of its own", manifest.path));
            }
        }
        if !manifest.inherits_section("lints") {
            findings.push(format!("{}: does not inherit [lints]", manifest.path));
        }
    }
    findings
}

#[test]
fn every_crate_for_the_registry_says_what_it_is() {
    assert_none(
        &not_described(&Repository::this()),
        "write a description, `keywords.workspace = true`, `categories.workspace = true`, a \
         rust-version and a readme under [package].",
    );
}

fn not_described(repository: &Repository) -> Vec<String> {
    let mut findings = Vec::new();
    for manifest in manifest::all(repository) {
        if !manifest.is_published() {
            continue;
        }
        for key in ["keywords", "categories"] {
            if !manifest.inherits("package", key) && !manifest.has("package", key) {
                findings.push(format!("{}: has no {key}", manifest.path));
            }
        }
        for key in ["description", "readme"] {
            if !manifest.has("package", key) {
                findings.push(format!("{}: has no {key}", manifest.path));
            }
        }
    }
    findings
}

#[test]
fn a_crate_for_the_registry_that_says_nothing_is_found() {
    let repository = Repository::of(&[
        (
            "crates/told/Cargo.toml",
            "[package]\nname = \"told\"\ndescription = \"what\"\nreadme = \"README.md\"\n\
             keywords.workspace = true\ncategories.workspace = true\npublish = true\n",
        ),
        (
            "crates/silent/Cargo.toml",
            "[package]\nname = \"silent\"\npublish = true\n",
        ),
        (
            "crates/ours/Cargo.toml",
            "[package]\nname = \"ours\"\npublish.workspace = true\n",
        ),
    ]);
    let findings = not_described(&repository);
    assert_eq!(findings.len(), 4, "{findings:?}");
    assert!(
        findings.iter().all(|one| one.starts_with("crates/silent/")),
        "{findings:?}"
    );
}

#[test]
fn a_crate_for_the_registry_rests_on_such_crates_only() {
    assert_none(
        &unpublished_needs(&Repository::this()),
        "cargo packages no crate without them: write `publish = true` in the other crate as well, \
         or depend on it from a program of the workspace.",
    );
}

fn unpublished_needs(repository: &Repository) -> Vec<String> {
    let manifests = manifest::all(repository);
    let ours = manifests.iter().filter(|one| !one.is_published());
    let unpublished = ours.map(Manifest::name).collect::<Vec<_>>();
    let published = manifests.iter().filter(|one| one.is_published());
    let needs = published.flat_map(|manifest| {
        let needs = manifest.dependencies().into_iter();
        let needs = needs.filter(|name| unpublished.contains(name));
        needs.map(|name| format!("{}: depends on {name}", manifest.path))
    });
    needs.collect()
}

#[test]
fn a_crate_for_the_registry_that_rests_on_another_is_found() {
    let repository = Repository::of(&[
        (
            "crates/app/Cargo.toml",
            "[package]\nname = \"app\"\npublish = true\n[dependencies]\nkept.workspace = true\n\
             told.workspace = true\n[dev-dependencies]\nkept.workspace = true\n",
        ),
        (
            "crates/kept/Cargo.toml",
            "[package]\nname = \"kept\"\npublish.workspace = true\n",
        ),
        (
            "crates/told/Cargo.toml",
            "[package]\nname = \"told\"\npublish = true\n",
        ),
    ]);
    assert_eq!(
        unpublished_needs(&repository),
        ["crates/app/Cargo.toml: depends on kept"]
    );
}

#[test]
fn every_crate_links_its_integration_tests_into_one_program() {
    assert_none(
        &further_test_programs(&Repository::this()),
        "make it a module of the crate's tests/it/main.rs: each further test program links the \
         whole crate once more.",
    );
}

/// Cargo makes a program of each `tests/*.rs` and of each `tests/*/main.rs`.
fn further_test_programs(repository: &Repository) -> Vec<String> {
    let mut findings = Vec::new();
    for manifest in manifest::all(repository) {
        let tests = format!("{}/tests/", manifest.folder());
        for path in repository.paths() {
            let Some(rest) = path.strip_prefix(&tests) else {
                continue;
            };
            let is_program = rest.ends_with(".rs") && !rest.contains('/')
                || rest.ends_with("/main.rs") && rest.matches('/').count() == 1;
            if is_program && rest != "it/main.rs" {
                findings.push(format!("{path}: is a test program of its own"));
            }
        }
    }
    findings
}

#[test]
fn the_rules_about_crates_can_fail() {
    let crates = Repository::of(&[
        (
            "crates/schema-tenant/Cargo.toml",
            "[package]\nname = \"schema-tenant\"\n",
        ),
        (
            "crates/tenant-core/Cargo.toml",
            "[package]\nname = \"tenant-core\"\n[dependencies]\nschema-tenant.workspace = true\n\
             test-support.workspace = true\n",
        ),
        (
            "crates/schema-diff/Cargo.toml",
            "[package]\nname = \"schema-diff\"\n",
        ),
        (
            "crates/authoring-scripts/Cargo.toml",
            "[package]\nname = \"authoring-scripts\"\n[dependencies]\nschema-diff.workspace = \
             true\nschema-tenant.workspace = true\n",
        ),
        (
            "crates/command-line/Cargo.toml",
            "[package]\nname = \"command-line\"\n[dependencies]\nschema-diff.workspace = true\n\
             authoring-scripts.workspace = true\nfleet-bench.workspace = true\n",
        ),
        (
            "crates/test-support/Cargo.toml",
            "[package]\nname = \"test-support\"\n",
        ),
        (
            "xtask/Cargo.toml",
            "[package]\nname = \"xtask\"\nversion.workspace = true\nedition.workspace = true\n\
             license.workspace = true\n[lints]\nworkspace = true\n[dependencies]\nanyhow = \"1\"\n\
             [dev-dependencies]\ntest-support.workspace = true\n",
        ),
        (
            "benches/Cargo.toml",
            "[package]\nname = \"fleet-bench\"\nversion.workspace = true\nedition.workspace = \
             true\nlicense.workspace = true\n[lints]\nworkspace = true\n[dependencies]\n\
             tenant-core.workspace = true\nschema-tenant.workspace = true\n",
        ),
        (
            "examples/task-service/Cargo.toml",
            "[package]\nname = \"task-service\"\nversion.workspace = true\nedition.workspace = \
             true\nlicense.workspace = true\n[lints]\nworkspace = true\n[dependencies]\n\
             tenant-core.workspace = true\ncommand-line.workspace = true\n",
        ),
        ("crates/tenant-core/tests/it/main.rs", ""),
        ("crates/tenant-core/tests/it/fleet.rs", ""),
        ("crates/tenant-core/tests/more.rs", ""),
        ("xtask/tests/other/main.rs", ""),
    ]);
    let wrong = against_the_arrows(&crates);
    let of = |name: &str| {
        let start = format!("crates/{name}/");
        let found = wrong.iter().filter(|finding| finding.starts_with(&start));
        found.map(|finding| finding.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(of("command-line").len(), 3, "{wrong:?}");
    let of_authoring = of("authoring-scripts");
    assert_eq!(of_authoring.len(), 1, "{wrong:?}");
    assert!(of_authoring[0].contains("schema-tenant"), "{wrong:?}");
    // test-support is against two arrows.
    assert_eq!(of("tenant-core").len(), 3, "{wrong:?}");
    let of_bench = |finding: &&String| finding.starts_with("benches/");
    assert_eq!(wrong.iter().filter(of_bench).count(), 1, "{wrong:?}");
    let of_example = |finding: &&String| finding.starts_with("examples/task-service/");
    assert_eq!(wrong.iter().filter(of_example).count(), 1, "{wrong:?}");
    assert_eq!(wrong.len(), 9, "{wrong:?}");
    assert_eq!(not_inherited(&crates).len(), 6 * 4);
    let programs = further_test_programs(&crates);
    assert_eq!(programs.len(), 2, "{programs:?}");
}
