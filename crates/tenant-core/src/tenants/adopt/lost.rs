//! Registered tenants whose migration history lacks entries: what is to be entered.

use super::{Adopted, Said, Steps, differing, in_words};
use crate::engine::Evidence;
use crate::name::{Schema, Target};
use crate::shape::Shape;
use crate::tenants::handle::Tenants;
use crate::tenants::known_shapes::Applied;
use crate::{Error, Version};

impl Tenants {
    /// The migrations of a tenant whose history lacks some that the registry records, if it looks
    /// as they make it; `None` if the history lacks none, or where nothing but the shape is left
    /// to ask.
    pub(super) fn completed_by_list(
        &self,
        target: &Target,
        evidence: &Evidence<'_>,
        steps: &Steps,
    ) -> Option<Result<(Applied, Adopted), Error>> {
        let (set, expected) = steps.of_both.as_ref()?;
        let (versions, found) = match evidence {
            Evidence::Ledger(versions, found, true) => (*versions, *found),
            Evidence::Shape(found, true) => (&[][..], *found),
            _ => return None,
        };
        let known = self.known_of(versions)?;
        if !known.iter().all(|it| set.contains(it)) || known.len() == set.len() {
            return None;
        }
        let newest = set.last().cloned();
        let differences = in_words(&differing(&expected.of(target.schema.as_str()), found));
        if differences.is_empty() {
            let adopted = Adopted {
                version: newest,
                by_shape: false,
                differences,
                notes: Vec::new(),
            };
            return Some(Ok((set.clone(), adopted)));
        }
        let is_shape_left = matches!(evidence, Evidence::Shape(..));
        (!is_shape_left).then(|| {
            Err(Error::NoVersionFits {
                name: target.schema.clone(),
                nearest: newest,
                alike: Vec::new(),
                is_registered: true,
                differences,
            })
        })
    }

    /// The migrations that have run according to the tenant's own history, which lists
    /// `applied`, or to the registry. `None` if the registry records no others.
    pub(super) async fn in_either_record(
        &self,
        target: &Target,
        applied: &[String],
    ) -> Result<Option<Applied>, Error> {
        let Some(known) = self.known_of(applied) else {
            return Ok(None);
        };
        let newest = self.newest();
        let others = newest.iter().filter(|it| !known.contains(it));
        let others = others.map(Version::as_str);
        let Some(question) = self.registry.recorded(Schema::Tenant(target), others) else {
            return Ok(None);
        };
        let failed =
            |error| Error::database("read the migrations that the registry records", error);
        let reading = self.reading().await?;
        let rows = reading.query(&question, &[]).await.map_err(failed)?;
        let recorded = rows.iter().map(|row| row.try_get::<_, String>(0));
        let recorded = recorded.collect::<Result<Vec<_>, _>>().map_err(failed)?;
        if recorded.is_empty() {
            return Ok(None);
        }
        let is_in_one = |it: &Version| {
            known.contains(it) || recorded.iter().any(|version| it == version.as_str())
        };
        Ok(Some(newest.into_iter().filter(is_in_one).collect()))
    }

    /// Which migrations a schema has whose table of applied migrations lacks some of those that
    /// are said, in which it looks like this; `None` if it lacks none, or has others.
    pub(super) fn completed(
        &self,
        target: &Target,
        versions: &[String],
        found: &Shape,
        said: &Said,
        steps: &Steps,
    ) -> Option<Result<(Applied, Adopted), Error>> {
        let Said::Count(count) = said else {
            return None;
        };
        let known = self.known_of(versions)?;
        let wanted = self.first(*count);
        if known.len() >= wanted.len() || !known.iter().all(|it| wanted.contains(it)) {
            return None;
        }
        let (_, expected) = steps.of_counts.iter().find(|(of, _)| of == count)?;
        let differences = in_words(&differing(&expected.of(target.schema.as_str()), found));
        Some(match differences.is_empty() {
            true => Ok((wanted, self.adopted(*count, false, differences))),
            false => Err(Error::NoVersionFits {
                name: target.schema.clone(),
                nearest: self.version(*count),
                alike: Vec::new(),
                is_registered: true,
                differences,
            }),
        })
    }
}
