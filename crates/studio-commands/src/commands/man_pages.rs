//! `man-pages`: writes the manual pages of all commands.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Command, Parser, ValueHint};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use command_line::json::Documents;
use command_line::words::counted;
use command_line::{Common, Context, Script, Verdict};
use schemars::JsonSchema;
use serde::Serialize;

/// The group of pages that the footer and header name.
const MANUAL: &str = "Diesel Tenants Manual";

/// In the place of a date, so that the same program writes the same pages. An empty text
/// would be left out, and the source be taken for the date.
const NO_DATE: &str = " ";

/// Write the manual pages of all commands into a folder
///
/// Each command has its own page. Existing pages are replaced, and a missing folder is
/// created. `man` looks for pages in ~/.local/share/man/man1.
#[derive(Debug, Parser)]
#[command(name = "man-pages", version)]
pub struct ManPages {
    /// Folder for the pages
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    folder: PathBuf,

    #[command(flatten)]
    common: Common,
}

/// Manual pages.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ManualPages")]
struct Document {
    /// The folder.
    folder: String,
    /// File names of the pages.
    pages: Vec<String>,
}

impl Script for ManPages {
    const READS_SETTINGS: bool = false;

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Document>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let commands = context.program().commands;
        let mut pages = Vec::new();
        for command in commands.map_or_else(Vec::new, |commands| commands()) {
            pages.extend(pages_of(command)?);
        }
        write(&self.folder, &pages)?;
        let document = Document {
            folder: self.folder.display().to_string(),
            pages: pages.into_iter().map(|page| page.file).collect(),
        };
        let text = format!(
            "Wrote {} to {}.",
            counted(document.pages.len(), "page"),
            document.folder
        );
        context.output.done(&document, &text)?;
        Ok(Verdict::Done)
    }
}

/// One page.
struct Page {
    file: String,
    text: Vec<u8>,
}

/// The page of a command, and those of its subcommands.
fn pages_of(command: Command) -> anyhow::Result<Vec<Page>> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let subcommands = command.get_subcommands().filter(|one| !one.is_hide_set());
    let subcommands = subcommands.cloned().collect::<Vec<_>>();
    let names = subcommands.iter().filter_map(Command::get_display_name);
    let related = match command.has_subcommands() {
        true => names.map(str::to_owned).collect(),
        false => Vec::new(),
    };
    let name = command.get_name().to_owned();
    let mut pages = vec![page(command, &name, &related)?];
    for subcommand in subcommands {
        pages.push(page(subcommand, &name, std::slice::from_ref(&name))?);
    }
    Ok(pages)
}

/// The page of `command` of the program `name`.
fn page(command: Command, name: &str, related: &[String]) -> anyhow::Result<Page> {
    let source = format!("{name} {}", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command)
        .source(source)
        .manual(MANUAL)
        .date(NO_DATE);
    let mut text = Vec::new();
    man.render(&mut text)?;
    ending(related).to_writer(&mut text)?;
    Ok(Page {
        file: man.get_filename(),
        text,
    })
}

/// What every page ends with.
fn ending(related: &[String]) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    for verdict in Verdict::ALL {
        roff.control("TP", []);
        roff.text([bold(verdict.code().to_string())]);
        roff.text([roman(verdict.meaning())]);
    }
    if !related.is_empty() {
        roff.control("SH", ["SEE ALSO"]);
        let names = related.iter().enumerate().flat_map(|(index, name)| {
            let comma = if index == 0 { "" } else { ", " };
            [roman(comma), bold(name), roman("(1)")]
        });
        roff.text(names.collect::<Vec<_>>());
    }
    roff
}

fn write(folder: &Path, pages: &[Page]) -> anyhow::Result<()> {
    let failed = |path: &Path| format!("could not write {}", path.display());
    fs::create_dir_all(folder).with_context(|| failed(folder))?;
    for page in pages {
        let path = folder.join(&page.file);
        fs::write(&path, &page.text).with_context(|| failed(&path))?;
    }
    Ok(())
}
