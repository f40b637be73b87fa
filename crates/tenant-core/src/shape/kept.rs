//! An expectation or a shape as text, to be kept in the database or in a file.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Shape;
use super::expectation::Expectation;
use super::leeway::{Leeway, Others};
use super::name_form::NameForm;
use super::normal::Own;
use super::object::{Aspect, Object, ObjectKind, ObjectName};
use crate::made_up::MadeUp;

/// Changes with what a shape holds, and with how it is written: what another version of
/// this program kept is not read.
pub(crate) const FORMAT: &str = concat!("6 ", env!("CARGO_PKG_VERSION"));

#[derive(Serialize, Deserialize)]
struct Kept {
    schema: String,
    owner: String,
    objects: Vec<KeptObject>,
    others: Vec<KeptOthers>,
    named: Vec<(KeptName, String)>,
    made_up: Vec<String>,
    seeded: Vec<String>,
    hidden: Vec<KeptName>,
    by_default: Vec<(String, String)>,
}

#[derive(Serialize, Deserialize)]
struct KeptObject {
    name: KeptName,
    place: i32,
    facts: Vec<(String, String)>,
}

#[derive(Serialize, Deserialize)]
struct KeptOthers {
    form: NameForm,
    is_of_moment: bool,
    object: KeptObject,
    columns: Option<BTreeMap<String, String>>,
    is_one: bool,
    made_at: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct KeptName {
    kind: String,
    table: Option<String>,
    name: String,
}

impl KeptName {
    fn of(name: &ObjectName) -> Self {
        Self {
            kind: name.kind.code().to_owned(),
            table: name.table.clone(),
            name: name.name.clone(),
        }
    }

    fn read(self) -> Option<ObjectName> {
        Some(ObjectName {
            kind: ObjectKind::from_code(&self.kind)?,
            table: self.table,
            name: self.name,
        })
    }
}

impl KeptObject {
    fn of(name: &ObjectName, object: &Object) -> Self {
        let facts = object.facts.iter();
        Self {
            name: KeptName::of(name),
            place: object.place,
            facts: facts
                .map(|(aspect, fact)| (aspect.code().to_owned(), fact.clone()))
                .collect(),
        }
    }

    fn read(self) -> Option<(ObjectName, Object)> {
        let facts = self.facts.into_iter();
        let facts = facts.map(|(code, fact)| Some((Aspect::from_code(&code)?, fact)));
        let object = Object {
            place: self.place,
            facts: facts.collect::<Option<_>>()?,
        };
        Some((self.name.read()?, object))
    }
}

impl KeptOthers {
    fn of(others: &Others) -> Self {
        let name = ObjectName {
            kind: others.kind,
            table: others.table.clone(),
            name: String::new(),
        };
        Self {
            form: others.form.clone(),
            is_of_moment: others.is_of_moment,
            object: KeptObject::of(&name, &others.object),
            columns: others.columns.clone(),
            is_one: others.is_one,
            made_at: others.made_at.clone(),
        }
    }

    fn read(self) -> Option<Others> {
        let (name, object) = self.object.read()?;
        Some(Others {
            kind: name.kind,
            table: name.table,
            form: self.form,
            is_of_moment: self.is_of_moment,
            object,
            columns: self.columns,
            is_one: self.is_one,
            made_at: self.made_at,
        })
    }
}

/// A shape alone, as a file has it.
#[derive(Serialize, Deserialize)]
struct KeptShape {
    schema: String,
    owner: String,
    objects: Vec<KeptObject>,
}

impl Shape {
    /// It as text.
    pub(crate) fn to_text(&self) -> Option<String> {
        let objects = self.objects.iter();
        let kept = KeptShape {
            schema: self.schema().to_owned(),
            owner: self.owner.clone(),
            objects: objects
                .map(|(name, object)| KeptObject::of(name, object))
                .collect(),
        };
        serde_json::to_string(&kept).ok()
    }

    /// Reads it again; `None` for what is none of this version's.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let kept = serde_json::from_str::<KeptShape>(text).ok()?;
        let own = Own::new(kept.schema.as_str(), sql_text::ident(&kept.schema));
        let mut shape = Self::new(own, kept.owner);
        for object in kept.objects {
            let (name, object) = object.read()?;
            shape.insert(name, object);
        }
        Some(shape)
    }
}

impl Expectation {
    /// It as text.
    pub(crate) fn to_text(&self) -> Option<String> {
        let (template, leeway) = (&self.template, &self.template.leeway);
        let kept = Kept {
            schema: template.schema().to_owned(),
            owner: template.owner.clone(),
            objects: template
                .objects
                .iter()
                .map(|(name, object)| KeptObject::of(name, object))
                .collect(),
            others: leeway.objects.iter().map(KeptOthers::of).collect(),
            named: leeway
                .named
                .iter()
                .map(|(name, aspect)| (KeptName::of(name), aspect.code().to_owned()))
                .collect(),
            made_up: leeway.made_up.names().to_vec(),
            seeded: self.seeded.iter().cloned().collect(),
            hidden: self.hidden.iter().map(KeptName::of).collect(),
            by_default: leeway
                .by_default
                .facts()
                .map(|(kind, fact)| (kind.code().to_owned(), fact))
                .collect(),
        };
        serde_json::to_string(&kept).ok()
    }

    /// Reads it again; `None` for what is none of this version's.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let kept = serde_json::from_str::<Kept>(text).ok()?;
        let own = Own::new(kept.schema.as_str(), sql_text::ident(&kept.schema));
        let mut template = Shape::new(own, kept.owner);
        for object in kept.objects {
            let (name, object) = object.read()?;
            template.insert(name, object);
        }
        let objects = kept.others.into_iter().map(KeptOthers::read);
        let named = kept.named.into_iter();
        let named = named.map(|(name, code)| Some((name.read()?, Aspect::from_code(&code)?)));
        let by_default = kept.by_default.into_iter();
        let by_default = by_default.map(|(kind, fact)| Some((ObjectKind::from_code(&kind)?, fact)));
        template.leeway = Leeway {
            objects: objects.collect::<Option<_>>()?,
            named: named.collect::<Option<_>>()?,
            made_up: MadeUp::new(kept.made_up),
            by_default: by_default.collect::<Option<_>>()?,
            ..Leeway::default()
        };
        Some(Self {
            template,
            seeded: kept.seeded.into_iter().collect(),
            differing: BTreeSet::new(),
            hidden: kept
                .hidden
                .into_iter()
                .map(KeptName::read)
                .collect::<Option<_>>()?,
        })
    }
}
