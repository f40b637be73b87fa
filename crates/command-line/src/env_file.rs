//! `.env`: values as `dotenvy` reads them, except where it would lose a part silently.
//!
//! `dotenvy` replaces `$NAME` with the value of a variable, or with nothing if the variable is not
//! set: it reads a password `s3cr$et` as `s3cr`. Other programs that read such files differ in what
//! they replace. So a value with a `$` that refers to no variable is an error when the value is
//! read. Values that this program does not read may be written for another program.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};

use tenant_settings::Mistake;

use crate::exit::UsageError;
use crate::files;
use crate::hints::Advised;
use crate::mistakes::Mistakes;

/// The values of a file, by name; none where there is no file.
#[derive(Debug, Default)]
pub(crate) struct EnvFile {
    path: PathBuf,
    values: HashMap<String, String>,
    /// The lines, from 1, of values that have lost something.
    damaged: HashMap<String, usize>,
}

impl EnvFile {
    /// The file in the folder, or the nearest one above. `is_set` says which variables the
    /// process has, which a value may name.
    ///
    /// # Errors
    ///
    /// A file that cannot be read; what stands in it is not shown.
    pub(crate) fn nearest(folder: &Path, is_set: impl Fn(&str) -> bool) -> anyhow::Result<Self> {
        match path(folder) {
            Some(path) => Self::read(path, is_set),
            None => Ok(Self::default()),
        }
    }

    fn read(path: PathBuf, is_set: impl Fn(&str) -> bool) -> anyhow::Result<Self> {
        let bytes = std::fs::read(&path)
            .map_err(|error| anyhow!(UsageError(error.to_string())))
            .with_context(|| format!("could not read the file {}", path.display()))?;
        let text = text(&path, bytes)?;
        let read = dotenvy::from_read_iter(text.as_bytes()).collect::<Result<_, _>>();
        let values = read.map_err(|error| unreadable(&path, &text, &error))?;
        Ok(Self {
            damaged: damaged(&text, is_set),
            path,
            values,
        })
    }

    /// The value of a variable.
    ///
    /// # Errors
    ///
    /// It has a `$` that stands for nothing. The value is not shown.
    pub(crate) fn get(&self, name: &str) -> anyhow::Result<Option<String>> {
        match self.damaged.get(name) {
            None => Ok(self.values.get(name).cloned()),
            Some(line) => {
                let what = format!("the value of {name} has a `$` that names no variable");
                let mistake = Mistake::in_line(files::shown(&self.path), *line, what);
                Err(advised(
                    mistake,
                    "Put the value in single quotes to keep the `$`.",
                ))
            }
        }
    }
}

/// The file in the folder, or the nearest one above.
pub(crate) fn path(folder: &Path) -> Option<PathBuf> {
    let mut candidates = folder.ancestors().map(|folder| folder.join(".env"));
    candidates.find(|file| files::is_there(file))
}

/// The text without a byte order mark.
fn text(path: &Path, bytes: Vec<u8>) -> anyhow::Result<String> {
    let is_utf16 = bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]);
    let encoding = match is_utf16 || bytes.contains(&0) {
        true => "is UTF-16",
        false => "is not UTF-8",
    };
    let text = String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'));
    let Some(text) = text else {
        let path = path.display();
        return Err(anyhow!(UsageError(format!("the file {path} {encoding}"))));
    };
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// Which line it is. The library's own message quotes it, password and all.
fn unreadable(file: &Path, text: &str, error: &dotenvy::Error) -> anyhow::Error {
    let line = match error {
        dotenvy::Error::LineParse(culprit, _) => {
            text.lines().position(|line| line.contains(culprit.trim()))
        }
        _ => None,
    };
    let mistake = Mistake {
        file: files::shown(file),
        line: line.map(|index| index + 1),
        column: None,
        message: "a line is not of the form NAME=value".to_owned(),
    };
    advised(
        mistake,
        "Quote a value that has spaces or special characters.",
    )
}

/// A mistake in the file, and what to do about it.
fn advised(mistake: Mistake, sentence: &str) -> anyhow::Error {
    let what = mistake.message.clone();
    anyhow!(Mistakes::from(mistake)).context(Advised::new(what, sentence))
}

/// The names of the values in which `dotenvy` replaces something by nothing, each with its
/// line.
fn damaged(text: &str, is_set: impl Fn(&str) -> bool) -> HashMap<String, usize> {
    let mut damaged = HashMap::new();
    let mut known = HashSet::new();
    let mut rest = text;
    while !rest.is_empty() {
        let line = text.len() - rest.len();
        let line = text.get(..line).unwrap_or_default().matches('\n').count() + 1;
        let (name, value) = match name(rest) {
            Some(found) => found,
            None => {
                rest = rest.split_once('\n').map_or("", |(_, behind)| behind);
                continue;
            }
        };
        let value = Value::read(value);
        let is_known = |name: &str| is_set(name) || known.contains(name);
        if value.references.iter().all(|one| one.is_kept(is_known)) {
            damaged.remove(name);
            known.insert(name.to_owned());
        } else {
            damaged.insert(name.to_owned(), line);
        }
        rest = value.behind;
    }
    damaged
}

/// The name that a line begins with, and what follows its `=`.
fn name(text: &str) -> Option<(&str, &str)> {
    let line = text.split('\n').next()?;
    let (name, _) = line.split_once('=')?;
    let behind = text.get(name.len() + 1..)?;
    let name = name.trim();
    let name = name.strip_prefix("export ").map_or(name, str::trim);
    let is_name = !name.is_empty() && !name.starts_with('#') && !name.contains(char::is_whitespace);
    is_name.then_some((name, behind))
}

/// A `$` with what it is read with.
#[derive(Debug, PartialEq, Eq)]
struct Reference {
    name: String,
    /// Whether the name goes on where `dotenvy` ends it.
    is_cut: bool,
}

impl Reference {
    fn is_kept(&self, is_known: impl Fn(&str) -> bool) -> bool {
        !self.is_cut && !self.name.is_empty() && is_known(&self.name)
    }
}

/// What is in a value, and what follows it.
struct Value<'a> {
    references: Vec<Reference>,
    behind: &'a str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Quote {
    None,
    Single,
    Double,
}

impl<'a> Value<'a> {
    /// Reads up to the end of the line that is not in quotes.
    fn read(text: &'a str) -> Self {
        let mut references = Vec::new();
        let mut quote = Quote::None;
        let mut is_behind_space = true;
        let mut letters = text.char_indices();
        while let Some((at, letter)) = letters.next() {
            let behind = text.get(at + letter.len_utf8()..).unwrap_or_default();
            match (letter, quote) {
                ('\n', Quote::None) => return Self { references, behind },
                ('#', Quote::None) if is_behind_space => {
                    let behind = behind.split_once('\n').map_or("", |(_, behind)| behind);
                    return Self { references, behind };
                }
                ('\'', Quote::None) => quote = Quote::Single,
                ('\'', Quote::Single) | ('"', Quote::Double) => quote = Quote::None,
                ('"', Quote::None) => quote = Quote::Double,
                ('\\', Quote::None | Quote::Double) => drop(letters.next()),
                ('$', Quote::None | Quote::Double) => references.push(reference(behind)),
                _ => {}
            }
            is_behind_space = letter == ' ' || letter == '\t';
        }
        Self {
            references,
            behind: "",
        }
    }
}

/// What a `$` in front of this text is read with.
fn reference(behind: &str) -> Reference {
    if let Some(rest) = behind.strip_prefix('{') {
        let name = rest.split_once('}').map_or("", |(name, _)| name);
        return Reference {
            name: name.to_owned(),
            is_cut: false,
        };
    }
    let end = behind.find(|one: char| !one.is_alphanumeric());
    let (name, more) = behind.split_at(end.unwrap_or(behind.len()));
    Reference {
        name: name.to_owned(),
        is_cut: more.starts_with('_'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(String, usize)> {
        let found = damaged(text, |name| name == "HOME");
        let mut found = found.into_iter().collect::<Vec<_>>();
        found.sort();
        found
    }

    #[test]
    fn a_value_that_would_lose_something_is_found_with_its_line() {
        for value in [
            "s3cr$et",
            "\"H$ello$%World^$&FooBar*()_$+\"",
            "bm%IEG^lkq$D-$wOsDmu",
            "this$is$a$test",
            "\"s3cr$et\"",
            "s3cr$",
            "pa$$word",
            "${NOTHING}",
            "$HOME_SWEET",
            "a${",
            "$1",
        ] {
            let text = format!("# $x\nA=1\n\nexport URL = {value} # $y\nB='$z'\n");
            assert_eq!(lines(&text), [("URL".to_owned(), 4)], "{value}");
        }
    }

    #[test]
    fn a_value_that_keeps_everything_is_left_alone() {
        for value in [
            "plain",
            "'s3cr$et'",
            "s3cr\\$et",
            "\"s3cr\\$et\"",
            "$HOME/x",
            "${HOME}",
            "${A}",
            "$A",
            "a#$b",
            "'multi\n$line'",
        ] {
            let expected: &[(String, usize)] = match value {
                "a#$b" => &[("URL".to_owned(), 2)],
                _ => &[],
            };
            assert_eq!(lines(&format!("A=1\nURL={value}\n")), expected, "{value}");
        }
    }
}
