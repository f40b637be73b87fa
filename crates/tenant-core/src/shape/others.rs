//! Objects with unpredictable names: each run of the migrations, or each month, creates some with
//! other names.

use std::collections::{BTreeMap, BTreeSet};

use super::Shape;
use super::forms::{Quotes, has_name, template};
use super::leeway::Others;
use super::name_form::NameForm;
use super::object::{Aspect, Object, ObjectKind, ObjectName};
use super::two::Two;
use super::varying::{Circumstances, anything, fits};

/// What only one of two results has, each time as what can have the same place in a third.
/// What hangs on a table goes with it.
pub(super) fn unknown(two: &Two<'_>, first: &[&ObjectName], second: &[&ObjectName]) -> Vec<Others> {
    let (first, second) = (
        sides(two.first, &alone(first)),
        sides(two.second, &alone(second)),
    );
    let mut all = Vec::new();
    for (ones, others) in [(&second, &first), (&first, &second)] {
        for one in ones {
            let mut found = others_of(two, one, others);
            let count = |sides: &[Side<'_>]| sides.iter().filter(|it| it.is_of(&found)).count();
            found.is_one = !is_partition(one.object) && count(&first) == 1 && count(&second) == 1;
            found.made_at = made_at(&found.form, two.circumstances);
            if !all.contains(&found) {
                all.push(found);
            }
        }
    }
    all
}

/// Where the statement is that makes what is called so.
fn made_at(form: &NameForm, circumstances: &Circumstances) -> Option<String> {
    let begin = form.texts().next()?;
    let at = super::written::place_of(&circumstances.written, begin);
    at.map(str::to_owned)
}

/// An application makes partitions and drops them as time goes on.
fn is_partition(object: &Object) -> bool {
    let part = object.fact(Aspect::Partitioning);
    part.is_some_and(|part| part.starts_with("PARTITION OF"))
}

/// What of the moment stands in the names of `shape`.
pub(super) fn of_moments(shape: &Shape, circumstances: &Circumstances) -> Vec<Others> {
    with_forms(shape, circumstances, |name| {
        circumstances.here((name, None)).form_of(&name.name)
    })
}

/// What of the role that runs the migrations stands in the names of `shape`.
pub(super) fn of_roles(shape: &Shape, circumstances: &Circumstances) -> Vec<Others> {
    match &circumstances.role {
        Some(role) => with_forms(shape, circumstances, |name| role.form_of(&name.name)),
        None => Vec::new(),
    }
}

/// The objects whose names have a form in which other names are possible.
fn with_forms(
    shape: &Shape,
    circumstances: &Circumstances,
    form_of: impl Fn(&ObjectName) -> Option<NameForm>,
) -> Vec<Others> {
    let forms = shape.objects.iter().filter_map(|(name, object)| {
        let form = form_of(name)?;
        Some((name, object, form))
    });
    let forms = forms.collect::<Vec<_>>();
    let named = forms.iter().map(|(name, _, _)| *name).collect::<Vec<_>>();
    let alone = alone(&named).into_iter().collect::<BTreeSet<_>>();
    let forms = forms.iter().filter(|(name, _, _)| alone.contains(name));
    let others = forms.map(|(name, object, form)| Others {
        kind: name.kind,
        table: name.table.clone(),
        is_of_moment: true,
        object: Object::clone(object),
        columns: columns(shape, name),
        is_one: false,
        made_at: made_at(form, circumstances),
        form: form.clone(),
    });
    let mut others = others.collect::<Vec<_>>();
    for one in &mut others {
        let mut like = named
            .iter()
            .filter(|name| one.fit(name) && columns(shape, name) == one.columns);
        one.is_one = !is_partition(&one.object) && like.by_ref().count() == 1;
    }
    others
}

/// What has the name of the database in its own, in which the migrations were tried: it as a
/// template, and what is known of it.
pub(super) fn of_place(two: &Two<'_>, name: &ObjectName) -> Option<(ObjectName, Others)> {
    let template = two.template_of(name);
    let form = two.circumstances.form_of_place(&template.name)?;
    let object = two.second.get(name)?;
    let other = two.counterpart(name).map(|(_, other)| other);
    let facts = object.facts.iter().map(|(aspect, fact)| {
        let other = other.and_then(|it| it.fact(*aspect));
        let both = (other, Some(fact.as_str()));
        (*aspect, two.fact((&template, *aspect), both))
    });
    let made_up = two.made_up();
    let is_known =
        |columns: &BTreeMap<String, String>| !columns.keys().any(|column| made_up.show_in(column));
    let others = Others {
        kind: name.kind,
        table: template.table.clone(),
        is_of_moment: false,
        object: Object {
            place: object.place,
            facts: facts.collect(),
        },
        columns: columns(two.second, name).filter(is_known),
        is_one: !is_partition(object),
        made_at: made_at(&form, two.circumstances),
        form,
    };
    Some((template, others))
}

/// An object of one result.
struct Side<'a> {
    shape: &'a Shape,
    object: &'a Object,
    /// Its names, as templates.
    name: String,
    table: Option<String>,
    kind: ObjectKind,
    columns: Option<BTreeMap<String, String>>,
}

impl Side<'_> {
    /// Whether it is one of these, in name and definition.
    fn is_of(&self, others: &Others) -> bool {
        let is_named =
            self.kind == others.kind && self.table == others.table && others.form.fits(&self.name);
        let mut facts = others.object.facts.iter();
        is_named
            && (others.columns.is_none() || others.columns == self.columns)
            && facts.all(|(aspect, known)| {
                let fact = self.object.fact(*aspect);
                let fact = fact.map(|fact| template(fact, self.shape.schema(), Quotes::OfName));
                fits(known, fact.as_deref()) || fact.as_deref() == Some(known)
            })
    }
}

fn sides<'a>(shape: &'a Shape, names: &[&'a ObjectName]) -> Vec<Side<'a>> {
    let sides = names.iter().filter_map(|name| {
        let of = |text: &str| template(text, shape.schema(), Quotes::OfName);
        let columns = columns(shape, name).map(|columns| {
            let columns = columns.into_iter();
            columns.map(|(name, kind)| (of(&name), kind)).collect()
        });
        Some(Side {
            shape,
            object: shape.get(name)?,
            name: of(&name.name),
            table: name.table.as_deref().map(of),
            kind: name.kind,
            columns,
        })
    });
    sides.collect()
}

/// Those that hang on none of the others.
fn alone<'a>(names: &[&'a ObjectName]) -> Vec<&'a ObjectName> {
    let holders = names.iter().filter(|name| name.kind.holds_others());
    let holders = holders
        .map(|name| name.name.as_str())
        .collect::<BTreeSet<_>>();
    let hangs = |name: &&&ObjectName| {
        let table = name.table.as_deref();
        table.is_some_and(|table| holders.contains(table))
    };
    names.iter().filter(|name| !hangs(name)).copied().collect()
}

/// What is known of an object of one result, and of that of the other which is most like it.
fn others_of(two: &Two<'_>, one: &Side<'_>, others: &[Side<'_>]) -> Others {
    let likely = others
        .iter()
        .filter(|it| it.kind == one.kind && it.table == one.table);
    let likely = likely.map(|it| (NameForm::of_both(&one.name, &it.name), it));
    let best = likely.max_by_key(|(form, it)| (form.certain(), it.columns == one.columns));
    let known = |form, facts: BTreeMap<Aspect, String>, columns| Others {
        kind: one.kind,
        table: one.table.clone(),
        form,
        is_of_moment: false,
        object: Object {
            place: one.object.place,
            facts,
        },
        columns,
        is_one: false,
        made_at: None,
    };
    let Some((form, other)) = best else {
        let facts = one.object.facts.iter();
        let facts = facts.map(|(aspect, fact)| (*aspect, known_alone(one.shape, fact)));
        return known(
            NameForm::without(&one.name, &two.made_up()),
            facts.collect(),
            one.columns.clone(),
        );
    };
    let is_second = one.shape.schema() == two.second.schema();
    let (first, second) = if is_second {
        (other.object, one.object)
    } else {
        (one.object, other.object)
    };
    let aspects = first.facts.keys().chain(second.facts.keys());
    let of = ObjectName {
        kind: one.kind,
        table: one.table.clone(),
        name: one.name.clone(),
    };
    let facts = aspects.map(|aspect| {
        let both = (first.fact(*aspect), second.fact(*aspect));
        (*aspect, two.fact((&of, *aspect), both))
    });
    let columns = one.columns.clone();
    let columns = columns.filter(|_| one.columns == other.columns);
    known(form, facts.collect(), columns)
}

/// A fact of an object that only one result has.
fn known_alone(shape: &Shape, fact: &str) -> String {
    let template = template(fact, shape.schema(), Quotes::OfName);
    if has_name(&template) {
        anything()
    } else {
        template
    }
}

/// The columns of a table with their types.
fn columns(shape: &Shape, name: &ObjectName) -> Option<BTreeMap<String, String>> {
    if name.kind != ObjectKind::Table {
        return None;
    }
    let columns = shape.columns().filter(|(table, _, _)| *table == name.name);
    Some(
        columns
            .map(|(_, column, kind)| (column.to_owned(), kind.to_owned()))
            .collect(),
    )
}
