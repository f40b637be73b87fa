//! The results of two runs of the migrations under two made-up names, and what they have in
//! common.

use super::Shape;
use super::forms::{Quotes, bare, filled, template};
use super::leeway::filled_name;
use super::object::{Aspect, Object, ObjectKind, ObjectName};
use super::varying::{Circumstances, anything, common, of_the_moment};
use crate::made_up::{MadeUp, core};

/// How many letters of a made-up name are not there by accident.
const TELLING: usize = 5;

/// The results of two runs.
pub(super) struct Two<'a> {
    pub(super) first: &'a Shape,
    pub(super) second: &'a Shape,
    pub(super) circumstances: &'a Circumstances,
}

impl Two<'_> {
    /// The names of both, and of the database that they were in, if it was made for that.
    pub(super) fn made_up(&self) -> MadeUp {
        let names = [self.first.schema(), self.second.schema()];
        let names = names.map(|name| core(name).to_owned());
        MadeUp::new(names.into_iter().chain(self.circumstances.place.clone()))
    }

    /// The name of an object of the second result as a template.
    pub(super) fn template_of(&self, name: &ObjectName) -> ObjectName {
        let of = |text: &str| template(text, self.second.schema(), Quotes::OfName);
        ObjectName {
            kind: name.kind,
            table: name.table.as_deref().map(of),
            name: of(&name.name),
        }
    }

    /// The same object of the first result, and the name of both as a template.
    pub(super) fn counterpart(&self, name: &ObjectName) -> Option<(ObjectName, &Object)> {
        // What is called the same in both has no made-up name in it.
        if let Some(other) = self.first.get(name) {
            return Some((name.clone(), other));
        }
        let template = self.template_of(name);
        let other = self
            .first
            .get(&filled_name(&template, self.first.schema()))?;
        Some((template, other))
    }

    /// What is known of a fact of the object `of`.
    pub(super) fn fact(
        &self,
        of: (&ObjectName, Aspect),
        (first, second): (Option<&str>, Option<&str>),
    ) -> String {
        let (Some(first), Some(second)) = (first, second) else {
            return anything();
        };
        if first == second {
            return of_the_moment(second, self.circumstances, of);
        }
        let templates = self.templates(second);
        let same = |template: &&String| filled(template, self.first.schema()) == first;
        match templates.iter().find(same) {
            Some(template) => of_the_moment(template, self.circumstances, of),
            None => self.common(&templates, first, of),
        }
    }

    /// A text of the second result with the name's places, read in two ways.
    fn templates(&self, second: &str) -> [String; 2] {
        [Quotes::OfName, Quotes::OfText]
            .map(|quotes| template(second, self.second.schema(), quotes))
    }

    /// A fact with a mark where the role that has run the migrations stands.
    pub(super) fn of_role(&self, (kind, aspect): (ObjectKind, Aspect), fact: String) -> String {
        match &self.circumstances.role {
            Some(role) if aspect == Aspect::Comment => role.marked_comment(&fact),
            Some(role) if kind == ObjectKind::Policy => role.marked_policy(&fact),
            _ => fact,
        }
    }

    /// Whether both results are the same except for the name.
    pub(super) fn is_same(&self, first: Option<&str>, second: Option<&str>) -> bool {
        let (Some(first), Some(second)) = (first, second) else {
            return false;
        };
        if first == second {
            return true;
        }
        let mut templates = self.templates(second).into_iter();
        templates.any(|template| filled(&template, self.first.schema()) == first)
    }

    /// What a template and the first result have in common: the template that leaves the
    /// most of it.
    fn common(&self, templates: &[String], first: &str, of: (&ObjectName, Aspect)) -> String {
        let found = templates.iter().map(|template| {
            let there = filled(template, self.first.schema());
            common(template, &there, first)
        });
        let best = found.max_by_key(String::len).unwrap_or_else(anything);
        of_the_moment(&best, self.circumstances, of)
    }

    /// Whether a text of the second result has a piece of the made-up name in it.
    pub(super) fn shows_name(&self, text: Option<&str>) -> bool {
        let text = bare(text.unwrap_or_default());
        pieces(self.second.schema())
            .iter()
            .any(|piece| text.contains(piece.as_str()))
    }
}

/// Whether the results differ in more than the name: another run could show that something
/// depends on it in a form that is not known.
pub(crate) fn may_hide_name(first: &Shape, second: &Shape) -> bool {
    let two = Two {
        first,
        second,
        circumstances: &Circumstances::default(),
    };
    second.objects.iter().any(|(name, object)| {
        let Some((_, other)) = two.counterpart(name) else {
            return false;
        };
        let mut aspects = other.facts.keys().chain(object.facts.keys());
        aspects.any(|aspect| {
            matters(*aspect) && !two.is_same(other.fact(*aspect), object.fact(*aspect))
        })
    })
}

/// Whether the name can do something under an aspect. A comment does nothing with it.
pub(super) fn matters(aspect: Aspect) -> bool {
    aspect != Aspect::Comment
}

/// The beginning and the end of a made-up name, which stand nowhere by accident.
pub(crate) fn pieces(made_up: &str) -> [String; 2] {
    let bare = bare(core(made_up));
    let end = bare.len().saturating_sub(TELLING);
    [
        bare.get(..TELLING).unwrap_or(&bare).to_owned(),
        bare.get(end..).unwrap_or(&bare).to_owned(),
    ]
}
