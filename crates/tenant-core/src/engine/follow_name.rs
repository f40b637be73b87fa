//! What follows a tenant's name where migrations have written that into a text, and what
//! cannot.

use std::collections::BTreeSet;

use super::one_by_one::{Group, run_one_by_one};
use super::rehearse::shape_of;
use super::repair::prepare;
use super::script::Script;
use super::send::run_script;
use super::work::Work;
use crate::Error;
use crate::name::{Schema, Target};
use crate::shape::{Compared, Expectation, Mending, Named, Place, Shape, compare};

/// How often names are read again: when a table is renamed, the names of its dependents change.
const ROUNDS: usize = 4;

/// The expected definition of a tenant's copy: the definition of the tenant, with the copy's name
/// where migrations have written the tenant's name. `numbers` are the numbers of the tenant's
/// objects.
///
/// # Errors
///
/// [`Error::NameInText`] if the name, or one of these numbers, is in a text of unknown meaning.
pub(super) fn shape_of_copy(
    work: Work<'_>,
    shape: Shape,
    to: Schema<'_>,
    expected: Option<&Expectation>,
    numbers: &BTreeSet<String>,
) -> Result<Shape, Error> {
    let names = (work.schema.schema_name(), to.schema_name());
    let named = Named::Follow;
    let (shape, places) = match expected {
        None => {
            let mut places = shape.places_of(names.0, None);
            places.extend(shape.places_of_numbers(numbers, None));
            (shape, places)
        }
        Some(expected) => {
            let copy = shape.called(names, expected, named);
            let wanted = expected.of(names.1);
            let mut places = copy.places_of(names.0, Some(&wanted));
            places.extend(copy.places_of_numbers(numbers, Some(&wanted)));
            places.extend(expected.hidden(names.0).map(Place::of_hidden));
            (copy.before_renames(&shape, names, expected), places)
        }
    };
    match work.schema {
        Schema::Tenant(original) if !places.is_empty() => Err(Error::NameInText {
            name: original.name.clone(),
            places: words(places),
            rows: Vec::new(),
        }),
        _ => Ok(shape),
    }
}

fn words(places: Vec<Place>) -> Vec<String> {
    places.into_iter().map(|place| place.words).collect()
}

/// Writes the tenant's new name where migrations have written the old name, in the transaction
/// that renames the schema of `work`. Returns the places that still have the old name.
///
/// # Errors
///
/// A server error.
pub(super) async fn follow_name(
    work: Work<'_>,
    tenant: &Target,
    from: &str,
    expected: Option<&Expectation>,
) -> Result<Vec<Place>, Error> {
    let names = (from, work.schema.schema_name());
    match expected {
        Some(expected) => follow_where_known(work, tenant, names, expected).await,
        None => Ok(shape_of(work).await?.places_of(from, None)),
    }
}

/// The same if the result of the migrations is known. `names` are the name in the schema of
/// `work`, and the name that it should have there.
///
/// # Errors
///
/// A server error.
pub(super) async fn follow_where_known(
    work: Work<'_>,
    tenant: &Target,
    names: (&str, &str),
    expected: &Expectation,
) -> Result<Vec<Place>, Error> {
    let found = shape_of(work).await?;
    let mut found = rename_called(work, tenant, names, (expected, found)).await?;
    let wanted = found.called(names, expected, Named::Stay);
    let differences = compare(&wanted, &found, Compared::Everything);
    // Only the name differs, so that nothing is lost with what is made anew. Rows can
    // stand against it, such as a check: then it stays, and is told.
    let follow = differences
        .iter()
        .filter(|it| matches!(it.mending(), Mending::Adds | Mending::Removes));
    let groups = follow.map(|it| Group {
        of: (),
        statements: it.sql(&tenant.schema),
    });
    let groups = groups.collect::<Vec<_>>();
    if !groups.is_empty() {
        let mut script = Script::default();
        prepare(work, &mut script);
        run_script(work, &script).await?;
        run_one_by_one(work, groups).await?;
        found = shape_of(work).await?;
    }
    let mut places = Vec::new();
    places.extend(expected.hidden(names.1).map(Place::of_hidden));
    places.extend(found.called_after(names, expected));
    places.extend(found.places_of(names.0, Some(&expected.of(names.1))));
    // What was to follow and has not is told, whatever its text says.
    let wanted = found.called(names, expected, Named::Stay);
    for left in compare(&wanted, &found, Compared::Everything) {
        if !places.iter().any(|place| place.is_of(&left.object)) {
            places.push(Place::of_hidden(left.object));
        }
    }
    Ok(places)
}

/// Renames what is called after the tenant in the schema of `work`, which has the shape
/// `found`, where the migrations are known to have named it. What cannot be renamed stays.
/// Gives back the shape afterwards.
///
/// # Errors
///
/// A server error.
async fn rename_called(
    work: Work<'_>,
    tenant: &Target,
    names: (&str, &str),
    (expected, found): (&Expectation, Shape),
) -> Result<Shape, Error> {
    let mut found = found;
    if !expected.has_called() {
        return Ok(found);
    }
    for _ in 0..ROUNDS {
        let renames = expected.renames(names, &found, &tenant.schema);
        if renames.is_empty() {
            break;
        }
        let mut script = Script::default();
        prepare(work, &mut script);
        run_script(work, &script).await?;
        let groups = renames
            .into_iter()
            .map(|statements| Group { of: (), statements });
        let ran = run_one_by_one(work, groups.collect()).await?;
        found = shape_of(work).await?;
        if ran.done.is_empty() {
            break;
        }
    }
    Ok(found)
}
