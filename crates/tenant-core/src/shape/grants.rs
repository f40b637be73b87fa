//! Who may do what with an object, as PostgreSQL writes it in its lists of rights.

use std::collections::BTreeMap;

use super::object::ObjectKind;

/// Rights by role, without the owner's. The role is quoted where it needs it, and empty for
/// `PUBLIC`.
///
/// Source: PostgreSQL manual, "Privileges", table "ACL Privilege Abbreviations".
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Grants(BTreeMap<String, BTreeMap<char, Right>>);

/// What a role has of a right, by PostgreSQL's letter for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Right {
    /// It may do it.
    Alone,
    /// It may do it, and hand the right on.
    WithOption,
    /// Of what one has beyond another: that it may hand on the right, which both have.
    OptionOnly,
}

/// Rights of one role, all in one manner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Granted {
    /// The role, as a statement names it.
    pub(super) role: String,
    /// The rights, as a statement names them: `SELECT, INSERT`.
    pub(super) rights: String,
    /// Whether they may be handed on.
    pub(super) with_option: bool,
    /// Whether it is only about handing them on.
    pub(super) option_only: bool,
}

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
            return Self(BTreeMap::from([(String::new(), rights(everybody))]));
        };
        let items = list.lines().filter_map(item);
        Self::of(items.filter(|(role, _)| unquoted(role) != owner))
    }

    /// A role can have a right from several others.
    fn of<'a>(items: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut all = BTreeMap::<String, BTreeMap<char, Right>>::new();
        for (role, letters) in items {
            let of_role = all.entry(role.to_owned()).or_default();
            for (letter, right) in rights(letters) {
                let known = of_role.entry(letter).or_insert(right);
                *known = right.max(*known);
            }
        }
        Self(all)
    }

    /// The form that is kept as a fact: `role=letters` on lines, with a star behind what
    /// may be handed on.
    pub(super) fn to_fact(&self) -> Option<String> {
        let lines = self.0.iter().map(|(role, rights)| {
            let letters = rights.iter().map(|(letter, right)| match right {
                Right::Alone => letter.to_string(),
                Right::WithOption | Right::OptionOnly => format!("{letter}*"),
            });
            format!("{role}={}", letters.collect::<String>())
        });
        let lines = lines.collect::<Vec<_>>();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// Reads the fact again.
    pub(super) fn from_fact(fact: Option<&str>) -> Self {
        Self::of(fact.unwrap_or_default().lines().filter_map(item))
    }

    /// What is here and not in `other`.
    pub(super) fn beyond(&self, other: &Self) -> Self {
        let beyond = self.0.iter().filter_map(|(role, rights)| {
            let there = other.0.get(role);
            let lacking = rights.iter().filter_map(|(letter, right)| {
                let lacking = match (right, there.and_then(|it| it.get(letter))) {
                    (right, None) => *right,
                    (Right::WithOption, Some(Right::Alone)) => Right::OptionOnly,
                    _ => return None,
                };
                Some((*letter, lacking))
            });
            let lacking = lacking.collect::<BTreeMap<_, _>>();
            (!lacking.is_empty()).then(|| (role.clone(), lacking))
        });
        Self(beyond.collect())
    }

    /// What is here, and what is in `other`.
    pub(super) fn and(mut self, other: &Self) -> Self {
        for (role, rights) in &other.0 {
            self.0.entry(role.clone()).or_default().extend(rights);
        }
        self
    }

    /// Only the rights of `PUBLIC`.
    pub(super) fn of_everybody(&self) -> Self {
        let mut rights = self.0.clone();
        rights.retain(|role, _| role.is_empty());
        Self(rights)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Role and rights in words: `PUBLIC`, `SELECT, INSERT`.
    pub(super) fn words(&self) -> impl Iterator<Item = (String, String)> {
        self.granted().map(|it| {
            let option = if it.with_option {
                " WITH GRANT OPTION"
            } else {
                ""
            };
            (it.role, format!("{}{option}", it.rights))
        })
    }

    /// The same as statements need it.
    pub(super) fn granted(&self) -> impl Iterator<Item = Granted> {
        self.0.iter().flat_map(|(role, rights)| {
            let kinds = [Right::Alone, Right::WithOption, Right::OptionOnly];
            kinds.into_iter().filter_map(move |kind| {
                let these = rights.iter().filter(|(_, right)| **right == kind);
                let words = these.filter_map(|(letter, _)| word(*letter));
                let words = words.collect::<Vec<_>>();
                let role = if role.is_empty() { "PUBLIC" } else { role };
                (!words.is_empty()).then(|| Granted {
                    role: role.to_owned(),
                    rights: words.join(", "),
                    with_option: kind != Right::Alone,
                    option_only: kind == Right::OptionOnly,
                })
            })
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
/// belongs to the letter before it.
fn rights(letters: &str) -> BTreeMap<char, Right> {
    let mut rights = BTreeMap::new();
    let mut letters = letters.chars().peekable();
    while let Some(letter) = letters.next() {
        let right = match letters.next_if_eq(&'*') {
            Some(_) => Right::WithOption,
            None => Right::Alone,
        };
        rights.insert(letter, right);
    }
    rights
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
                of("app", "INSERT, SELECT"),
                of("app", "UPDATE WITH GRANT OPTION"),
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
    fn the_right_to_hand_a_right_on_is_one_of_its_own() {
        let (more, less) = (
            read("app=r*w*/me\nlog=r*/me"),
            read("app=r*w/me\napp=w/app2"),
        );
        let beyond = more.beyond(&less);
        assert_eq!(beyond.to_fact().unwrap(), "app=w*\nlog=r*");
        let only = beyond.granted().map(|it| (it.role, it.option_only));
        let only = only.collect::<Vec<_>>();
        assert_eq!(only, [("app".to_owned(), true), ("log".to_owned(), false)]);
        assert!(less.beyond(&more).is_empty());
    }

    #[test]
    fn everybody_may_call_a_function_unless_there_is_a_list() {
        let default = Grants::read(ObjectKind::Function, "me", None);
        assert_eq!(default.to_fact().unwrap(), "=X");
        let revoked = Grants::read(ObjectKind::Function, "me", Some("me=X/me"));
        assert!(revoked.is_empty());
    }
}
