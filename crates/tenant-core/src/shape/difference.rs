//! How a schema differs from what it should look like.

use std::fmt;

use super::forms::has_name;
use super::leeway::Leeway;
use super::mend::Mending;
use super::normal::{displayed, rendered};
use super::object::{Aspect, ObjectKind, ObjectName};
use super::of_role;
use super::varying::{self, varies};
use crate::SchemaName;

/// One object that is not as it should be. `Display` says what differs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The object.
    pub object: ObjectName,
    /// What is wrong with it.
    pub change: Change,
    pub(super) mending: Mending,
    pub(super) statements: Vec<String>,
    /// Those of them that can run where what hangs on the object cannot be made: for a
    /// table that is missing, and for a column that rows have no value for. The rest
    /// differs once they have run.
    pub(super) core: Vec<String>,
    /// What it may be instead, in words, where that is why it is left to people.
    pub(super) note: Option<String>,
}

/// In which way an object differs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// It should be there.
    Missing,
    /// It should not be there.
    Extra,
    /// It is there under another name, and else as it should be.
    Renamed {
        /// The name that it should have.
        expected: String,
        /// The name that it has.
        found: String,
    },
    /// A label of an enum is another one, in the same place. Both are constants of SQL.
    RenamedLabel {
        /// The label that should be there.
        expected: String,
        /// The label that is.
        found: String,
    },
    /// It is there, and is something else.
    Changed(Vec<AspectChange>),
    /// An index that PostgreSQL does not use: building it failed or was cut off.
    InvalidIndex,
    /// It belongs to another role than it should.
    WrongOwner {
        /// The role that it belongs to.
        owner: String,
        /// The role that it should belong to.
        expected: String,
    },
    /// Roles may not do with it what they should be able to: a role, and rights in
    /// the words of `GRANT`.
    MissingGrants(Vec<(String, String)>),
    /// Roles may do with it what they should not be able to: a role, `PUBLIC` for
    /// everybody, and rights in the words of `REVOKE`.
    ExtraGrants(Vec<(String, String)>),
}

/// What is so, and what should be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AspectChange {
    /// What of the object.
    pub aspect: Aspect,
    /// What should be; `None` for nothing.
    pub expected: Option<String>,
    /// What is; `None` for nothing.
    pub found: Option<String>,
}

impl Difference {
    /// The statements that would make the schema `schema` as it should be, in
    /// order. None where there is no SQL for it.
    #[must_use]
    pub fn sql(&self, schema: &SchemaName) -> Vec<String> {
        let statements = self.statements.iter();
        let statements = statements.map(|normal| rendered(normal, schema.as_str()));
        statements.collect()
    }

    /// Those of the statements that make the object alone; none where these are all.
    pub(crate) fn sql_of_the_core(&self, schema: &SchemaName) -> Vec<String> {
        let statements = self.core.iter();
        let statements = statements.map(|normal| rendered(normal, schema.as_str()));
        statements.collect()
    }

    /// Whether a table is missing.
    pub(crate) fn is_missing_table(&self) -> bool {
        self.change == Change::Missing && self.object.kind == ObjectKind::Table
    }

    /// Whether nothing else differs than whether the triggers of a key fire.
    pub(crate) fn is_of_switched_off_key(&self) -> bool {
        let is_firing = |it: &AspectChange| it.aspect == Aspect::Enabled;
        self.object.kind == ObjectKind::Constraint
            && matches!(&self.change, Change::Changed(changes) if changes.iter().all(is_firing))
    }

    /// Whether it has another name, and nothing else.
    pub(crate) fn is_renamed(&self) -> bool {
        matches!(
            self.change,
            Change::Renamed { .. } | Change::RenamedLabel { .. }
        )
    }

    /// Whether it is about whom the object belongs to.
    pub(crate) fn is_about_owner(&self) -> bool {
        matches!(self.change, Change::WrongOwner { .. })
    }

    /// Whether nothing but grants to `role` is missing.
    pub(crate) fn is_only_of_grants_to(&self, role: &str) -> bool {
        let quoted = sql_text::ident(role);
        let is_to = |(to, _): &(String, String)| to == role || *to == quoted;
        match &self.change {
            Change::MissingGrants(grants) => grants.iter().all(is_to),
            _ => false,
        }
    }

    /// Leaves to people what no statement can say: what another run of the migrations
    /// would make, or what has a name in it that they were only tried under. Where the role
    /// stands that has run the migrations, the schema's `owner` is meant.
    pub(super) fn keep_to(&mut self, leeway: &Leeway, owner: &str) {
        for sql in self.statements.iter_mut().chain(&mut self.core) {
            *sql = of_role::filled(sql, owner);
        }
        let is_unknown = |sql: &String| varies(sql) || has_name(sql) || leeway.shows_made_up(sql);
        if self.statements.iter().any(is_unknown) {
            self.mending = Mending::ByHand;
            self.statements.clear();
            self.core.clear();
        }
    }

    /// The same of something whose name fits what migrations make: that it is another thing
    /// may be for people to know.
    pub(super) fn of_doubtful(self) -> Self {
        Self {
            mending: Mending::ByHand,
            statements: Vec::new(),
            note: Some("its name fits what migrations create, and it is not like that".to_owned()),
            ..self
        }
    }

    /// What kind of change these statements are.
    #[must_use]
    pub fn mending(&self) -> Mending {
        self.mending
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.change(formatter)?;
        match &self.note {
            Some(note) => write!(formatter, "; {note}"),
            None => Ok(()),
        }
    }
}

impl Difference {
    fn change(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let object = &self.object;
        match &self.change {
            Change::Missing => write!(formatter, "{object} is missing"),
            Change::Extra => write!(formatter, "{object} should not be there"),
            Change::Renamed { found, .. } => {
                write!(formatter, "{object} was renamed to `{}`", displayed(found))
            }
            Change::RenamedLabel { expected, found } => {
                write!(
                    formatter,
                    "label {expected} of {object} was renamed to {found}"
                )
            }
            Change::InvalidIndex => write!(formatter, "{object} is not valid"),
            Change::WrongOwner { owner, expected } => {
                write!(
                    formatter,
                    "{object} belongs to `{owner}` instead of `{expected}`"
                )
            }
            Change::MissingGrants(grants) => {
                let grants = grants
                    .iter()
                    .map(|(role, rights)| format!("{role} lacks {rights}"));
                let grants = grants.collect::<Vec<_>>().join("; ");
                write!(formatter, "{object}: {grants}")
            }
            Change::ExtraGrants(grants) => {
                let grants = grants
                    .iter()
                    .map(|(role, rights)| format!("{role} has {rights}"));
                let grants = grants.collect::<Vec<_>>().join("; ");
                write!(formatter, "{object}: {grants}, and should not")
            }
            Change::Changed(changes) => {
                let changes = changes.iter().map(ToString::to_string);
                let changes = changes.collect::<Vec<_>>().join("; ");
                write!(formatter, "{object} differs: {changes}")
            }
        }
    }
}

impl AspectChange {
    /// The same with texts for people.
    pub(super) fn displayed(self) -> Self {
        Self {
            expected: self.expected.as_deref().map(displayed),
            found: self.found.as_deref().map(displayed),
            ..self
        }
    }
}

impl fmt::Display for AspectChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |text: &Option<String>| match text {
            None => self.aspect.absent().to_owned(),
            Some(text) => format!("`{}`", one_line(&varying::displayed(text))),
        };
        if self.aspect == Aspect::NotNull {
            return formatter.write_str(if self.expected.is_some() {
                "it allows NULL, should be `NOT NULL`"
            } else {
                "it is `NOT NULL`, should allow NULL"
            });
        }
        let (found, expected) = (shown(&self.found), shown(&self.expected));
        write!(
            formatter,
            "{} is {found}, should be {expected}",
            self.aspect.words()
        )
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
