//! [`Here`]: what every page under a place begins with.

use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::request::Parts;

use crate::data::{Reading, Relation};
use crate::error::Failure;
use crate::page::{Page, Tab};
use crate::shown_schema::ShownSchema;
use crate::studio::Studio;
use crate::url;

/// A request for a page under a place.
pub(crate) struct Here {
    pub(crate) studio: Studio,
    pub(crate) place: ShownSchema,
    pub(crate) uri: Uri,
}

impl Here {
    /// A transaction for reading here.
    pub(crate) async fn read(&self) -> Result<Reading, Failure> {
        self.studio.read(&self.place).await
    }

    /// The last value of the parameter `name`, if it is not empty.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        url::parameter(self.uri.query(), name)
    }

    /// A page here.
    pub(crate) fn page(&self, tab: Tab, title: impl Into<String>) -> Page<'_> {
        Page {
            studio: &self.studio,
            place: Some(&self.place),
            uri: &self.uri,
            tab,
            title: title.into(),
            side: None,
        }
    }

    /// A page about the table `open`, or about none, with the tables beside it.
    pub(crate) fn page_beside<'a>(
        &'a self,
        tables: &'a [Relation],
        open: Option<&'a str>,
    ) -> Page<'a> {
        Page {
            side: Some((tables, open)),
            ..self.page(Tab::Tables, open.unwrap_or("Tables"))
        }
    }
}

impl FromRequestParts<Studio> for Here {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, studio: &Studio) -> Result<Self, Failure> {
        Ok(Self {
            studio: studio.clone(),
            place: ShownSchema::from_request_parts(parts, studio).await?,
            uri: parts.uri.clone(),
        })
    }
}
