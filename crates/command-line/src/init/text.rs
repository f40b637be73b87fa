//! The text of the file that is proposed. A comment explains each value; what was not
//! found is there as a comment.

use std::fmt::Write as _;

use super::proposal::Proposal;
use super::toml_text::{list, string};
use crate::settings::DatabaseUrl;

/// The text of the file.
#[must_use]
pub fn text(proposal: &Proposal) -> String {
    let mut text = Text(HEAD.to_owned());
    text.0
        .push_str(&database_url(proposal.database_url.as_ref()));
    text.migrations(proposal);
    text.schema(proposal);
    text.registry(proposal);
    text.names(proposal);
    text.path(proposal);
    text.0.push_str(TAIL);
    text.0
}

const HEAD: &str = "\
# Settings of this project for the commands of Diesel Tenants. Options of a command come
# before the environment, that before .env, and that before this file. Paths start at the
# folder of this file. The guide describes every key.

# The database is named by DATABASE_URL, in the environment or in .env. If another
# variable has its URL:
";

fn database_url(given: Option<&DatabaseUrl>) -> String {
    match given {
        None => "# database_url = { env = \"MY_DATABASE_URL\" }\n".to_owned(),
        Some(DatabaseUrl::Text(url)) => format!("database_url = {}\n", string(url)),
        Some(DatabaseUrl::Variable(name)) => {
            format!("database_url = {{ env = {} }}\n", string(name))
        }
    }
}

const TAIL: &str = "
[application]
# The role that the application logs in as, if it is not the one that makes the tenants.
# role = \"app\"

[hooks]
# Files of SQL that run in the transaction that creates, drops, or renames a tenant.
# seed = [\"sql/seed.sql\"]
# on_drop = [\"sql/going.sql\"]
# after_drop = [\"sql/gone.sql\"]
# on_rename = [\"sql/renamed.sql\"]

[defaults]
# What options are if a command is not given them.
# jobs = 8
# lock_timeout = \"5s\"
# wait = \"10m\"
# statement_timeout = \"0\"
# max_failures = 3
# transaction = \"schema\"
# no_download = true
";

struct Text(String);

impl Text {
    /// Starts a section, with a comment.
    fn section(&mut self, name: &str, comment: &str) {
        // Writing to a string does not fail.
        let _ = write!(self.0, "\n[{name}]\n");
        self.comment(comment);
    }

    fn comment(&mut self, comment: &str) {
        for line in comment.lines() {
            let _ = writeln!(self.0, "# {line}");
        }
    }

    /// `key = value`, with a comment above.
    fn value(&mut self, comment: &str, key: &str, value: &str) {
        self.comment(comment);
        let _ = writeln!(self.0, "{key} = {value}");
    }

    /// The same as a comment, because nothing like it was found.
    fn example(&mut self, comment: &str, key: &str, value: &str) {
        self.comment(comment);
        let _ = writeln!(self.0, "# {key} = {value}");
    }

    fn value_or_example(&mut self, comment: &str, key: &str, value: Option<&str>, example: &str) {
        match value {
            Some(value) => self.value(comment, key, &string(value)),
            None => self.example(comment, key, &string(example)),
        }
    }

    fn folders(&mut self, comment: &str, key: &str, folders: &[String]) {
        if folders.is_empty() {
            let usual = format!("migrations/{key}");
            self.example(comment, key, &list(&[usual]));
        } else {
            self.value(comment, key, &list(folders));
        }
    }

    fn migrations(&mut self, proposal: &Proposal) {
        self.section(
            "migrations",
            "Folders of migrations. Several are merged in the order of their versions. The tables\n\
             that the commands need are added to the public ones.",
        );
        self.folders("What exists once:", "public", &proposal.public);
        self.folders("What every tenant has:", "tenant", &proposal.tenant);
    }

    fn schema(&mut self, proposal: &Proposal) {
        self.section(
            "schema",
            "The file with `diesel::table!` of each stream, for the commands that write migrations.",
        );
        let public = proposal.public_schema.as_deref();
        self.value_or_example("", "public", public, "src/schema_public.rs");
        let tenant = proposal.tenant_schema.as_deref();
        self.value_or_example("", "tenant", tenant, "src/schema_tenant.rs");
    }

    fn registry(&mut self, proposal: &Proposal) {
        self.section(
            "registry",
            "The table that lists the tenants. Without it, the commands keep one of their own.",
        );
        let comment = "The application's own list, which the commands only read. It gives `name`, and\n\
             `schema` unless the template below makes it:";
        let Some(registered) = &proposal.registered else {
            let example = "SELECT slug AS name FROM public.organizations WHERE deleted_at IS NULL";
            return self.example(comment, "query", &string(example));
        };
        self.value(comment, "query", &string(&registered.query()));
        self.example(
            "Where the commands keep what the query does not give:",
            "beside",
            &string("public.tenant_state"),
        );
    }

    fn names(&mut self, proposal: &Proposal) {
        self.section("names", "");
        let template = proposal.template.as_deref();
        let comment =
            "What a tenant's schema is called. Without it, the schema has the tenant's name.";
        self.value_or_example(comment, "schema", template, "org_{name}");
        let pattern = proposal.pattern.as_deref();
        let comment = "Which names tenants may have, as a regular expression. Without it: letters,\n\
             digits, and underscores.";
        self.value_or_example(comment, "allow", pattern, "^[a-z][a-z0-9-]{1,50}$");
    }

    fn path(&mut self, proposal: &Proposal) {
        self.section("path", "");
        let comment = "Schemas behind the tenant's own when the application runs. Migrations see the\n\
             tenant's schema alone, and the one with extensions.";
        if proposal.behind.is_empty() {
            self.example(comment, "behind", &list(&["public".to_owned()]));
        } else {
            self.value(comment, "behind", &list(&proposal.behind));
        }
        let found = proposal.extensions.as_ref();
        let comment = found.map_or_else(
            || "The schema with extensions that the tenants' migrations use.".to_owned(),
            |(_, names)| {
                format!("The schema with extensions that the tenants' migrations use ({names}).")
            },
        );
        let schema = found.map(|(schema, _)| schema.as_str());
        self.value_or_example(&comment, "extensions_schema", schema, "extensions");
        self.example(
            "Objects of that schema that tenants' migrations may change.",
            "shared_objects",
            &list(&["audit_log".to_owned()]),
        );
    }
}
