//! The progress of a migration outside a transaction: a text that PostgreSQL stores as the
//! comment on the schema's migration history.
//!
//! The journal is written before a statement begins and when it is done. It is removed in the
//! transaction that records the migration. So if a run is cut off, the next run knows what it may
//! have done, and what existed before. A comment changes with a transaction, moves with the
//! schema, needs no separate table, and blocks nothing. A user's own comment is kept: it follows
//! the journal's lines.

use crate::Version;
use crate::migration::MigrationFile;

/// The first line, which says what the rest is.
const HEAD: &str = "diesel-tenants journal 1: how far a migration outside a transaction is. \
                    The next run needs these lines, and removes them.";

/// The last line, where there is no comment of people's.
const END: &str = "end";

/// The last line before a comment of people's.
const END_BEFORE_COMMENT: &str = "end, and the comment of before:";

/// What the comment says.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Journal {
    entries: Vec<Progress>,
    /// What people have written.
    comment: Option<String>,
}

/// How far one file of a migration is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Progress {
    version: String,
    file: MigrationFile,
    /// What the migration history was when it began.
    pub(super) since: String,
    pub(super) done: Vec<Done>,
    /// What began, and is not known to be done.
    pub(super) begun: Vec<Begun>,
}

/// A statement that is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) fingerprint: String,
    /// The name of the index that it has built.
    pub(super) made: Option<String>,
}

/// A statement that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Begun {
    pub(super) fingerprint: String,
    /// What was there before, of what it could be confused with, by name.
    pub(super) known: Vec<String>,
}

impl Journal {
    /// The journal in `comment`; one of nothing where people have written that.
    pub(super) fn read(comment: Option<&str>) -> Self {
        let parsed = comment.and_then(parse);
        parsed.unwrap_or_else(|| Self {
            entries: Vec::new(),
            comment: comment.map(str::to_owned),
        })
    }

    /// How far `file` of the migration is. `None` where it has not begun.
    pub(super) fn progress(&self, version: &Version, file: MigrationFile) -> Option<Progress> {
        let mut entries = self.entries.iter();
        let found = entries.find(|one| one.file == file && one.version == version.as_str());
        found.cloned()
    }

    /// The same with `progress` in the place of what it said of that file.
    pub(super) fn with(&self, progress: &Progress) -> Self {
        let is_other =
            |one: &&Progress| one.file != progress.file || one.version != progress.version;
        let others = self.entries.iter().filter(is_other).cloned();
        Self {
            entries: others.chain([progress.clone()]).collect(),
            comment: self.comment.clone(),
        }
    }

    /// The same without what it says of the migration: it is applied, or reverted.
    pub(super) fn without(&self, version: &Version) -> Self {
        let others = self
            .entries
            .iter()
            .filter(|one| one.version != version.as_str());
        Self {
            entries: others.cloned().collect(),
            comment: self.comment.clone(),
        }
    }

    /// The comment that says this; none where there is nothing to say.
    pub(super) fn text(&self) -> Option<String> {
        if self.entries.is_empty() {
            return self.comment.clone();
        }
        let mut text = format!("{HEAD}\n");
        let mut line = |word: &str, value: &str| {
            for part in [word, " ", &escaped(value), "\n"] {
                text.push_str(part);
            }
        };
        for entry in &self.entries {
            line(word_of(entry.file), &entry.version);
            line("since", &entry.since);
            for done in &entry.done {
                line("done", &done.fingerprint);
                if let Some(made) = &done.made {
                    line("made", made);
                }
            }
            for begun in &entry.begun {
                line("begun", &begun.fingerprint);
                for known in &begun.known {
                    line("known", known);
                }
            }
        }
        match &self.comment {
            None => text.push_str(END),
            Some(comment) => {
                text.push_str(END_BEFORE_COMMENT);
                text.push('\n');
                text.push_str(comment);
            }
        }
        Some(text)
    }
}

impl Progress {
    /// Nothing is done of `file` of the migration, in a schema with the history `since`.
    pub(super) fn none(version: &Version, file: MigrationFile, since: String) -> Self {
        Self {
            version: version.as_str().to_owned(),
            file,
            since,
            done: Vec::new(),
            begun: Vec::new(),
        }
    }

    /// The names that were there when the statement began; `None` where it has not.
    pub(super) fn known(&self, fingerprint: &str) -> Option<&[String]> {
        let begun = self
            .begun
            .iter()
            .find(|one| one.fingerprint == fingerprint)?;
        Some(&begun.known)
    }

    /// The statement begins, or begins again.
    pub(super) fn begin(&mut self, fingerprint: &str, known: Vec<String>) {
        self.begun.retain(|one| one.fingerprint != fingerprint);
        self.begun.push(Begun {
            fingerprint: fingerprint.to_owned(),
            known,
        });
    }

    /// The statement is done.
    pub(super) fn finish(&mut self, fingerprint: &str, made: Option<String>) {
        self.begun.retain(|one| one.fingerprint != fingerprint);
        self.done.push(Done {
            fingerprint: fingerprint.to_owned(),
            made,
        });
    }
}

fn word_of(file: MigrationFile) -> &'static str {
    match file {
        MigrationFile::Up => "apply",
        MigrationFile::Down => "revert",
    }
}

/// `None` where the text is no journal.
fn parse(text: &str) -> Option<Journal> {
    let mut rest = text.strip_prefix(HEAD)?.strip_prefix('\n')?;
    let mut journal = Journal::default();
    loop {
        let (line, behind) = rest.split_once('\n').unwrap_or((rest, ""));
        if line == END {
            return Some(journal);
        }
        if line == END_BEFORE_COMMENT {
            journal.comment = Some(behind.to_owned());
            return Some(journal);
        }
        add(&mut journal, line)?;
        rest = behind;
    }
}

fn add(journal: &mut Journal, line: &str) -> Option<()> {
    let (word, value) = line.split_once(' ')?;
    let value = unescaped(value);
    let mut begin = |file| {
        journal.entries.push(Progress {
            version: value.clone(),
            file,
            since: String::new(),
            done: Vec::new(),
            begun: Vec::new(),
        });
    };
    match word {
        "apply" => begin(MigrationFile::Up),
        "revert" => begin(MigrationFile::Down),
        _ => {
            let entry = journal.entries.last_mut()?;
            match word {
                "since" => entry.since = value,
                "done" => entry.done.push(Done {
                    fingerprint: value,
                    made: None,
                }),
                "made" => entry.done.last_mut()?.made = Some(value),
                "begun" => entry.begun.push(Begun {
                    fingerprint: value,
                    known: Vec::new(),
                }),
                "known" => entry.begun.last_mut()?.known.push(value),
                _ => return None,
            }
        }
    }
    Some(())
}

/// `text` on one line.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n")
}

fn unescaped(text: &str) -> String {
    let mut unescaped = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.clone().next() == Some('n') => unescaped.push('\n'),
            '\\' => {
                unescaped.push('\\');
            }
            _ => {
                unescaped.push(c);
                continue;
            }
        }
        chars.next();
    }
    unescaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn some_progress() -> impl Strategy<Value = Progress> {
        let done = (any::<String>(), proptest::option::of(any::<String>()));
        let begun = (
            any::<String>(),
            proptest::collection::vec(any::<String>(), 0..3),
        );
        let file = prop_oneof![Just(MigrationFile::Up), Just(MigrationFile::Down)];
        let (done, begun) = (
            proptest::collection::vec(done, 0..3),
            proptest::collection::vec(begun, 0..2),
        );
        let texts = (any::<String>(), any::<String>());
        (texts, file, done, begun).prop_map(|((version, since), file, done, begun)| Progress {
            version,
            file,
            since,
            done: done
                .into_iter()
                .map(|(fingerprint, made)| Done { fingerprint, made })
                .collect(),
            begun: begun
                .into_iter()
                .map(|(fingerprint, known)| Begun { fingerprint, known })
                .collect(),
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            entries in proptest::collection::vec(some_progress(), 0..3),
            comment in proptest::option::of("[^\u{0}]+"),
        ) {
            let journal = Journal { entries, comment };
            assert_eq!(Journal::read(journal.text().as_deref()), journal);
        }
    }

    #[test]
    fn a_comment_of_people_stays() {
        for comment in ["Kept by Diesel.\nDo not touch.", "", HEAD, "end"] {
            let journal = Journal::read(Some(comment));
            assert_eq!(journal.text().as_deref(), Some(comment));
            let version = "20260101000000".parse().unwrap();
            let mut progress = Progress::none(&version, MigrationFile::Up, "3 now".to_owned());
            progress.begin("v1:a", vec!["an \"index\"\nwith \\n".to_owned()]);
            let written = journal.with(&progress);
            let read = Journal::read(written.text().as_deref());
            assert_eq!(read, written);
            assert_eq!(read.progress(&version, MigrationFile::Up), Some(progress));
            assert_eq!(read.progress(&version, MigrationFile::Down), None);
            assert_eq!(read.without(&version), journal);
        }
    }

    #[test]
    fn what_was_done_once_counts_once() {
        let version = "20260101000000".parse().unwrap();
        let mut progress = Progress::none(&version, MigrationFile::Up, String::new());
        progress.begin("a", Vec::new());
        progress.finish("a", Some("i".to_owned()));
        assert_eq!((progress.done.len(), progress.begun.len()), (1, 0));
    }
}
