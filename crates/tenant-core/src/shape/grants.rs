//! Who may do what with an object, as PostgreSQL writes it in its lists of rights.

use std::collections::BTreeMap;

use super::object::ObjectKind;

/// Rights by role, without those of the owner. The role is quoted where it needs
/// it, and empty for everybody; the rights are PostgreSQL's letters.
///
/// Source: PostgreSQL manual, "Privileges", table "ACL Privilege Abbreviations".
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Grants(BTreeMap<String, String>);

impl Grants {
    /// Reads the lines of a list of rights, `role=letters/grantor`. Without a list
    /// an object has the rights that PostgreSQL gives by default.
    pub(super) fn read(kind: ObjectKind, owner: &str, list: Option<&str>) -> Self {
        let Some(list) = list else {
            let everybody = match kind {
                ObjectKind::Function => "X",
                ObjectKind::Type => "U",
                _ => return Self::default(),
            };
            return Self(BTreeMap::from([(String::new(), everybody.to_owned())]));
        };
        let items = list.lines().filter_map(item);
        let others = items.filter(|(role, _)| unquoted(role) != owner);
        let mut rights = BTreeMap::<String, String>::new();
        for (role, letters) in others {
            rights.entry(role.to_owned()).or_default().push_str(letters);
        }
        Self(rights)
    }

    /// The form that is kept as a fact: `role=letters` on lines.
    pub(super) fn to_fact(&self) -> Option<String> {
        let lines = self.0.iter();
        let lines = lines.map(|(role, letters)| format!("{role}={letters}"));
        let lines = lines.collect::<Vec<_>>();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// Reads the fact again.
    pub(super) fn from_fact(fact: Option<&str>) -> Self {
        let lines = fact.unwrap_or_default().lines().filter_map(item);
        let owned = lines.map(|(role, letters)| (role.to_owned(), letters.to_owned()));
        Self(owned.collect())
    }

    /// What is here and not in `other`.
    pub(super) fn beyond(&self, other: &Self) -> Self {
        let beyond = self.0.iter().filter_map(|(role, letters)| {
            let there = other.0.get(role).map(String::as_str).unwrap_or_default();
            let lacking = rights(letters).filter(|right| !rights(there).any(|it| it == *right));
            let lacking = lacking.collect::<String>();
            (!lacking.is_empty()).then(|| (role.clone(), lacking))
        });
        Self(beyond.collect())
    }

    /// What is here, and what is in `other`.
    pub(super) fn and(mut self, other: &Self) -> Self {
        for (role, letters) in &other.0 {
            self.0.entry(role.clone()).or_default().push_str(letters);
        }
        self
    }

    /// Only what everybody may do.
    pub(super) fn of_everybody(&self) -> Self {
        let mut rights = self.0.clone();
        rights.retain(|role, _| role.is_empty());
        Self(rights)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Role and rights, as a statement names them: `PUBLIC`, `SELECT, INSERT`.
    pub(super) fn words(&self) -> impl Iterator<Item = (String, String)> {
        self.0.iter().map(|(role, letters)| {
            let role = if role.is_empty() { "PUBLIC" } else { role };
            let words = rights(letters).filter_map(word).collect::<Vec<_>>();
            (role.to_owned(), words.join(", "))
        })
    }
}

/// Role and letters of `role=letters/grantor`. A role in quotes may have an equals
/// sign in it.
fn item(line: &str) -> Option<(&str, &str)> {
    let equals = if line.starts_with('"') {
        line.rfind("\"=")? + 1
    } else {
        line.find('=')?
    };
    let (role, rest) = (line.get(..equals)?, line.get(equals + 1..)?);
    Some((role, rest.split('/').next().unwrap_or(rest)))
}

/// The single rights of a list of letters. A star, for the right to hand it on,
/// belongs to the letter before it and is left out.
fn rights(letters: &str) -> impl Iterator<Item = char> {
    letters.chars().filter(|letter| *letter != '*')
}

fn unquoted(role: &str) -> String {
    match role
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        Some(inside) => inside.replace("\"\"", "\""),
        None => role.to_owned(),
    }
}

fn word(letter: char) -> Option<&'static str> {
    Some(match letter {
        'r' => "SELECT",
        'a' => "INSERT",
        'w' => "UPDATE",
        'd' => "DELETE",
        'D' => "TRUNCATE",
        'x' => "REFERENCES",
        't' => "TRIGGER",
        'm' => "MAINTAIN",
        'X' => "EXECUTE",
        'U' => "USAGE",
        'C' => "CREATE",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(list: &str) -> Grants {
        Grants::read(ObjectKind::Table, "me", Some(list))
    }

    #[test]
    fn the_owner_s_own_rights_are_none_to_speak_of() {
        let grants = read("me=arwdDxt/me\napp=arw*/me\n\"odd = one\"=r/me\n=r/me");
        let words = grants.words().collect::<Vec<_>>();
        let of = |role: &str, words: &str| (role.to_owned(), words.to_owned());
        assert_eq!(
            words,
            [
                of("PUBLIC", "SELECT"),
                of("\"odd = one\"", "SELECT"),
                of("app", "INSERT, SELECT, UPDATE"),
            ]
        );
    }

    #[test]
    fn what_one_list_has_beyond_another_is_told_by_single_rights() {
        let (more, less) = (read("app=arw/me\nlog=r/me"), read("app=r/me"));
        assert_eq!(more.beyond(&less).to_fact().unwrap(), "app=aw\nlog=r");
        assert!(less.beyond(&more).is_empty());
        assert_eq!(Grants::from_fact(more.to_fact().as_deref()), more);
    }

    #[test]
    fn everybody_may_call_a_function_unless_there_is_a_list() {
        let default = Grants::read(ObjectKind::Function, "me", None);
        assert_eq!(default.to_fact().unwrap(), "=X");
        let revoked = Grants::read(ObjectKind::Function, "me", Some("me=X/me"));
        assert!(revoked.is_empty());
    }
}
