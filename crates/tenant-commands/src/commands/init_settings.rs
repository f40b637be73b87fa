//! `init-settings`: writes the file of settings by looking at the project.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Parser;
use command_line::exit::usage;
use command_line::init::{self, InDatabase, OnDisk, Proposal, Stream};
use command_line::json::Documents;
use command_line::output::shown;
use command_line::settings::{DatabaseUrl, FILE};
use command_line::words::counted;
use command_line::{
    Common, Context, Explained, Hint, Message, ProjectSettings, Script, Verdict, ask, files,
};
use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::Database;

/// Write tenants.toml from what the project contains
///
/// Reads the configuration of Diesel, the folders with migrations, and the database if one
/// is named and answers. Proposes the file, asks what only you know, and writes it. An
/// existing file is not overwritten without a question.
///
/// Without a terminal, give --yes to accept the proposal. Without --yes, the command prints
/// the file, writes nothing, and ends with exit code 2.
#[derive(Debug, Parser)]
#[command(name = "init-settings", version)]
#[command(mut_arg("config", |config| config.help(
    "File to write [env: TENANTS_CONFIG] [default: tenants.toml in the project's folder]"
)))]
// These are settings, which are about to be written.
#[command(mut_arg("migrations_dir", |option| option.hide(true)))]
#[command(mut_arg("extensions_schema", |option| option.hide(true)))]
#[command(mut_arg("shared_objects", |option| option.hide(true)))]
pub struct InitSettings {
    /// Accept the proposal and ask nothing
    #[arg(long, short)]
    yes: bool,

    /// Replace an existing file
    #[arg(long)]
    overwrite: bool,

    /// Print the file and write nothing
    #[arg(long, short = 'n', conflicts_with_all = ["yes", "overwrite"])]
    dry_run: bool,

    #[command(flatten)]
    common: Common,
}

/// A proposed settings file.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ProposedSettings")]
struct Document {
    /// The file, as an absolute path.
    path: String,
    /// Whether it was written.
    written: bool,
    /// Contents of the file.
    text: String,
    /// What was found, in words.
    found: Vec<String>,
}

impl Script for InitSettings {
    const READS_SETTINGS: bool = false;

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Document>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let disk = init::look_at_disk()?;
        let file = self.file(context, &disk)?;
        let is_there = files::is_there(&file);
        let may_ask = ask::is_possible() && !self.yes && !self.dry_run && !self.common.json;
        if is_there && !may_ask && !self.overwrite && !self.dry_run {
            return Err(usage(
                format!("{} exists", file.display()),
                "Give --overwrite to replace it.",
            ));
        }
        let (database, mut found) = look(context, &disk).await;
        let mut proposal = self.proposal(&disk, &database, may_ask)?;
        proposal.database_url = database_of(&file);
        found.extend(words(&disk, &database, &proposal));
        let (text, shown_text) = (init::text(&proposal), init::shown_text(&proposal));
        for line in &found {
            context.output.note(&shown(line));
        }
        let written = self.may_write(&file, is_there, &shown_text, may_ask, context)?;
        if written {
            if let Some(kept) = keep(&file, &text)? {
                let kept = kept.display().to_string();
                context.output.note(&format!(
                    "The file as it was is {}. Copy what you wrote in it by hand.",
                    shown(&kept)
                ));
            }
            std::fs::write(&file, &text)
                .with_context(|| format!("could not write {}", file.display()))?;
        }
        let document = Document {
            path: file.display().to_string(),
            written,
            text: shown_text,
            found,
        };
        self.tell(context, &document, may_ask)
    }
}

impl InitSettings {
    /// The file to write, as an absolute path.
    fn file(&self, context: &Context, disk: &OnDisk) -> anyhow::Result<PathBuf> {
        let named = self.common.config.as_ref();
        let named = named.or(context.environment().config.as_ref());
        let file = named.map_or_else(|| disk.folder.join(FILE), PathBuf::clone);
        std::path::absolute(file).context("finding the current folder")
    }

    /// What is proposed, once what only the user knows is asked.
    fn proposal(
        &self,
        disk: &OnDisk,
        database: &InDatabase,
        may_ask: bool,
    ) -> anyhow::Result<Proposal> {
        let mut proposal = Proposal::of(disk, database);
        for unclear in Proposal::unclear(disk, database) {
            let mut stream = Some(unclear.likely);
            if may_ask {
                stream = asked_stream(&unclear.folder, unclear.likely)?;
            }
            if let Some(stream) = stream {
                proposal.assign(&unclear.folder, stream, disk);
            }
        }
        if let (Some(registered), true) = (&proposal.registered, may_ask) {
            let question = format!(
                "Do the rows of {} list the tenants, by the column {}?",
                registered.table, registered.key
            );
            if !ask::confirm(&shown(&question), true)? {
                proposal.registered = None;
            }
        }
        Ok(proposal)
    }

    /// Whether the file is to be written: the user says so, at the terminal or by options.
    fn may_write(
        &self,
        file: &Path,
        is_there: bool,
        text: &str,
        may_ask: bool,
        context: &Context,
    ) -> anyhow::Result<bool> {
        if !may_ask {
            return Ok(!self.dry_run && (self.yes || self.overwrite));
        }
        context.output.note(text);
        let file = file.display();
        if is_there && !self.overwrite {
            return ask::confirm(&format!("{file} exists. Replace it?"), false);
        }
        ask::confirm(&format!("Write {file}?"), true)
    }

    fn tell(&self, context: &Context, document: &Document, asked: bool) -> anyhow::Result<Verdict> {
        let file = shown(&document.path);
        if document.written {
            let said = format!("Wrote {file}. Read it before you use it.");
            context.output.done(document, &said)?;
            return Ok(Verdict::Done);
        }
        if asked {
            context
                .output
                .say(&Message::error("the file was not written: not confirmed"));
            return Ok(Verdict::Wrong);
        }
        context.output.answer(document, &document.text)?;
        if self.dry_run {
            return Ok(Verdict::Done);
        }
        let said = Message::error(format!("{file} was not written"));
        context
            .output
            .say(&said.hints([Hint::new("Give --yes to write it.")]));
        Ok(Verdict::Usage)
    }
}

/// The database that an existing file names. A broken file names none.
fn database_of(file: &Path) -> Option<DatabaseUrl> {
    let settings = ProjectSettings::read(file).ok()?;
    settings.database_url().cloned()
}

/// Copies a file that is to be replaced by another text to `tenants.toml.old`, or to the
/// first of `tenants.toml.old2`, `tenants.toml.old3` and so on that does not exist.
fn keep(file: &Path, text: &str) -> anyhow::Result<Option<PathBuf>> {
    if !files::is_there(file) || std::fs::read(file).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(None);
    }
    let numbered = (2..).map(|number| format!("toml.old{number}"));
    let endings = std::iter::once("toml.old".to_owned()).chain(numbered);
    let mut free = endings.map(|ending| file.with_extension(ending));
    let kept = free.find(|path| !path.exists());
    let Some(kept) = kept else { return Ok(None) };
    std::fs::copy(file, &kept).with_context(|| format!("could not write {}", kept.display()))?;
    Ok(Some(kept))
}

fn asked_stream(folder: &str, likely: Stream) -> anyhow::Result<Option<Stream>> {
    let mut answers = [
        (Stream::Tenant, "every tenant's schema"),
        (Stream::Public, "the public schema"),
    ];
    if likely == Stream::Public {
        answers.reverse();
    }
    let mut items = answers.map(|(_, words)| words).to_vec();
    items.push("neither: leave the folder out");
    let question = format!("Which schemas do the migrations in {} make?", shown(folder));
    let chosen = ask::choose(&question, &items)?;
    let chosen = chosen.and_then(|chosen| answers.get(chosen));
    Ok(chosen.map(|(stream, _)| *stream))
}

/// What the database says, if one is named and answers. The project's own server is not
/// started for this.
async fn look(context: &Context, disk: &OnDisk) -> (InDatabase, Vec<String>) {
    let option = context.common().database_url.as_ref();
    let Some(url) = option.or(context.environment().database_url.as_ref()) else {
        let note = format!(
            "No database is named, so only the files in {} were read.",
            disk.folder.display()
        );
        return (InDatabase::default(), vec![note]);
    };
    let looked = match Database::parse(url) {
        Ok(database) => init::look_at_database(&database).await,
        Err(error) => Err(error.into()),
    };
    match looked {
        Ok(found) => (found, Vec::new()),
        Err(error) => {
            let why = Explained::chain(error.as_ref(), context.invocation()).text();
            let note = format!("The database was not read: {why}.");
            (InDatabase::default(), vec![note])
        }
    }
}

/// What was found, for people.
fn words(disk: &OnDisk, database: &InDatabase, proposal: &Proposal) -> Vec<String> {
    let mut words = Vec::new();
    for name in &disk.configurations {
        words.push(format!("Read {name}."));
    }
    for (stream, folders) in [("public", &proposal.public), ("tenant", &proposal.tenant)] {
        if !folders.is_empty() {
            words.push(format!("Migrations ({stream}): {}.", folders.join(", ")));
        }
    }
    for taken in proposal.taken_versions(disk) {
        words.push(format!(
            "{} has the version of the library's migration {}. Rename yours before you migrate.",
            taken.yours, taken.ours
        ));
    }
    if !disk.has_migrations() {
        words.push("There are no migrations yet.".to_owned());
    }
    if !database.tenants.is_empty() {
        let schemas = counted(database.tenants.len(), "schema");
        let by = match database.by_history {
            true => "a migration history",
            false => "the common beginning of their names",
        };
        words.push(format!("{schemas} of tenants, recognized by {by}."));
    }
    if database.has_registry {
        words.push("The database has the registry of the commands already.".to_owned());
    }
    for list in &database.lists {
        let (schema, table, column) = (&list.schema, &list.table, &list.column);
        let tenants = counted(list.matching, "tenant");
        let others = match list.others {
            0 => String::new(),
            others => format!(", and {} without a schema", counted(others, "value")),
        };
        words.push(format!(
            "{schema}.{table}, column {column}: lists {tenants}{others}."
        ));
    }
    words
}
