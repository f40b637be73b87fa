//! The table of aliases: the only place to touch when a command is added.

/// One command of `cargo xtask`.
#[derive(Debug)]
pub struct Alias {
    /// What is typed after `cargo xtask`.
    pub name: &'static str,
    /// The arguments worth showing in the overview; each command's own
    /// `--help` tells the rest.
    pub arguments: &'static str,
    /// What running it does.
    pub task: Task,
    /// One line of help: imperative, no full stop.
    pub help: &'static str,
}

/// What an alias runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// A program, with every argument handed on untouched.
    Run(Program),
    /// The same, built for speed.
    Measure(Program),
    /// The same, with `--only` put before the tenant's name.
    OneTenant(Program),
    /// `cargo check` over everything.
    Typecheck,
    /// The repository rules alone.
    Tidy,
    /// The book, as pages for a browser.
    Book,
    /// The reference and the JSON Schemas, from the code.
    Reference,
    /// What the tests need, then the tests.
    Test,
    /// The crates as the registry would get them.
    Package,
    /// The libraries with the oldest dependencies that they allow.
    MinimalVersions,
    /// The libraries' API beside that of an earlier commit.
    Semver,
}

/// A program of one of the packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// The package.
    pub package: &'static str,
    /// Its program.
    pub bin: &'static str,
    /// The arguments that the alias stands for, put before the user's.
    pub arguments: &'static [&'static str],
}

/// A program that works on tenants.
const fn tenants(bin: &'static str) -> Program {
    Program {
        package: "tenant-scripts",
        bin,
        arguments: &[],
    }
}

/// A program that helps to write migrations.
const fn authoring(bin: &'static str, arguments: &'static [&'static str]) -> Program {
    Program {
        package: "authoring-scripts",
        bin,
        arguments,
    }
}

/// The program that measures the others.
const BENCH: Program = Program {
    package: "fleet-bench",
    bin: "fleet-bench",
    arguments: &[],
};

/// A program that the web page with the tables comes with.
const fn studio(bin: &'static str, arguments: &'static [&'static str]) -> Program {
    Program {
        package: "studio-scripts",
        bin,
        arguments,
    }
}

/// The web page with the tables.
const STUDIO: Program = studio("studio", &[]);

/// The same, opened at the tenants. Where a name follows, it is the later one
/// that counts.
const STUDIO_OF_TENANTS: Program = studio("studio", &["--tenant"]);

const PUBLIC: &[&str] = &["--stream", "public"];
const TENANT: &[&str] = &["--stream", "tenant"];

/// Every alias, in the order of the overview.
#[rustfmt::skip] // One alias, one line.
pub const ALIASES: &[Alias] = &[
    alias("db:migrate", "", Task::Run(tenants("migrate-public")), "Apply pending public migrations"),
    alias("db:migrate:tenants", "", Task::Run(tenants("migrate-tenants")), "Apply pending migrations to all tenants"),
    alias("db:migrate:tenant", "NAME", Task::OneTenant(tenants("migrate-tenants")), "Apply pending migrations to one tenant"),
    alias("db:rollback:tenants", "", Task::Run(tenants("rollback-tenants")), "Roll tenants back to an older version"),
    alias("db:create:tenant", "NAME...", Task::Run(tenants("create-tenant")), "Create tenants: schema, migrations, registry"),
    alias("db:spare:tenants", "[N]", Task::Run(tenants("spare-tenants")), "Keep N spares ready for new tenants"),
    alias("db:list:tenants", "", Task::Run(tenants("list-tenants")), "List the tenants and their versions"),
    alias("db:url:tenant", "NAME", Task::Run(tenants("tenant-url")), "Print a URL for one tenant"),
    alias("db:clone:tenant", "FROM TO", Task::Run(tenants("clone-tenant")), "Copy a tenant with its data"),
    alias("db:export:tenant", "NAME -o FILE", Task::Run(tenants("export-tenant")), "Write a tenant to a file"),
    alias("db:import:tenant", "FILE", Task::Run(tenants("import-tenant")), "Create a tenant from a file"),
    alias("db:rename:tenant", "OLD NEW", Task::Run(tenants("rename-tenant")), "Rename a tenant"),
    alias("db:suspend:tenants", "NAME...", Task::Run(tenants("suspend-tenants")), "Suspend tenants, so that they are not served"),
    alias("db:resume:tenants", "NAME...", Task::Run(tenants("resume-tenants")), "Serve suspended tenants again"),
    alias("db:move:tenant", "NAME", Task::Run(tenants("move-tenant")), "Move a tenant to another node of a cluster"),
    alias("db:distribute:tenants", "", Task::Run(tenants("distribute-tenants")), "Distribute existing tenants over a cluster"),
    alias("db:drop:tenant", "NAME", Task::Run(tenants("drop-tenant")), "Drop a tenant with its schema and data"),
    alias("db:health:check", "", Task::Run(tenants("health-check")), "Compare tenants with the expected definition"),
    alias("db:squash:tenants", "", Task::Run(tenants("squash-tenants")), "Replace old migrations with a baseline"),
    alias("db:accept:edits", "", Task::Run(tenants("accept-edits")), "Accept edited migrations that changed nothing"),
    alias("db:repair:tenant", "NAME", Task::Run(tenants("repair-tenant")), "Fix drift in a tenant without losing data"),
    alias("db:adopt:tenant", "NAME", Task::Run(tenants("adopt-tenant")), "Register an existing schema as a tenant"),
    alias("db:diff:tenants", "A B", Task::Run(tenants("diff-tenants")), "Show the differences between two tenants"),
    alias("db:demo:tenant", "", Task::Run(tenants("demo-tenant-schema")), "Create a demo tenant, write to it and read it"),
    alias("db:studio", "", Task::Run(STUDIO), "Browse the public schema in a web browser"),
    alias("db:studio:tenant", "", Task::Run(STUDIO_OF_TENANTS), "Browse the tenants in a web browser"),
    alias("db:generate", "[NAME]", Task::Run(authoring("generate-migration", &[])), "Write migrations from edited schema.rs files"),
    alias("db:generate:public", "[NAME]", Task::Run(authoring("generate-migration", PUBLIC)), "Write only the public migration"),
    alias("db:generate:tenant", "[NAME]", Task::Run(authoring("generate-migration", TENANT)), "Write only the tenant migration"),
    alias("db:schema", "", Task::Run(authoring("print-schema", &[])), "Regenerate schema.rs from the migrations"),
    alias("db:schema:public", "", Task::Run(authoring("print-schema", PUBLIC)), "Regenerate only the public schema.rs"),
    alias("db:schema:tenant", "", Task::Run(authoring("print-schema", TENANT)), "Regenerate only the tenant schema.rs"),
    alias("db:config", "", Task::Run(tenants("show-config")), "Show the settings and their sources"),
    alias("db:init", "", Task::Run(tenants("init-settings")), "Write tenants.toml for this project"),
    alias("db:stop", "", Task::Run(tenants("stop-server")), "Stop the project's own PostgreSQL server"),
    alias("typecheck", "", Task::Typecheck, "Type-check every crate, tests included"),
    alias("test", "[OPTIONS]", Task::Test, "Install missing programs, then run the tests"),
    alias("bench", "[OPTIONS]", Task::Measure(BENCH), "Benchmark the commands with many tenants"),
    alias("lint", "", Task::Run(authoring("lint-migrations", &[])), "Check the SQL of migrations"),
    alias("tidy", "", Task::Tidy, "Check the repository rules"),
    alias("book", "", Task::Book, "Build the book and print where it is"),
    alias("reference", "", Task::Reference, "Write the reference and the JSON Schemas anew"),
    alias("package", "", Task::Package, "Package the crates for publication"),
    alias("minimal-versions", "", Task::MinimalVersions, "Check the libraries with oldest dependencies"),
    alias("semver", "REVISION", Task::Semver, "Compare the public API with an earlier commit"),
    alias("man", "DIR", Task::Run(studio("man-pages", &[])), "Write the manual pages of all commands"),
    alias("json-schema", "[COMMAND]", Task::Run(studio("json-schema", &[])), "Print the JSON Schema of what commands print"),
    alias("version", "", Task::Run(tenants("show-version")), "Show the version and the build"),
    alias("completions", "SHELL", Task::Run(studio("completions", &[])), "Print the completion script for a shell"),
];

const fn alias(
    name: &'static str,
    arguments: &'static str,
    task: Task,
    help: &'static str,
) -> Alias {
    Alias {
        name,
        arguments,
        task,
        help,
    }
}

impl Alias {
    /// Whether it is about a database, as opposed to the repository.
    #[must_use]
    pub fn is_about_databases(&self) -> bool {
        self.name.starts_with("db:")
    }

    /// Name and arguments, as a user types them.
    #[must_use]
    pub fn synopsis(&self) -> String {
        format!("{} {}", self.name, self.arguments)
            .trim_end()
            .to_owned()
    }

    /// The program it runs, if it runs one.
    pub(crate) fn program(&self) -> Option<Program> {
        match self.task {
            Task::Run(program) | Task::OneTenant(program) | Task::Measure(program) => Some(program),
            Task::Typecheck
            | Task::Tidy
            | Task::Book
            | Task::Reference
            | Task::Test
            | Task::Package
            | Task::MinimalVersions
            | Task::Semver => None,
        }
    }
}

/// The alias called exactly `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Alias> {
    ALIASES.iter().find(|alias| alias.name == name)
}

/// The alias a user who typed `word` most likely meant.
///
/// The name of a script counts as its alias, and an alias that merely goes on
/// where `word` stops (`db:create`) comes before one that is fewer letters away
/// (`db:migrate`).
#[must_use]
pub fn nearest(word: &str) -> Option<&'static Alias> {
    ALIASES.iter().min_by_key(|alias| {
        let same_bin = alias.program().is_some_and(|program| program.bin == word);
        let goes_on = alias.name.starts_with(word);
        (!same_bin, !goes_on, distance(word, alias.name))
    })
}

/// How many letters must be put in, taken out or replaced to turn `from` into
/// `to` (Levenshtein), computed one row of the usual table at a time.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut left = index + 1;
        let mut next = vec![left];
        for (other, (&diagonal, &above)) in to.chars().zip(row.iter().zip(row.iter().skip(1))) {
            let replaced = diagonal + usize::from(letter != other);
            left = replaced.min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn an_alias_is_found_by_its_whole_name_only() {
        assert_eq!(
            find("db:migrate").unwrap().task,
            Task::Run(tenants("migrate-public"))
        );
        assert!(find("db:migrat").is_none());
        assert!(find("migrate-public").is_none());
    }

    #[test]
    fn no_two_aliases_share_a_name() {
        let names: BTreeSet<&str> = ALIASES.iter().map(|alias| alias.name).collect();
        assert_eq!(names.len(), ALIASES.len());
    }

    #[test]
    fn a_misspelt_alias_leads_to_the_right_one() {
        for (typed, meant) in [
            ("db:migrate:tenents", "db:migrate:tenants"),
            ("db:helth:check", "db:health:check"),
            ("tset", "test"),
            ("db:create", "db:create:tenant"),
            ("demo-tenant-schema", "db:demo:tenant"),
            ("migrate-tenants", "db:migrate:tenants"),
            ("print-schema", "db:schema"),
            ("lint-migrations", "lint"),
        ] {
            assert_eq!(nearest(typed).unwrap().name, meant, "typed {typed}");
        }
    }

    #[test]
    fn the_distance_counts_single_letters() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("same", "same"), 0);
    }
}
