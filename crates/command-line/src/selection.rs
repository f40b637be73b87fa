//! [`Selecting`]: the options that name tenants, and the tenants that they select.

mod names_file;
mod pattern;

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Args, ValueHint};
use tenant_core::{InvalidName, Selection, TenantName, Tenants};

use crate::exit::{UsageError, usage};
use crate::hints::Advised;
use crate::output::shown;
use crate::unknown::{to_list, unknown};
use crate::{Context, Message, NameArg};

pub use names_file::{Line, lines_of};
pub use pattern::Pattern;

/// Which tenants a command works on: all of them without these options.
#[derive(Debug, Clone, Default, Args)]
pub struct Selecting {
    /// Tenants to work on [default: all]
    #[arg(value_name = "TENANT")]
    tenants: Vec<NameArg>,

    /// Tenants that match, such as 'eu_*'
    ///
    /// `*` is any text, `?` is any one letter. Repeatable.
    #[arg(long = "match", value_name = "PATTERN")]
    patterns: Vec<Pattern>,

    /// File with names, one per line; -: stdin
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    from_file: Option<PathBuf>,

    /// The same as TENANT, for scripts that have it
    #[arg(long, value_name = "NAME", hide = true)]
    only: Vec<NameArg>,
}

/// What the options say, with the names of the file.
#[derive(Debug, Clone)]
pub struct Wanted {
    is_all: bool,
    names: Vec<NameArg>,
    patterns: Vec<Pattern>,
}

impl Selecting {
    /// What the options say. Nothing is connected for it, so a mistake is found at once.
    ///
    /// # Errors
    ///
    /// A wrong use: a file that cannot be read or names no tenant, or a text that cannot be a
    /// tenant's name.
    pub fn read(&self, context: &Context) -> anyhow::Result<Wanted> {
        let mut names = [self.tenants.as_slice(), &self.only].concat();
        if let Some(file) = &self.from_file {
            let lines = lines_of(file)?;
            if lines.is_empty() {
                let what = format!("{} names no tenant", file.display());
                return Err(anyhow!(UsageError(what)));
            }
            names.extend(lines.into_iter().map(|line| NameArg::from(line.text)));
        }
        context.require_possible(&names)?;
        Ok(Wanted {
            is_all: names.is_empty() && self.patterns.is_empty(),
            names,
            patterns: self.patterns.clone(),
        })
    }
}

impl Wanted {
    /// Whether the options name no tenant, so that all are selected.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.is_all
    }

    /// Refuses to work on all tenants.
    ///
    /// # Errors
    ///
    /// A wrong use if the options name no tenant. `verb` says what would be done to them.
    pub fn require_some(&self, verb: &str) -> anyhow::Result<()> {
        if !self.is_all {
            return Ok(());
        }
        let what = "no tenant is named";
        let hint = format!("Name the tenants to {verb}, or select all with --match '*'.");
        Err(usage(what, hint))
    }

    /// The tenants of the list that are selected.
    ///
    /// # Errors
    ///
    /// A wrong use if a name is no tenant's or if no tenant is selected, and what the server
    /// says.
    pub async fn among(self, context: &Context, tenants: &Tenants) -> anyhow::Result<Selection> {
        if self.is_all {
            return Ok(Selection::all());
        }
        let mut names = Vec::new();
        for argument in &self.names {
            let name = context.existing_name(tenants, argument).await;
            names.push(name.map_err(|refused| explained(refused, argument))?);
        }
        let listed = tenants.names().await?;
        let missing = |name: &&TenantName| !is_listed(&listed, name);
        let missing = names.iter().filter(missing).collect::<Vec<_>>();
        if !missing.is_empty() {
            return Err(unknown(&missing, &listed, context.invocation()));
        }
        let mut selected = names.into_iter().collect::<BTreeSet<_>>();
        for pattern in &self.patterns {
            selected.extend(self.matching(pattern, context, tenants, &listed).await?);
        }
        if selected.is_empty() {
            return Err(self.nothing(context));
        }
        Ok(Selection::only(selected))
    }

    async fn matching(
        &self,
        pattern: &Pattern,
        context: &Context,
        tenants: &Tenants,
        listed: &[String],
    ) -> anyhow::Result<Vec<TenantName>> {
        let mut found = Vec::new();
        for name in listed.iter().filter(|name| pattern.matches(name)) {
            let argument = NameArg::from(name.clone());
            found.push(context.existing_name(tenants, &argument).await?);
        }
        if found.is_empty() && (self.patterns.len() > 1 || !self.names.is_empty()) {
            let note = format!("no tenant matches `{pattern}`");
            context.output.say(&Message::note(note));
        }
        Ok(found)
    }

    fn nothing(&self, context: &Context) -> anyhow::Error {
        let patterns = self.patterns.iter();
        let patterns = patterns.map(|pattern| format!("`{}`", shown(pattern.as_str())));
        let patterns = patterns.collect::<Vec<_>>().join(" or ");
        let what = format!("no tenant matches {patterns}");
        let advised = Advised::with(what.clone(), [to_list(context.invocation())]);
        anyhow!(UsageError(what)).context(advised)
    }
}

fn is_listed(listed: &[String], name: &TenantName) -> bool {
    let found = listed.binary_search_by(|one| one.as_str().cmp(name.as_str()));
    found.is_ok()
}

/// The same error. Of a pattern in the place of a name it says where patterns go.
fn explained(refused: anyhow::Error, argument: &NameArg) -> anyhow::Error {
    let text = argument.as_str();
    if !refused.is::<InvalidName>() || !text.contains(['*', '?']) {
        return refused;
    }
    let hint = format!("Give a pattern with --match '{}'.", shown(text));
    let what = refused.to_string();
    refused.context(Advised::new(what, hint))
}
