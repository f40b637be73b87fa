//! The table of subcommands: the only place to touch when a command is added.

use std::process::ExitCode;

use authoring_commands::entry as authoring;
use clap::{Arg, ArgAction, ArgMatches};
use command_line::help::{self, Example, example};
use command_line::json::Documents;
use command_line::{Entry, Program};
use studio_commands::entry as studio;
use tenant_commands::entry as tenants;

/// Subcommands that belong together.
#[derive(Debug)]
pub struct Group {
    /// The heading in the overview.
    pub heading: &'static str,
    /// In the order of the overview.
    pub subcommands: &'static [Subcommand],
}

/// A command under its short name.
#[derive(Debug)]
pub struct Subcommand {
    /// What is typed after `tenants`.
    pub name: &'static str,
    entry: &'static Entry,
    /// What `--public` runs instead. It takes some of the same arguments.
    of_public: Option<&'static Entry>,
    /// Its line in the overview, if it is another than the command's own.
    about: Option<&'static str>,
    /// Its help, if it is another than the command's own.
    long_about: Option<&'static str>,
    /// Its examples, if they are others than the command's own.
    examples: Option<&'static [Example]>,
}

/// The option for that.
const PUBLIC: &str = "public";

const fn subcommand(name: &'static str, entry: &'static Entry) -> Subcommand {
    Subcommand {
        name,
        entry,
        of_public: None,
        about: None,
        long_about: None,
        examples: None,
    }
}

/// Every subcommand, in the order of the overview.
pub static GROUPS: [Group; 4] = [
    Group {
        heading: "Tenants",
        subcommands: &[
            subcommand("create", &tenants::CREATE_TENANT),
            subcommand("list", &tenants::LIST_TENANTS),
            subcommand("url", &tenants::TENANT_URL),
            subcommand("clone", &tenants::CLONE_TENANT),
            subcommand("export", &tenants::EXPORT_TENANT),
            subcommand("import", &tenants::IMPORT_TENANT),
            subcommand("rename", &tenants::RENAME_TENANT),
            subcommand("suspend", &tenants::SUSPEND_TENANTS),
            subcommand("resume", &tenants::RESUME_TENANTS),
            subcommand("drop", &tenants::DROP_TENANT),
            subcommand("adopt", &tenants::ADOPT_TENANT),
            subcommand("spares", &tenants::SPARE_TENANTS),
            subcommand("distribute", &tenants::DISTRIBUTE_TENANTS),
            subcommand("move", &tenants::MOVE_TENANT),
        ],
    },
    Group {
        heading: "Migrations",
        subcommands: &[
            Subcommand {
                of_public: Some(&tenants::MIGRATE_PUBLIC),
                about: Some("Apply pending migrations to tenants or to public"),
                examples: Some(&MIGRATE),
                ..subcommand("migrate", &tenants::MIGRATE_TENANTS)
            },
            subcommand("rollback", &tenants::ROLLBACK_TENANTS),
            subcommand("generate", &authoring::GENERATE_MIGRATION),
            subcommand("schema", &authoring::PRINT_SCHEMA),
            subcommand("lint", &authoring::LINT_MIGRATIONS),
            subcommand("squash", &tenants::SQUASH_TENANTS),
            subcommand("accept-edits", &tenants::ACCEPT_EDITS),
        ],
    },
    Group {
        heading: "Checks",
        subcommands: &[
            subcommand("health", &tenants::HEALTH_CHECK),
            subcommand("repair", &tenants::REPAIR_TENANT),
            subcommand("diff", &tenants::DIFF_TENANTS),
        ],
    },
    Group {
        heading: "Project",
        subcommands: &[
            subcommand("init", &tenants::INIT_SETTINGS),
            subcommand("config", &tenants::SHOW_CONFIG),
            subcommand("studio", &studio::STUDIO),
            #[cfg(all(unix, feature = "local-postgres"))]
            subcommand("stop", &tenants::STOP_SERVER),
            Subcommand {
                long_about: Some(COMPLETIONS),
                examples: Some(&COMPLETIONS_OF),
                ..subcommand("completions", &studio::COMPLETIONS)
            },
            subcommand("man", &studio::MAN_PAGES),
            Subcommand {
                examples: Some(&SCHEMAS_OF),
                ..subcommand("json-schema", &studio::JSON_SCHEMA)
            },
            subcommand("version", &tenants::SHOW_VERSION),
        ],
    },
];

const COMPLETIONS: &str = "Print the script that completes commands in a shell

The script asks the program at each key press, so it also completes tenants. It finds the \
database by the options so far, the environment and the settings. If the database does not \
answer within 2 seconds, no tenant is completed.";

const MIGRATE: [Example; 4] = [
    example("", "migrate all tenants"),
    example("acme globex", "migrate these two"),
    example("--match 'eu_*' -n", "show what is pending for some"),
    example("--public", "migrate the public schema"),
];

const COMPLETIONS_OF: [Example; 1] = [example(
    "bash",
    "use it with: source <(tenants completions bash)",
)];

const SCHEMAS_OF: [Example; 2] = [
    example("migrate", "print the schema of one command"),
    example("", "print the schemas of all commands"),
];

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = &'static Subcommand> {
    GROUPS.iter().flat_map(|group| group.subcommands)
}

impl Subcommand {
    /// What it accepts.
    #[must_use]
    pub fn command(&self) -> clap::Command {
        let command = self.entry.command().name(self.name);
        let command = command.disable_version_flag(true);
        let command = command.mut_arg("migrations_dir", |dir| {
            dir.help("Folder with public/ and tenant/").long_help(
                "Folder with public/ and tenant/, to use instead of the project's migrations",
            )
        });
        let command = match self.about {
            Some(text) => command.about(text),
            None => command,
        };
        let command = match self.long_about {
            Some(text) => command.long_about(text),
            None => command,
        };
        let examples = self.examples.unwrap_or(self.entry.examples());
        let called = format!("tenants {}", self.name);
        let command = help::with_examples(command, &called, examples);
        match self.of_public {
            Some(of_public) => with_public(command, &of_public.command()),
            None => command,
        }
    }

    /// The commands that it runs, by their own names.
    #[must_use]
    pub fn runs(&self) -> Vec<String> {
        let entries = std::iter::once(self.entry).chain(self.of_public);
        let names = entries.map(|entry| entry.command().get_name().to_owned());
        names.collect()
    }

    /// The schema of what it prints with `--json`.
    #[must_use]
    pub(crate) fn schema(&self) -> serde_json::Value {
        let documents = self.entry.documents(Documents::of_failure());
        let documents = match self.of_public {
            Some(of_public) => of_public.documents(documents),
            None => documents,
        };
        documents.schema(&format!("What `tenants {} --json` prints.", self.name))
    }

    /// Runs it with arguments that its [`Subcommand::command`] has matched.
    #[must_use]
    pub(crate) fn run(&self, program: &Program, matches: &ArgMatches) -> ExitCode {
        match self.of_public {
            Some(of_public) if matches.get_flag(PUBLIC) => of_public.run_with(program, matches),
            _ => self.entry.run_with(program, matches),
        }
    }
}

/// Adds the option `--public`, which excludes what `of_public` does not accept.
fn with_public(command: clap::Command, of_public: &clap::Command) -> clap::Command {
    let is_known = |arg: &&Arg| {
        of_public
            .get_arguments()
            .any(|one| one.get_id() == arg.get_id())
    };
    let others = command.get_arguments().filter(|arg| !is_known(arg));
    let others = others.map(|arg| arg.get_id().clone()).collect::<Vec<_>>();
    let public = Arg::new(PUBLIC)
        .long(PUBLIC)
        .action(ArgAction::SetTrue)
        .conflicts_with_all(others)
        .help_heading(None::<&str>)
        .help("Migrate the public schema, not tenants");
    command.arg(public)
}

/// The subcommand that is most likely meant by a word that is none: a part of the word is
/// one or the beginning of one, as in `create-tenant` and `db:migrate:tenants`, or few
/// letters differ.
pub(crate) fn nearest(word: &str) -> Option<&'static Subcommand> {
    let parts = word.split([':', '-', '_']).filter(|part| part.len() > 2);
    let mut named = parts.flat_map(|part| all().filter(move |one| one.name.starts_with(part)));
    named.next().or_else(|| {
        let near = all().map(|one| (strsim::levenshtein(word, one.name), one));
        let near = near.filter(|(letters, one)| *letters <= one.name.len().div_ceil(3));
        near.min_by_key(|(letters, _)| *letters).map(|(_, one)| one)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_no_subcommand_leads_to_the_one_that_is_meant() {
        for (word, meant) in [
            ("creat", Some("create")),
            ("crate", Some("create")),
            ("create-tenant", Some("create")),
            ("db:migrate:tenants", Some("migrate")),
            ("migrate-public", Some("migrate")),
            ("health-check", Some("health")),
            ("spare-tenants", Some("spares")),
            ("print-schema", Some("schema")),
            ("lits", Some("list")),
            ("heatlh", Some("health")),
            ("accept", Some("accept-edits")),
            ("reset", None),
            ("x", None),
        ] {
            assert_eq!(nearest(word).map(|one| one.name), meant, "{word}");
        }
    }

    #[test]
    fn no_two_subcommands_share_a_name() {
        let mut names = all().map(|one| one.name).collect::<Vec<_>>();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }
}
