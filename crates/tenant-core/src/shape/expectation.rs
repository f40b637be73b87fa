//! What migrations create in a schema, for any name of the schema and at any time.
//!
//! They run under two names, in two transactions. If the results differ only by the name, the name
//! has a place in the expected definition. If they differ in more, the result of a third run cannot
//! be predicted, and that part is not compared.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::Shape;
use super::by_default::ByDefault;
use super::forms::{bare, filled, has_name};
use super::leeway::{Leeway, Others, filled_name, is_named};
use super::normal::Own;
use super::object::{Aspect, Object, ObjectName};
use super::others::{of_moments, of_place, of_roles, unknown};
use super::two::{self, Two};
use super::varying::{Circumstances, is_unknown, varies};
use crate::made_up::VARIES;

/// What migrations make of a schema. Made by [`Expectation::of_two`].
#[derive(Debug, Clone)]
pub(crate) struct Expectation {
    /// With marks in the places of the schema's name, and of what varies.
    pub(super) template: Shape,
    /// The tables in whose rows migrations have written the schema's name.
    pub(super) seeded: BTreeSet<String>,
    /// Whether a made-up name stands somewhere in a form that is not known.
    pub(super) hidden: BTreeSet<ObjectName>,
    /// What differs between the two runs in more than the name.
    pub(super) differing: BTreeSet<(ObjectName, Aspect)>,
}

impl Expectation {
    /// What is common to the results of two runs under names that have no letter in
    /// common place. The second name needs quotes, if migrations can bear that.
    pub(crate) fn of_two(first: &Shape, second: &Shape, circumstances: &Circumstances) -> Self {
        let two = Two {
            first,
            second,
            circumstances,
        };
        let mut template = Shape::new(second.own.clone(), second.owner.clone());
        template.leeway.made_up = two.made_up();
        let mut expectation = Self {
            template,
            seeded: BTreeSet::new(),
            hidden: BTreeSet::new(),
            differing: BTreeSet::new(),
        };
        let (mut met, mut only_second) = (BTreeSet::new(), Vec::new());
        let mut of_places = Vec::new();
        for (name, object) in &second.objects {
            let table = name.table.as_deref();
            if table.is_some_and(|table| circumstances.form_of_place(table).is_some()) {
                met.insert(filled_name(&two.template_of(name), first.schema()));
            } else if let Some((template, others)) = of_place(&two, name) {
                met.insert(filled_name(&template, first.schema()));
                of_places.push(others);
            } else if let Some((template, other)) = two.counterpart(name) {
                met.insert(filled_name(&template, first.schema()));
                expectation.add(&two, template, object, other);
            } else {
                only_second.push(name);
                if two.shows_name(Some(&name.name)) {
                    let shown = two.template_of(name);
                    let made_up = &expectation.template.leeway.made_up;
                    let hidden = |text: &str| made_up.hidden_in(text, VARIES).into_owned();
                    expectation.hidden.insert(ObjectName {
                        kind: name.kind,
                        table: shown.table.as_deref().map(hidden),
                        name: hidden(&shown.name),
                    });
                }
            }
        }
        let only_first = first.objects.keys().filter(|name| !met.contains(*name));
        let mut others = unknown(&two, &only_first.collect::<Vec<_>>(), &only_second);
        others.extend(of_places);
        others.extend(of_moments(&expectation.template, circumstances));
        others.extend(of_roles(&expectation.template, circumstances));
        expectation.template.leeway.objects = others;
        expectation
    }

    fn add(&mut self, two: &Two<'_>, name: ObjectName, one: &Object, other: &Object) {
        let mut object = Object {
            place: one.place,
            ..Object::default()
        };
        let aspects = one.facts.keys().chain(other.facts.keys());
        for aspect in aspects.copied().collect::<BTreeSet<_>>() {
            let fact = two.fact((&name, aspect), (other.fact(aspect), one.fact(aspect)));
            let fact = two.of_role((name.kind, aspect), fact);
            let is_hidden = is_unknown(&fact) && two.shows_name(one.fact(aspect));
            let matters = two::matters(aspect);
            if matters && !two.is_same(other.fact(aspect), one.fact(aspect)) {
                self.differing.insert((name.clone(), aspect));
            }
            if is_hidden && matters {
                self.hidden.insert(name.clone());
            }
            if has_name(&fact) || is_hidden {
                self.template.leeway.named.insert((name.clone(), aspect));
            }
            object.facts.insert(aspect, fact);
        }
        self.template.insert(name, object);
    }

    /// Learns from another run under the first name: what is the same there, and another
    /// under another name, depends on the name.
    pub(crate) fn learn(&mut self, first: &Shape, again: &Shape) {
        let fact = |shape: &Shape, name: &ObjectName, aspect: Aspect| {
            let name = filled_name(name, first.schema());
            let fact = shape.get(&name).and_then(|object| object.fact(aspect));
            fact.map(str::to_owned)
        };
        let of_name = self
            .differing
            .iter()
            .filter(|(name, aspect)| fact(first, name, *aspect) == fact(again, name, *aspect));
        self.hidden.extend(of_name.map(|(name, _)| name.clone()));
    }

    /// The objects of the schema `schema` that depend on its name in a form that is not
    /// known.
    pub(crate) fn hidden(&self, schema: &str) -> impl Iterator<Item = ObjectName> {
        self.hidden
            .iter()
            .map(move |name| filled_name(name, schema))
    }

    /// The tables with rows that have the schema's name in them, and what is given by
    /// default.
    pub(crate) fn with(mut self, seeded: BTreeSet<String>, by_default: ByDefault) -> Self {
        let tables = self.template.tables().collect::<BTreeSet<_>>();
        let seeded = seeded.into_iter();
        self.seeded = seeded.filter(|it| tables.contains(it.as_str())).collect();
        self.template.leeway.by_default = by_default;
        self
    }

    /// What a schema of this name should look like.
    pub(crate) fn of(&self, schema: &str) -> Shape {
        let own = if self.template.leeway.named.is_empty() {
            self.template.own.clone()
        } else {
            Own::new(schema, sql_text::ident(schema))
        };
        let mut shape = Shape::new(own, self.template.owner.clone());
        for (name, object) in &self.template.objects {
            let facts = object.facts.iter();
            let facts = facts.map(|(aspect, fact)| (*aspect, filled(fact, schema)));
            let object = Object {
                place: object.place,
                facts: facts.collect(),
            };
            shape.insert(filled_name(name, schema), object);
        }
        shape.leeway = self.leeway_of(schema);
        shape
    }

    fn leeway_of(&self, schema: &str) -> Leeway {
        let named = self.template.leeway.named.iter();
        let named = named.map(|(name, aspect)| (filled_name(name, schema), *aspect));
        let objects = self.template.leeway.objects.iter();
        let objects = objects.map(|others| others.filled(schema));
        Leeway {
            named: named.collect(),
            objects: objects.collect(),
            ..self.template.leeway.clone()
        }
    }

    /// The same, without a copy where the name stands nowhere.
    pub(crate) fn shape_of(&self, schema: &str) -> Cow<'_, Shape> {
        if self.template.leeway.named.is_empty() && self.has_plain_names() {
            Cow::Borrowed(&self.template)
        } else {
            Cow::Owned(self.of(schema))
        }
    }

    fn has_plain_names(&self) -> bool {
        let mut names = self.template.objects.keys();
        let mut others = self.template.leeway.objects.iter();
        !names.any(is_named) && !others.any(Others::has_name)
    }

    /// The objects whose own name has the schema's name in it: what they are called in
    /// one schema, and in another.
    pub(crate) fn counterparts(&self, from: &str, to: &str) -> Vec<(ObjectName, ObjectName)> {
        let names = self.template.objects.keys().filter(|name| is_named(name));
        let pairs = names.map(|name| (filled_name(name, from), filled_name(name, to)));
        pairs.collect()
    }

    /// Where the result depends on what the schema is called, in words: definitions, and
    /// rows.
    pub(crate) fn uses_of_name(&self) -> Vec<String> {
        let named = self.template.leeway.named.iter().map(|(name, _)| name);
        let called = self.template.objects.keys().filter(|name| is_named(name));
        let objects = named.chain(called).chain(&self.hidden);
        let objects = objects.collect::<BTreeSet<_>>();
        let objects = objects.into_iter().map(|name| {
            let shown = filled_name(name, "...");
            shown.to_string()
        });
        let rows = self.seeded.iter().map(|table| format!("rows of `{table}`"));
        objects.chain(rows).collect()
    }

    /// The tables in whose rows migrations have written the schema's name.
    pub(crate) fn seeded(&self) -> impl Iterator<Item = &str> {
        self.seeded.iter().map(String::as_str)
    }

    /// What each run of the migrations makes otherwise, in words.
    pub(crate) fn varying(&self) -> Vec<String> {
        let leeway = &self.template.leeway;
        let facts = self.template.objects.iter().flat_map(|(name, object)| {
            let facts = object.facts.iter().filter(|(_, fact)| varies(fact));
            facts.map(move |(aspect, _)| format!("{} of {name}", aspect.words()))
        });
        let objects = leeway.objects.iter().map(ToString::to_string);
        let grants = leeway.by_default.kinds();
        let grants = grants.map(|kind| format!("grants by default privileges on {}", kind.one()));
        facts.chain(objects).chain(grants).collect()
    }

    /// Whether a definition has the schema's name in it.
    pub(crate) fn depends_on_name(&self) -> bool {
        !self.template.leeway.named.is_empty()
    }

    /// Takes the names of all tenants' schemas to be told apart from parts of a name.
    pub(crate) fn know_tenants(&mut self, names: &BTreeSet<String>) {
        let names = names.iter().map(|name| bare(name));
        self.template.leeway.tenants = Arc::new(names.collect());
    }

    /// The shape with marks: for what does not depend on the schema's name.
    pub(crate) fn template(&self) -> &Shape {
        &self.template
    }
}
