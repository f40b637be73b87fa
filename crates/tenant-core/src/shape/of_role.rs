//! What of the role that runs migrations gets into a schema: in the body of a function, a
//! comment, the roles of a policy, a name. Another role that runs them gives another text.
//!
//! It is looked for only where migrations ask for the role, and where their text does not
//! have the same in it.

use std::borrow::Cow;
use std::sync::Arc;

use sql_text::{MAX_NAME, Text, Token, TokenKind, stored, tokens};

use super::forms::quoted;
use super::name_form::{NameForm, Part};
use super::object::Object;
use super::varying::{self, body};

/// Stands for the name of the role. Unicode sets this character apart for what a program
/// does inside itself.
///
/// Source: Unicode Standard, "Noncharacters".
pub(super) const ROLE: char = '\u{fdde}';

/// How long the name of a role is at the most, in quotes and with doubled ones.
const LONGEST: usize = 2 * MAX_NAME + 2;

/// The role that runs migrations which ask who that is.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    name: String,
    /// The text of the migrations.
    migrations: Arc<str>,
}

impl Asked {
    /// The role `name`, and the text of the migrations.
    pub(crate) fn new(name: String, migrations: &str) -> Self {
        Self {
            name,
            migrations: migrations.into(),
        }
    }

    /// Whether a string constant, with its quotes, has the role in it.
    pub(super) fn is_in_constant(&self, constant: &str) -> bool {
        let Some((_, inside)) = constant.split_once('\'') else {
            return false;
        };
        let inside = inside.strip_suffix('\'').unwrap_or(inside);
        // As the whole constant it may also be written somewhere in the migrations.
        inside == self.name || self.stands_in(inside) && !self.migrations.contains(inside)
    }

    /// Whether its name may be in a text.
    pub(super) fn may_be_in(&self, text: &str) -> bool {
        text.contains(&self.name)
    }

    /// `text` with a mark for the role in the bodies and names in it, unless migrations have
    /// the same body or name.
    pub(super) fn marked(&self, text: &str) -> String {
        if !self.may_be_in(text) {
            return text.to_owned();
        }
        let words = tokens(text).map(|token| self.marked_token(&token));
        words.collect()
    }

    fn marked_token(&self, token: &Token<'_>) -> String {
        let is_literal = match token.kind {
            TokenKind::Text(Text::Dollar) => self.migrations.contains(body(token.text)),
            TokenKind::Word | TokenKind::QuotedName => {
                let name = stored(token).unwrap_or_default();
                self.migrations.contains(name.as_str())
            }
            // Constants are marked as a whole.
            _ => true,
        };
        if is_literal {
            token.text.to_owned()
        } else {
            self.in_words(token.text)
        }
    }

    /// A comment, which is no SQL, with a mark for the role.
    pub(super) fn marked_comment(&self, text: &str) -> String {
        if self.migrations.contains(text) {
            text.to_owned()
        } else {
            self.in_words(text)
        }
    }

    /// The definition of a policy with a mark for the role that it is for, also where
    /// migrations name the role elsewhere.
    pub(super) fn marked_policy(&self, text: &str) -> String {
        let words = tokens(text).map(|token| match stored(&token) {
            Some(name) if name == self.name => ROLE.to_string(),
            _ => token.text.to_owned(),
        });
        words.collect()
    }

    /// The form of a name with the role in it.
    pub(super) fn form_of(&self, name: &str) -> Option<NameForm> {
        let at = self.places(name).next()?;
        if self.migrations.contains(name) {
            return None;
        }
        let begin = name.get(..at)?.to_owned();
        let end = name.get(at + self.name.len()..)?.to_owned();
        let parts = [
            Part::Exact(begin),
            Part::AnySigns(1, MAX_NAME),
            Part::Exact(end),
        ];
        let parts = parts.into_iter();
        let is_empty = |part: &Part| matches!(part, Part::Exact(text) if text.is_empty());
        Some(NameForm(parts.filter(|part| !is_empty(part)).collect()))
    }

    fn stands_in(&self, text: &str) -> bool {
        self.places(text).next().is_some()
    }

    /// Where the name stands and is no part of a longer word. An underscore divides words.
    fn places<'a>(&'a self, text: &'a str) -> impl Iterator<Item = usize> + 'a {
        let places = text.match_indices(self.name.as_str());
        let places = places.filter(|(at, name)| {
            let before = text
                .get(..*at)
                .and_then(|before| before.chars().next_back());
            let after = text.get(at + name.len()..).unwrap_or_default();
            let after = after.chars().next();
            ![before, after]
                .into_iter()
                .flatten()
                .any(char::is_alphanumeric)
        });
        places.map(|(at, _)| at)
    }

    /// Quotation marks around the name go with it: another name may need none.
    fn in_words(&self, text: &str) -> String {
        let (mut marked, mut end) = (String::with_capacity(text.len()), 0);
        for at in self.places(text) {
            let before = text.get(end..at).unwrap_or_default();
            let after = at + self.name.len();
            let is_quoted =
                before.ends_with('"') && text.get(after..).unwrap_or_default().starts_with('"');
            let before = before
                .strip_suffix('"')
                .filter(|_| is_quoted)
                .unwrap_or(before);
            marked.push_str(before);
            marked.push(ROLE);
            end = after + usize::from(is_quoted);
        }
        marked.push_str(text.get(end..).unwrap_or_default());
        marked
    }
}

/// Whether `text` is what `pattern` says, with one role's name in the place of each mark.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let rest = pattern.split(ROLE).next();
    let Some(rest) = rest.and_then(|before| text.strip_prefix(before)) else {
        return false;
    };
    (1..=rest.len().min(LONGEST)).any(|end| {
        let name = rest.get(..end);
        name.is_some_and(|name| is_name(name) && pattern.replace(ROLE, name) == text)
    })
}

/// `text` with the name of a role in the place of each mark.
pub(super) fn filled(text: &str, role: &str) -> String {
    text.replace(ROLE, &quoted(role))
}

/// The object with no mark: what is `there` if that fits, or else the role `owner`.
pub(super) fn settled<'a>(
    object: &'a Object,
    there: Option<&Object>,
    owner: &str,
) -> Cow<'a, Object> {
    if !object.facts.values().any(|fact| fact.contains(ROLE)) {
        return Cow::Borrowed(object);
    }
    let mut object = object.clone();
    for (aspect, fact) in &mut object.facts {
        let there = there.and_then(|there| there.fact(*aspect));
        if fact.contains(ROLE) {
            *fact = match there {
                Some(there) if varying::fits(fact, Some(there)) => there.to_owned(),
                _ => filled(fact, owner),
            };
        }
    }
    Cow::Owned(object)
}

/// Whether it can be the name of a role, as it is or in quotes.
fn is_name(name: &str) -> bool {
    let bare = name
        .strip_prefix('"')
        .and_then(|name| name.strip_suffix('"'));
    match bare {
        Some(bare) => !bare.is_empty() && !bare.contains('"'),
        None => !name.contains(|one: char| one.is_whitespace() || "\"'();,".contains(one)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Asked {
        Asked::new(
            "ops".to_owned(),
            "CREATE TABLE ops_log; COMMENT 'kept by ops'",
        )
    }

    #[test]
    fn in_a_body_a_comment_and_a_policy_another_role_fits_and_another_text_does_not() {
        let body = asked().marked("AS $f$ SELECT 'ops', \"ops\" $f$");
        assert!(fits(&body, "AS $f$ SELECT 'app', app $f$"));
        assert!(!fits(&body, "AS $f$ SELECT 'app', other $f$"));
        assert!(!fits(&body, "AS $f$ SELECT 'app' $f$"));
        let comment = asked().marked_comment("made by ops");
        assert!(fits(&comment, "made by my-role") && !fits(&comment, "changed by ops"));
        let policy = asked().marked_policy("FOR ALL TO ops USING (true)");
        assert!(fits(&policy, "FOR ALL TO \"My role\" USING (true)"));
        assert!(!fits(&policy, "FOR ALL TO a, b USING (true)"));
        assert!(!fits(&policy, "FOR ALL TO ops USING (false)"));
    }

    #[test]
    fn what_migrations_have_in_them_is_of_no_role() {
        for text in ["REFERENCES ops_log(id)", "AS $$ SELECT $$", "shops"] {
            assert_eq!(asked().marked(text), text);
        }
        assert_eq!(asked().marked_comment("kept by ops"), "kept by ops");
        assert!(asked().form_of("ops_log").is_none() && asked().form_of("shops").is_none());
        let form = asked().form_of("log_of_ops").unwrap();
        assert!(form.fits("log_of_app") && !form.fits("log_by_app"));
        assert!(asked().is_in_constant("'ops'") && asked().is_in_constant("'of ops'"));
        assert!(!asked().is_in_constant("'shops'"));
    }
}
