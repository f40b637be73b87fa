//! Two shapes of which each has its own name in texts.

use super::Shape;
use super::forms::{Quotes, filled, template};
use super::object::{Object, ObjectName};

impl Shape {
    /// The same with the name of `other` where its own stands as text and the other has
    /// its name in that place. What differs in more stays as it is.
    pub(crate) fn in_words_of(&self, other: &Self) -> Self {
        let mut shape = Self::new(self.own.clone(), self.owner.clone());
        for (name, object) in &self.objects {
            let mut names = self.candidates(&name.name, other);
            let renamed = names.find_map(|text| {
                let renamed = ObjectName {
                    name: text,
                    ..name.clone()
                };
                let there = other.get(&renamed)?;
                Some((renamed, self.object_in_words_of(object, there, other)))
            });
            let (name, object) = renamed.unwrap_or_else(|| (name.clone(), object.clone()));
            shape.insert(name, object);
        }
        shape
    }

    fn object_in_words_of(&self, object: &Object, there: &Object, other: &Self) -> Object {
        let facts = object.facts.iter().map(|(aspect, fact)| {
            let wanted = there.fact(*aspect).unwrap_or_default();
            let same = self.candidates(fact, other).find(|text| text == wanted);
            (*aspect, same.unwrap_or_else(|| fact.clone()))
        });
        Object {
            place: object.place,
            facts: facts.collect(),
        }
    }

    /// A text, and what it is with the other's name in it.
    fn candidates<'a>(&'a self, text: &'a str, other: &'a Self) -> impl Iterator<Item = String> {
        let renamed = [Quotes::OfName, Quotes::OfText]
            .into_iter()
            .map(|quotes| filled(&template(text, self.schema(), quotes), other.schema()));
        std::iter::once(text.to_owned()).chain(renamed)
    }
}
