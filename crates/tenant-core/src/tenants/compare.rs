//! What differs between two tenants.

use super::handle::Tenants;
use super::shapes::Seen;
use crate::events::Call;
use crate::shape::{Compared, Difference, Shape, compare};
use crate::{Answer, Error, TenantName, Version};

/// How one tenant differs from another.
#[derive(Debug)]
#[non_exhaustive]
pub struct Comparison {
    /// How the second differs from the first, which counts as expected.
    pub differences: Vec<Difference>,
    /// The migrations that only the first has, oldest first.
    pub only_in_first: Vec<Version>,
    /// The migrations that only the second has, oldest first.
    pub only_in_second: Vec<Version>,
}

impl Comparison {
    /// Whether there is no difference.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.differences.is_empty()
            && self.only_in_first.is_empty()
            && self.only_in_second.is_empty()
    }
}

impl Tenants {
    /// Returns the schema definition of a tenant.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`], [`Error::MissingSchema`], or a server error.
    pub fn shape<'a>(&'a self, name: &'a TenantName) -> Answer<'a, Result<Shape, Error>> {
        Call::Compare.tell(self.shape_of_one(name))
    }

    /// Compares the schema of `second` with the schema of `first`: objects, definitions, owners,
    /// grants, and applied migrations. Rows are not compared. Each schema can have its own name in
    /// a text.
    ///
    /// # Errors
    ///
    /// As [`Tenants::shape`].
    pub fn compare<'a>(
        &'a self,
        first: &'a TenantName,
        second: &'a TenantName,
    ) -> Answer<'a, Result<Comparison, Error>> {
        Call::Compare.tell(self.compare_two(first, second))
    }

    async fn compare_two(
        &self,
        first: &TenantName,
        second: &TenantName,
    ) -> Result<Comparison, Error> {
        let (one, other) = (self.versions(first).await?, self.versions(second).await?);
        let (expected, found) = (
            self.shape_of_one(first).await?,
            self.shape_of_one(second).await?,
        );
        let only_in = |these: &[Version], those: &[Version]| {
            let only = these.iter().filter(|version| !those.contains(version));
            only.cloned().collect()
        };
        Ok(Comparison {
            differences: compare(&expected.in_words_of(&found), &found, Compared::Everything),
            only_in_first: only_in(&one, &other),
            only_in_second: only_in(&other, &one),
        })
    }

    async fn versions(&self, name: &TenantName) -> Result<Vec<Version>, Error> {
        let standing = self.standing_of(name).await?;
        let mut versions = self.applied(&standing);
        versions.extend(standing.unknown);
        versions.sort_unstable();
        Ok(versions)
    }

    async fn shape_of_one(&self, name: &TenantName) -> Result<Shape, Error> {
        let standing = self.standing_of(name).await?;
        let looked = self
            .look_at_shapes(&[standing.entry.schema_name().as_str()], &|shape| shape)
            .await?;
        let failed = |error| {
            let action = format!("read the schema definition of tenant `{name}`");
            Err(Error::database(action, error))
        };
        match looked.into_iter().next() {
            Some((_, Seen::Shape(shape))) => Ok(shape),
            Some((_, Seen::Unreadable(error))) => failed(error),
            Some((_, Seen::Busy)) => Err(Error::InUse(name.clone())),
            _ => Err(Error::MissingSchema(name.clone())),
        }
    }
}
