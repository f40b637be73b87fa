//! How the work on one schema ended, whatever part of the program reports it.

use std::time::Duration;

use crate::report::{
    Cloned, Imported, Moved, Outcome, PublicOutcome, Removed, Renamed, Resumed, Status, Suspended,
};
use crate::{Error, Node, TenantName};

/// How the work on one schema ended.
pub(crate) struct End<'a> {
    pub(super) what: What<'a>,
    /// Of a call that failed it is not known.
    pub(super) migrations: Option<usize>,
    pub(super) from_spare: bool,
    pub(super) duration: Duration,
    pub(super) error: Option<&'a Error>,
}

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum What<'a> {
    /// What runs over many can do as well.
    Run(Status),
    /// It was made like this one.
    Cloned(&'a TenantName),
    /// It was given this name.
    Renamed(&'a TenantName),
    /// It was suspended, or served again.
    Suspended,
    Resumed,
    /// It was brought to this server.
    Moved(&'a Node),
}

impl<'a> End<'a> {
    /// The end of what a call did with one schema.
    pub(super) fn of<T>(done: &'a Result<T, Error>, duration: Duration) -> Self
    where
        Self: From<&'a T>,
    {
        match done {
            Ok(done) => Self {
                duration,
                ..Self::from(done)
            },
            Err(error) => Self::failed(error, duration),
        }
    }

    /// The end of what has failed.
    pub(super) fn failed(error: &'a Error, duration: Duration) -> Self {
        Self {
            migrations: None,
            error: Some(error),
            duration,
            ..Self::plain(Status::Failed)
        }
    }

    /// The outcome in a word.
    pub(super) fn outcome(&self) -> &'static str {
        match self.what {
            What::Run(status) => status.code(),
            What::Cloned(_) => "cloned",
            What::Renamed(_) => "renamed",
            What::Suspended => "suspended",
            What::Resumed => "resumed",
            What::Moved(_) => "moved",
        }
    }

    /// The name that it has now, where that was what was done.
    pub(super) fn renamed_to(&self) -> Option<&'a str> {
        match self.what {
            What::Renamed(name) => Some(name.as_str()),
            _ => None,
        }
    }

    /// The tenant that it is like, where that was what was done.
    pub(super) fn cloned_from(&self) -> Option<&'a str> {
        match self.what {
            What::Cloned(name) => Some(name.as_str()),
            _ => None,
        }
    }

    /// The server that it is on now, where bringing it there was what was done.
    pub(super) fn moved_to(&self) -> Option<String> {
        match self.what {
            What::Moved(node) => Some(node.to_string()),
            _ => None,
        }
    }

    fn plain(status: Status) -> Self {
        Self {
            what: What::Run(status),
            migrations: Some(0),
            from_spare: false,
            duration: Duration::ZERO,
            error: None,
        }
    }
}

impl<'a> From<&'a Outcome> for End<'a> {
    fn from(outcome: &'a Outcome) -> Self {
        Self {
            what: What::Run(outcome.status),
            migrations: Some(outcome.applied.len() + outcome.reverted.len()),
            from_spare: outcome.from_spare,
            duration: outcome.duration,
            error: outcome.error.as_ref(),
        }
    }
}

impl From<&Imported> for End<'_> {
    fn from(imported: &Imported) -> Self {
        Self {
            migrations: Some(imported.applied.len()),
            ..Self::plain(Status::Created)
        }
    }
}

impl From<&Removed> for End<'_> {
    fn from(_: &Removed) -> Self {
        Self::plain(Status::Dropped)
    }
}

impl<'a> From<&'a Cloned> for End<'a> {
    fn from(cloned: &'a Cloned) -> Self {
        Self {
            what: What::Cloned(&cloned.from),
            ..Self::plain(Status::Created)
        }
    }
}

impl<'a> From<&'a Renamed> for End<'a> {
    fn from(renamed: &'a Renamed) -> Self {
        Self {
            what: What::Renamed(&renamed.to),
            ..Self::plain(Status::UpToDate)
        }
    }
}

impl<'a> From<&'a Moved> for End<'a> {
    fn from(moved: &'a Moved) -> Self {
        let plain = Self::plain(Status::UpToDate);
        if moved.from == moved.to {
            return plain;
        }
        Self {
            what: What::Moved(&moved.to),
            ..plain
        }
    }
}

impl From<&Suspended> for End<'_> {
    fn from(_: &Suspended) -> Self {
        Self {
            what: What::Suspended,
            ..Self::plain(Status::UpToDate)
        }
    }
}

impl From<&Resumed> for End<'_> {
    fn from(resumed: &Resumed) -> Self {
        let plain = Self::plain(Status::UpToDate);
        match resumed.was_suspended {
            false => plain,
            true => Self {
                what: What::Resumed,
                ..plain
            },
        }
    }
}

impl From<&PublicOutcome> for End<'_> {
    fn from(outcome: &PublicOutcome) -> Self {
        let status = match (outcome.applied.is_empty(), outcome.pending.is_empty()) {
            (false, _) => Status::Migrated,
            (true, true) => Status::UpToDate,
            (true, false) => Status::Skipped,
        };
        Self {
            migrations: Some(outcome.applied.len()),
            ..Self::plain(status)
        }
    }
}
