//! The text of the file that is proposed. A comment explains each value; what was not
//! found is there as a comment.

use std::fmt::Write as _;

use super::proposal::Proposal;
use super::toml_text::{list, string};
use crate::settings::DatabaseUrl;
use crate::url::without_password;

/// The text of the file.
#[must_use]
pub fn text(proposal: &Proposal) -> String {
    with_database(proposal, &database_url(proposal.database_url.as_ref()))
}

/// The same text as it can be shown: without the password of a database.
#[must_use]
pub fn shown_text(proposal: &Proposal) -> String {
    with_database(proposal, &shown_url(proposal.database_url.as_ref()))
}

/// The text with this part about the database.
fn with_database(proposal: &Proposal, database: &str) -> String {
    let mut text = Text(HEAD.to_owned());
    text.0.push_str(database);
    text.migrations(proposal);
    text.schema(proposal);
    text.registry(proposal);
    text.names(proposal);
    text.path(proposal);
    text.0.push_str(TAIL);
    text.0
}

const HEAD: &str = "\
# Settings of this project for the commands of Diesel Tenants. An option of a command wins
# over the environment, the environment over .env, and .env over this file. Paths are
# relative to the folder of this file. The guide describes every key.

# DATABASE_URL names the database, in the environment or in .env. If another variable
# has the URL, name the variable:
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

fn shown_url(given: Option<&DatabaseUrl>) -> String {
    let Some(DatabaseUrl::Text(url)) = given else {
        return database_url(given);
    };
    match without_password(url) {
        Some(shown) if shown == *url => database_url(given),
        Some(shown) => format!(
            "# The password in this URL is not shown:\ndatabase_url = {}\n",
            string(&shown)
        ),
        None => {
            "# The URL can contain a password and is not shown:\n# database_url = ...\n".to_owned()
        }
    }
}

const TAIL: &str = "
[application]
# The role of the application, if another role creates the tenants.
# role = \"app\"

[hooks]
# SQL files to run in the transaction that creates, drops, or renames a tenant.
# seed = [\"sql/seed.sql\"]
# on_drop = [\"sql/going.sql\"]
# after_drop = [\"sql/gone.sql\"]
# on_rename = [\"sql/renamed.sql\"]

[defaults]
# Default values of options.
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
            "Folders of migrations. Several are merged in the order of their versions. The commands\n\
             add their own tables to the public migrations.",
        );
        self.folders("The public schema:", "public", &proposal.public);
        self.folders("Every tenant:", "tenant", &proposal.tenant);
    }

    fn schema(&mut self, proposal: &Proposal) {
        self.section(
            "schema",
            "The file with `diesel::table!` of each stream, for commands that write migrations.",
        );
        let public = proposal.public_schema.as_deref();
        self.value_or_example("", "public", public, "src/schema_public.rs");
        let tenant = proposal.tenant_schema.as_deref();
        self.value_or_example("", "tenant", tenant, "src/schema_tenant.rs");
    }

    fn registry(&mut self, proposal: &Proposal) {
        self.section(
            "registry",
            "The table that lists the tenants. By default, the commands keep their own table.",
        );
        let comment = "The application's own list, which the commands only read. It returns `name`, and\n\
             `schema` unless the template below gives the schema:";
        let Some(registered) = &proposal.registered else {
            let example = "SELECT slug AS name FROM public.organizations WHERE deleted_at IS NULL";
            return self.example(comment, "query", &string(example));
        };
        self.value(comment, "query", &string(&registered.query()));
        self.example(
            "Where the commands keep what the query does not return:",
            "beside",
            &string("public.tenant_state"),
        );
    }

    fn names(&mut self, proposal: &Proposal) {
        self.section("names", "");
        let template = proposal.template.as_deref();
        let comment =
            "The name of a tenant's schema. By default, the schema has the tenant's name.";
        self.value_or_example(comment, "schema", template, "org_{name}");
        let pattern = proposal.pattern.as_deref();
        let comment = "The names that tenants can have, as a regular expression. By default, letters,\n\
             digits, and underscores.";
        self.value_or_example(comment, "allow", pattern, "^[a-z][a-z0-9-]{1,50}$");
    }

    fn path(&mut self, proposal: &Proposal) {
        self.section("path", "");
        let comment = "Schemas behind the tenant's schema in the application's search path. Migrations see\n\
             only the tenant's schema and the schema for extensions.";
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
            "Objects of that schema that tenants' migrations can change.",
            "shared_objects",
            &list(&["audit_log".to_owned()]),
        );
    }
}
