//! The failures of a run, for people: each once, whatever the number of tenants that share it.

use command_line::explained::WHOM;
use command_line::output::shown;
use command_line::words::counted;
use command_line::{Context, Explained, Hint, Invocation, Message, Verdict};
use tenant_core::remedy::Command;
use tenant_core::{Consequence, Error, FleetReport, Outcome, Status};

use crate::groups::{Groups, hints_of_any, without_name};
use crate::names::a_few;

/// How many failures are shown.
const SHOWN: usize = 5;

/// How many tenants of a failure have their own line.
const ROWS: usize = 5;

/// Tenants with which something went wrong.
pub(crate) struct Failures<'a> {
    failed: Vec<(&'a str, &'a Error)>,
    /// How many tenants there are.
    total: usize,
    /// What became of them: `failed`.
    verb: &'a str,
    /// What they are: `tenant`, `spare`.
    noun: &'a str,
    /// What became of all.
    notes: Vec<String>,
    /// What repeats the run for those that failed.
    again: Option<Command>,
}

/// One of them, in parts.
struct Failed<'a> {
    name: &'a str,
    explained: Explained,
    /// The causes, or all of an error that several cannot share otherwise.
    cause: String,
    /// Where it failed, or what failed.
    key: (Option<String>, String),
}

impl<'a> Failures<'a> {
    /// Those of a run.
    pub(crate) fn of(report: &'a FleetReport) -> Self {
        let failed = report
            .failures()
            .map(|(outcome, error)| (outcome.name.as_str(), error));
        // A spare counts only if it failed: the run is about tenants.
        let spares = report.spares.iter().filter(|spare| spare.error.is_some());
        let total = report.outcomes.len() + spares.count();
        let notes = aftermath(report).into_iter().chain(kept(report));
        Self {
            notes: notes.collect(),
            ..Self::new(failed.collect(), total, "failed")
        }
    }

    /// Those among `total` tenants that did what `verb` says.
    pub(crate) fn new(failed: Vec<(&'a str, &'a Error)>, total: usize, verb: &'a str) -> Self {
        Self {
            failed,
            total,
            verb,
            noun: "tenant",
            notes: Vec::new(),
            again: None,
        }
    }

    /// Those among `total` spares.
    pub(crate) fn of_spares(failed: Vec<(&'a str, &'a Error)>, total: usize) -> Self {
        Self {
            noun: "spare",
            ..Self::new(failed, total, "failed")
        }
    }

    /// The same where this command repeats the run for those that failed.
    pub(crate) fn retried_by(self, again: Option<Command>) -> Self {
        Self { again, ..self }
    }

    /// Shows them; the verdict of it all.
    pub(crate) fn show(self, context: &Context) -> Verdict {
        if self.failed.is_empty() {
            return Verdict::Done;
        }
        for message in self.messages(context.invocation()) {
            context.output.say(&message);
        }
        Verdict::Wrong
    }

    fn messages(&self, invocation: &Invocation) -> Vec<Message> {
        let failed = self.failed.iter();
        let failed = failed.map(|(name, error)| Failed::of(name, error, invocation));
        let groups = Groups::by(failed, |failed| failed.key.clone()).into_groups();
        let more = groups.len().saturating_sub(SHOWN);
        let shown = groups.len() - more;
        let mut messages = Vec::new();
        for (number, group) in groups.take(SHOWN).enumerate() {
            let is_last = number + 1 == shown;
            let notes: &[String] = if is_last { &self.notes } else { &[] };
            messages.push(self.message(group, notes, invocation));
        }
        if more > 0 {
            let more = counted(more, "other error");
            messages.push(Message::note(format!(
                "{more} not shown (--json lists all)"
            )));
        }
        messages
    }

    fn message(&self, group: Vec<Failed<'_>>, notes: &[String], by: &Invocation) -> Message {
        let mut message = match group.as_slice() {
            [one] => one.alone(self.noun),
            several => self.shared(several),
        };
        message = message.notes(notes.iter().cloned());
        let hints = shared_hints(&group);
        message.hints(hints.into_iter().map(|hint| self.again(hint, by)))
    }

    /// A failure that several tenants share.
    fn shared(&self, group: &[Failed<'_>]) -> Message {
        let Some(first) = group.first() else {
            return Message::error("");
        };
        let count = format!("{} of {}", group.len(), counted(self.total, self.noun));
        let what = match &first.explained.of_many {
            Some(template) => template.replace(WHOM, &count),
            None => format!("{count} {}", self.verb),
        };
        let is_same = group.iter().all(|one| one.cause == first.cause);
        let (text, rows) = if is_same && first.cause.is_empty() {
            (what, vec![names(group)])
        } else if is_same {
            (format!("{what}: {}", first.cause), vec![names(group)])
        } else {
            (what, rows(group))
        };
        let notes = first.explained.notes.iter();
        let is_of_all = |note: &&String| group.iter().all(|one| one.explained.notes.contains(note));
        Message::error(text)
            .at(first.explained.place.clone())
            .excerpt(first.explained.statement.clone())
            .rows(rows)
            .notes(notes.filter(is_of_all).map(|note| of_each(note)))
    }

    /// With the command that repeats the run, where a hint speaks of that.
    fn again(&self, hint: Hint, invocation: &Invocation) -> Hint {
        match &self.again {
            Some(again)
                if hint.run.is_empty() && hint.sentence.contains("run the command again") =>
            {
                hint.run(invocation.call(again))
            }
            _ => hint,
        }
    }
}

impl<'a> Failed<'a> {
    fn of(name: &'a str, error: &Error, invocation: &Invocation) -> Self {
        let explained = Explained::of_library(error, invocation);
        let causes = match explained.of_many {
            Some(_) => explained.chain.get(1..).unwrap_or_default(),
            None => explained.chain.as_slice(),
        };
        let cause = without_name(&causes.join(": "), name);
        let key = match (&explained.of_many, &explained.place) {
            (Some(what), place) => (place.as_ref().map(ToString::to_string), what.clone()),
            (None, _) => (explained.sqlstate.clone(), cause.clone()),
        };
        Self {
            name,
            explained,
            cause,
            key,
        }
    }

    /// How it is shown alone. Not every error names its tenant.
    fn alone(&self, noun: &str) -> Message {
        let mut explained = self.explained.clone();
        let is_named = explained.text().contains(&format!("`{}`", self.name));
        if let (false, Some(first)) = (is_named, explained.chain.first_mut()) {
            *first = format!("{noun} `{}`: {first}", self.name);
        }
        explained.hints.clear();
        explained.message()
    }
}

/// The fact about one tenant as one about several.
fn of_each(note: &str) -> String {
    if note == Consequence::RolledBack.to_string() {
        return "each transaction was rolled back".to_owned();
    }
    note.to_owned()
}

/// The hints of all, with a placeholder for the tenant. Where they differ in more than its name,
/// those of the first.
fn shared_hints(group: &[Failed<'_>]) -> Vec<Hint> {
    let [first, others @ ..] = group else {
        return Vec::new();
    };
    let of_any = |one: &Failed<'_>| hints_of_any(&one.explained.hints, one.name);
    let shared = of_any(first);
    if !others.is_empty() && others.iter().all(|one| of_any(one) == shared) {
        return shared;
    }
    first.explained.hints.clone()
}

fn names(group: &[Failed<'_>]) -> String {
    a_few(&group.iter().map(|one| one.name).collect::<Vec<_>>())
}

/// A line for each tenant, where the causes differ.
fn rows(group: &[Failed<'_>]) -> Vec<String> {
    let width = group
        .iter()
        .take(ROWS)
        .map(|one| shown(one.name).chars().count());
    let width = width.max().unwrap_or_default() + 1;
    let rows = group.iter().take(ROWS).map(|one| {
        let name = format!("{}:", shown(one.name));
        format!("{name:width$} {}", one.cause)
    });
    let more = group.len().saturating_sub(ROWS);
    let more = (more > 0).then(|| format!("... and {more} more (--json lists all)"));
    rows.chain(more).collect()
}

/// What became of the tenants that did not fail, and of those that did.
fn aftermath(report: &FleetReport) -> Option<String> {
    let done = [
        (Status::Migrated, "migrated"),
        (Status::Reverted, "rolled back"),
    ];
    let (count, done) = done
        .into_iter()
        .map(|(status, done)| (report.count(status), done))
        .find(|(count, _)| *count > 0)?;
    let verb = if count == 1 { "was" } else { "were" };
    let told = format!("{} {verb} {done}", counted(count, "tenant"));
    let failed = report.failures().count();
    let is_unchanged = report
        .failures()
        .all(|(outcome, error)| is_unchanged(outcome, error));
    Some(match (failed, is_unchanged) {
        (1, true) => format!("{told}; the one that failed is unchanged"),
        (_, true) => format!("{told}; the {failed} that failed are unchanged"),
        (_, false) => told,
    })
}

fn is_unchanged(outcome: &Outcome, error: &Error) -> bool {
    let is_partly = matches!(
        error,
        Error::Migration(failure) if failure.consequence == Consequence::PartlyApplied
    );
    outcome.applied.is_empty() && outcome.reverted.is_empty() && !is_partly
}

/// What stays of runs that failed after they had committed something.
fn kept(report: &FleetReport) -> Vec<String> {
    let failed = report.failures().count();
    let kept = report.failures().filter_map(|(outcome, _)| {
        let (count, done) = match (outcome.applied.len(), outcome.reverted.len()) {
            (0, 0) => return None,
            (0, reverted) => (reverted, "rolled back"),
            (applied, _) => (applied, "applied"),
        };
        Some((outcome.name.as_str(), (count, done)))
    });
    let groups = Groups::by(kept, |(_, done)| *done).into_groups();
    let notes = groups.take(SHOWN).filter_map(|group| {
        let names = group.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        let (_, (count, done)) = group.first()?;
        let verb = if *count == 1 { "was" } else { "were" };
        let migrations = counted(*count, "migration");
        let whom = match names.as_slice() {
            [name] => format!("tenant `{}`", shown(name)),
            names if names.len() == failed => "each failed tenant".to_owned(),
            names => format!("{} tenants ({})", names.len(), a_few(names)),
        };
        Some(format!(
            "{migrations} of {whom} {verb} {done} before the failure and committed"
        ))
    });
    notes.collect()
}
