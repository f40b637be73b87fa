//! What migrations make of one schema, under its own name: for migrations that do something
//! else under some names.

use std::collections::{BTreeMap, BTreeSet};

use super::Shape;
use super::expectation::Expectation;
use super::object::{Aspect, Object, ObjectName};
use super::varying::{Circumstances, of_the_moment, varies};
use crate::made_up::MadeUp;
use crate::migration::NamePurpose;

impl Expectation {
    /// Whether the trial runs have shown what comes of a use of the name for this purpose: it
    /// ends in definitions or in rows of which they know, and which follow the name or are
    /// told. A condition shows itself under some names only.
    pub(crate) fn explains(&self, purpose: NamePurpose) -> bool {
        match purpose {
            NamePurpose::Row => !self.seeded.is_empty(),
            NamePurpose::Statement => {
                self.hidden.is_empty() && (self.depends_on_name() || self.has_called())
            }
            _ => false,
        }
    }

    /// The same of the schema that a trial run has made as `tried`, under its own name. What
    /// two runs under other names have shown to be another in each run is so here as well.
    pub(crate) fn under_own_name(&self, tried: &Shape, circumstances: &Circumstances) -> Self {
        let general = self.of(tried.schema());
        let mut template = Shape::new(tried.own.clone(), tried.owner.clone());
        template.leeway = general.leeway.clone();
        let place = circumstances.place.clone();
        let names = template.leeway.made_up.names().iter().cloned();
        template.leeway.made_up = MadeUp::new(names.chain(place));
        for (name, object) in &tried.objects {
            let known = general.get(name);
            if known.is_none() && template.leeway.has_others_like(name) {
                continue;
            }
            let object = self::object((name, object), known, circumstances);
            template.insert(name.clone(), object);
        }
        Self {
            template,
            seeded: self.seeded.clone(),
            hidden: BTreeSet::new(),
            differing: BTreeSet::new(),
        }
    }
}

/// The object as it was tried, with what is `known` to vary.
fn object(
    (name, tried): (&ObjectName, &Object),
    known: Option<&Object>,
    circumstances: &Circumstances,
) -> Object {
    let facts = tried.facts.iter().map(|(aspect, fact)| {
        let fact = match known.and_then(|known| known.fact(*aspect)) {
            Some(general) if varies(general) => general.to_owned(),
            _ => of_the_moment(fact, circumstances, (name, *aspect)),
        };
        (*aspect, fact)
    });
    let mut facts = facts.collect::<BTreeMap<Aspect, String>>();
    for (aspect, fact) in known.iter().flat_map(|known| &known.facts) {
        if varies(fact) {
            facts.insert(*aspect, fact.clone());
        }
    }
    Object {
        place: tried.place,
        facts,
    }
}
