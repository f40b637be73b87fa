//! What migrations make of a schema, whatever it is called and whenever they run.
//!
//! They are tried under two names, in two transactions. Where both results say the same
//! but for the name, the name has a place in the expected definition. Where they differ
//! in more, nobody can know what a third run makes: that is not compared.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::Shape;
use super::by_default::ByDefault;
use super::forms::{Quotes, bare, filled, has_name, template};
use super::normal::Own;
use super::object::{Aspect, Object, ObjectKind, ObjectName};
use super::varying::{Circumstances, anything, common, fits, of_the_moment, varies};

/// How many letters of a made-up name are not there by accident.
const TELLING: usize = 5;

/// What of a shape is not to be compared.
#[derive(Debug, Clone, Default)]
pub(crate) struct Leeway {
    /// Of these kinds, on these tables, each run makes objects with other names.
    pub(super) objects: BTreeSet<(ObjectKind, Option<String>)>,
    /// What the schema's name is part of: there a part of it may stand as well.
    pub(super) named: BTreeSet<(ObjectName, Aspect)>,
    /// What a role gives or denies by default, so that it depends on when an object was
    /// made.
    pub(super) by_default: ByDefault,
    /// The names that the migrations were tried under, without which no statement may be.
    pub(super) made_up: Vec<String>,
    /// The schemas of all tenants, as far as a part of a name may stand for it: small, and
    /// only letters and digits.
    pub(super) tenants: Arc<BTreeSet<String>>,
}

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
        template.leeway.made_up = vec![first.schema().to_owned(), second.schema().to_owned()];
        template.leeway.made_up.extend(circumstances.place.clone());
        let mut expectation = Self {
            template,
            seeded: BTreeSet::new(),
            hidden: BTreeSet::new(),
            differing: BTreeSet::new(),
        };
        let mut met = BTreeSet::new();
        for (name, object) in &second.objects {
            match two.counterpart(name) {
                Some((template, other)) => {
                    expectation.add(&two, template, object, other);
                    met.insert(filled_name(&two.template_of(name), first.schema()));
                }
                None => expectation.leave_open(&two, name),
            }
        }
        let only_first = first.objects.keys().filter(|name| !met.contains(*name));
        for name in only_first.cloned().collect::<Vec<_>>() {
            expectation.leave_open(&two, &name);
        }
        expectation
    }

    fn add(&mut self, two: &Two<'_>, name: ObjectName, one: &Object, other: &Object) {
        let mut object = Object {
            place: one.place,
            ..Object::default()
        };
        let aspects = one.facts.keys().chain(other.facts.keys());
        for aspect in aspects.copied().collect::<BTreeSet<_>>() {
            let fact = two.fact(other.fact(aspect), one.fact(aspect));
            let is_hidden = varies(&fact) && two.shows_name(one.fact(aspect));
            // A comment does nothing with the name.
            let matters = aspect != Aspect::Comment;
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

    /// There is such an object in one result only.
    fn leave_open(&mut self, two: &Two<'_>, name: &ObjectName) {
        if two.shows_name(Some(&name.name)) {
            self.hidden.insert(name.clone());
        }
        let name = two.template_of(name);
        self.template.leeway.objects.insert((name.kind, name.table));
    }

    /// Whether another run could show that something depends on the name in a form that is
    /// not known.
    pub(crate) fn may_hide_name(&self) -> bool {
        !self.differing.is_empty()
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
        let objects = objects.map(|(kind, table)| {
            let table = table.as_deref().map(|table| cut(&filled(table, schema)));
            (*kind, table)
        });
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
        !names.any(is_named)
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
        let objects = leeway.objects.iter();
        let objects = objects.map(|(kind, table)| match table {
            Some(table) => format!("{} of `{table}`", kind.one()),
            None => kind.one(),
        });
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

/// The results of two runs.
struct Two<'a> {
    first: &'a Shape,
    second: &'a Shape,
    circumstances: &'a Circumstances,
}

impl Two<'_> {
    /// The name of an object of the second result as a template.
    fn template_of(&self, name: &ObjectName) -> ObjectName {
        let of = |text: &str| template(text, self.second.schema(), Quotes::OfName);
        ObjectName {
            kind: name.kind,
            table: name.table.as_deref().map(of),
            name: of(&name.name),
        }
    }

    /// The same object of the first result, and the name of both as a template.
    fn counterpart(&self, name: &ObjectName) -> Option<(ObjectName, &Object)> {
        let template = self.template_of(name);
        let other = self
            .first
            .get(&filled_name(&template, self.first.schema()))?;
        Some((template, other))
    }

    /// What is known of a fact.
    fn fact(&self, first: Option<&str>, second: Option<&str>) -> String {
        let (Some(first), Some(second)) = (first, second) else {
            return anything();
        };
        let templates = self.templates(second);
        let same = |template: &&String| filled(template, self.first.schema()) == first;
        match templates.iter().find(same) {
            Some(template) => of_the_moment(template, self.circumstances),
            None => self.common(&templates, first),
        }
    }

    /// A text of the second result with the name's places, read in two ways.
    fn templates(&self, second: &str) -> [String; 2] {
        [Quotes::OfName, Quotes::OfText]
            .map(|quotes| template(second, self.second.schema(), quotes))
    }

    /// Whether both results say the same but for the name.
    fn is_same(&self, first: Option<&str>, second: Option<&str>) -> bool {
        let (Some(first), Some(second)) = (first, second) else {
            return false;
        };
        let mut templates = self.templates(second).into_iter();
        templates.any(|template| filled(&template, self.first.schema()) == first)
    }

    /// What a template and the first result have in common: the template that leaves the
    /// most of it.
    fn common(&self, templates: &[String], first: &str) -> String {
        let found = templates.iter().map(|template| {
            let there = filled(template, self.first.schema());
            common(template, &there, first)
        });
        let best = found.max_by_key(String::len).unwrap_or_else(anything);
        of_the_moment(&best, self.circumstances)
    }

    /// Whether a text of the second result has a piece of the made-up name in it.
    fn shows_name(&self, text: Option<&str>) -> bool {
        let text = bare(text.unwrap_or_default());
        pieces(self.second.schema())
            .iter()
            .any(|piece| text.contains(piece.as_str()))
    }
}

/// The beginning and the end of a made-up name, which stand nowhere by accident.
pub(crate) fn pieces(made_up: &str) -> [String; 2] {
    let bare = bare(made_up);
    let end = bare.len().saturating_sub(TELLING);
    [
        bare.get(..TELLING).unwrap_or(&bare).to_owned(),
        bare.get(end..).unwrap_or(&bare).to_owned(),
    ]
}

fn is_named(name: &ObjectName) -> bool {
    has_name(&name.name) || name.table.as_deref().is_some_and(has_name)
}

fn filled_name(name: &ObjectName, schema: &str) -> ObjectName {
    if !is_named(name) {
        return name.clone();
    }
    ObjectName {
        kind: name.kind,
        table: name
            .table
            .as_deref()
            .map(|table| cut(&filled(table, schema))),
        name: match name.kind {
            // Its types stand behind it.
            ObjectKind::Function => filled(&name.name, schema),
            _ => cut(&filled(&name.name, schema)),
        },
    }
}

/// As much of a name as PostgreSQL keeps.
fn cut(name: &str) -> String {
    let end = name.floor_char_boundary(sql_text::MAX_NAME);
    name.get(..end).unwrap_or(name).to_owned()
}

impl Leeway {
    /// Whether what should be under an aspect fits what is there.
    pub(super) fn fits(
        &self,
        (name, aspect): (&ObjectName, Aspect),
        schema: &str,
        (should, is): (Option<&str>, Option<&str>),
    ) -> bool {
        let Some(should) = should else { return false };
        if varies(should) && fits(should, is) {
            return true;
        }
        let key = (name.clone(), aspect);
        let is_named = self.named.contains(&key);
        is_named && is.is_some_and(|is| self.has_part_of_name(should, is, schema))
    }

    /// Whether each run of the migrations makes others of this kind on this table.
    pub(super) fn has_others_like(&self, name: &ObjectName) -> bool {
        let key = (name.kind, name.table.clone());
        self.objects.contains(&key)
    }

    /// Whether a statement or a text has a name in it that the migrations were tried under.
    pub(super) fn shows_made_up(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let mut names = self.made_up.iter();
        names.any(|name| text.contains(&name.to_lowercase()))
    }

    /// Whether `is` says what `should` says but that the end of the schema's name stands
    /// where the whole name was expected: migrations may leave out what all tenants' names
    /// begin with.
    fn has_part_of_name(&self, should: &str, is: &str, schema: &str) -> bool {
        let name = bare(schema);
        let significant = |text| {
            let tokens = sql_text::tokens(text).filter(|token| !token.is_trivia());
            tokens.map(|token| token.text).collect::<Vec<_>>()
        };
        let (wanted, found) = (significant(should), significant(is));
        let mut pairs = wanted.iter().zip(&found);
        wanted.len() == found.len()
            && pairs.all(|(wanted, found)| wanted == found || self.is_end(wanted, found, &name))
    }

    /// Whether `found` is `wanted` with the end of `name` in the place of all of it, and
    /// no tenant is called so.
    fn is_end(&self, wanted: &str, found: &str, name: &str) -> bool {
        let (wanted, found) = (bare(wanted), bare(found));
        let end = wanted.split_once(name).and_then(|(before, behind)| {
            let rest = found.strip_prefix(before)?;
            rest.strip_suffix(behind)
        });
        end.is_some_and(|end| end.len() > 1 && name.ends_with(end) && !self.tenants.contains(end))
    }
}
