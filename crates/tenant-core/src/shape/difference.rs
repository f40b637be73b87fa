//! How a schema differs from what it should look like.

use std::borrow::Cow;
use std::fmt;
use std::fmt::Write as _;

use super::forms::has_name;
use super::leeway::Leeway;
use super::mend::Mending;
use super::normal::{displayed, rendered};
use super::object::{Aspect, ObjectKind, ObjectName};
use super::of_role;
use super::varying::{self, varies};
use crate::SchemaName;
use crate::made_up::{MadeUp, VARIES, unmarked};

/// An object that differs from the expected definition. `Display` describes the difference.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The object.
    pub object: ObjectName,
    /// The difference.
    pub change: Change,
    pub(super) mending: Mending,
    pub(super) statements: Vec<String>,
    /// Those of them that can run where what hangs on the object cannot be made: for a
    /// table that is missing, and for a column that rows have no value for. The rest
    /// differs once they have run.
    pub(super) core: Vec<String>,
    /// What it may be instead, in words, where that is why it is left to people.
    pub(super) note: Option<String>,
    /// Whether the migrations may have made it under another name of the schema.
    pub(super) is_of_name: bool,
    /// Whether another difference must be fixed first, as the note says.
    pub(super) is_blocked: bool,
}

/// The kinds of differences.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// It is missing.
    Missing,
    /// An object with a varying name is missing. Each run of the migrations creates one, and three
    /// dots in the name stand for the varying part.
    MissingOne {
        /// The file and line of the statement that creates it, if known.
        made_at: Option<String>,
    },
    /// It is unexpected.
    Extra,
    /// It was renamed, and is otherwise as expected.
    Renamed {
        /// The expected name.
        expected: String,
        /// The actual name.
        found: String,
    },
    /// It was renamed, and another object has its name.
    Shadowed {
        /// The expected name, which the other object has.
        expected: String,
        /// The actual name.
        found: String,
    },
    /// A label of an enum was renamed. Both texts are SQL constants.
    RenamedLabel {
        /// The expected label.
        expected: String,
        /// The actual label.
        found: String,
    },
    /// A label of an enum was renamed, and another label has its name. Both texts are SQL
    /// constants.
    ShadowedLabel {
        /// The expected label.
        expected: String,
        /// The actual label.
        found: String,
    },
    /// Its definition differs.
    Changed(Vec<AspectChange>),
    /// An invalid index, which PostgreSQL does not use, because building it failed or was
    /// interrupted.
    InvalidIndex,
    /// It has the wrong owner.
    WrongOwner {
        /// The owner.
        owner: String,
        /// The expected owner.
        expected: String,
    },
    /// Roles lack rights: each role, and its rights as in `GRANT`.
    MissingGrants(Vec<(String, String)>),
    /// Roles have unexpected rights: each role or `PUBLIC`, and its rights as in `REVOKE`.
    ExtraGrants(Vec<(String, String)>),
}

/// One difference in a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AspectChange {
    /// The part of the definition.
    pub aspect: Aspect,
    /// The expected text; `None` for nothing.
    pub expected: Option<String>,
    /// The actual text; `None` for nothing.
    pub found: Option<String>,
}

impl Difference {
    /// Returns the statements that fix the difference in the schema `schema`, in order. Empty if
    /// there is no SQL for it.
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

    /// Whether another difference must be fixed first, as its note says.
    pub(crate) fn is_blocked(&self) -> bool {
        self.is_blocked
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

    /// Leaves to people what is there and, under its present name, would not be: a schema that
    /// was renamed or cloned has what the migrations make under another name, with rows in it.
    pub(crate) fn leave_what_names_make(&mut self) {
        if self.change == Change::Extra {
            self.mending = Mending::ByHand;
            self.statements.clear();
            self.core.clear();
            self.is_of_name = true;
        }
    }

    /// Whether the migrations may have made it under another name of the schema.
    pub(crate) fn may_be_of_name(&self) -> bool {
        self.is_of_name
    }

    /// Leaves to people what no statement can say: what another run of the migrations
    /// would make, or what has a name in it that they were only tried under. Where the role
    /// stands that has run the migrations, the schema's `owner` is meant.
    pub(super) fn keep_to(&mut self, leeway: &Leeway, owner: &str) {
        for sql in self.statements.iter_mut().chain(&mut self.core) {
            *sql = of_role::filled(sql, owner);
        }
        let is_unknown = |sql: &String| varies(sql) || has_name(sql) || leeway.made_up.show_in(sql);
        if self.statements.iter().any(is_unknown) {
            self.mending = Mending::ByHand;
            self.statements.clear();
            self.core.clear();
        }
        self.hide(&leeway.made_up);
    }

    /// The same between two schemas of a trial under these names.
    pub(crate) fn of_trial(mut self, made_up: &MadeUp) -> Self {
        self.hide(made_up);
        if let Change::Changed(changes) = &mut self.change {
            for text in changes.iter_mut().flat_map(|it| &mut it.found) {
                *text = made_up.hidden_in(text, VARIES).into_owned();
            }
        }
        self
    }

    /// Says nothing of names that the migrations were only tried under.
    fn hide(&mut self, made_up: &MadeUp) {
        let hide = |text: &mut String| {
            if let Cow::Owned(hidden) = made_up.hidden_in(text, VARIES) {
                *text = hidden;
            }
        };
        hide(&mut self.object.name);
        self.object.table.iter_mut().for_each(hide);
        self.note.iter_mut().for_each(hide);
        match &mut self.change {
            Change::Renamed { expected, .. }
            | Change::Shadowed { expected, .. }
            | Change::RenamedLabel { expected, .. }
            | Change::ShadowedLabel { expected, .. } => hide(expected),
            Change::Changed(changes) => {
                let texts = changes.iter_mut().flat_map(|it| &mut it.expected);
                texts.for_each(hide);
            }
            _ => {}
        }
    }

    /// The same of something whose name fits what migrations make: that it is another thing
    /// may be for people to know.
    pub(super) fn of_doubtful(self) -> Self {
        Self {
            mending: Mending::ByHand,
            statements: Vec::new(),
            note: Some(
                "its name matches what migrations create, but its definition does not".to_owned(),
            ),
            ..self
        }
    }

    /// Returns the kind of change that these statements make.
    #[must_use]
    pub fn mending(&self) -> Mending {
        self.mending
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.change(&mut text)?;
        if let Some(note) = &self.note {
            write!(text, " ({note})")?;
        }
        formatter.write_str(&unmarked(&text))
    }
}

impl Difference {
    fn change(&self, formatter: &mut String) -> fmt::Result {
        let object = &self.object;
        match &self.change {
            Change::Missing => write!(formatter, "{object} is missing"),
            Change::MissingOne { made_at } => self.missing_one(made_at.as_deref(), formatter),
            Change::Extra => write!(formatter, "unexpected {object}"),
            Change::Renamed { found, .. } => {
                write!(formatter, "{object} was renamed to `{}`", displayed(found))
            }
            Change::Shadowed { found, .. } => {
                let (kind, found) = (object.kind.words(), displayed(found));
                write!(
                    formatter,
                    "{object} was renamed to `{found}`, and another {kind} has its name"
                )
            }
            Change::RenamedLabel { expected, found } => {
                write!(
                    formatter,
                    "label {expected} of {object} was renamed to {found}"
                )
            }
            Change::ShadowedLabel { expected, found } => {
                write!(
                    formatter,
                    "label {expected} of {object} was renamed to {found}, and another label has \
                     its name"
                )
            }
            Change::InvalidIndex => write!(formatter, "{object} is invalid"),
            Change::WrongOwner { owner, expected } => {
                write!(
                    formatter,
                    "{object} is owned by `{owner}`; expected `{expected}`"
                )
            }
            Change::MissingGrants(grants) => {
                let grants = each_grant(grants, "lacks");
                write!(formatter, "missing grants on {object}: {grants}")
            }
            Change::ExtraGrants(grants) => {
                let grants = each_grant(grants, "has");
                write!(formatter, "unexpected grants on {object}: {grants}")
            }
            Change::Changed(changes) => {
                let changes = match changes.as_slice() {
                    [one] => one.to_string(),
                    several => AspectChange::all(several),
                };
                write!(formatter, "{object} {changes}")
            }
        }
    }

    fn missing_one(&self, made_at: Option<&str>, formatter: &mut String) -> fmt::Result {
        let object = &self.object;
        formatter.push_str(&object.kind.one());
        if let Some(table) = &object.table {
            write!(formatter, " of `{table}`")?;
        }
        formatter.push_str(" with a varying name");
        if object.name != "..." {
            write!(formatter, ", such as `{}`,", object.name)?;
        }
        formatter.push_str(" is missing");
        match made_at {
            Some(at) => write!(formatter, " (created at {at})"),
            None => Ok(()),
        }
    }
}

/// Roles and rights, one after the other.
fn each_grant(grants: &[(String, String)], verb: &str) -> String {
    let grants = grants.iter();
    let grants = grants.map(|(role, rights)| format!("`{role}` {verb} {rights}"));
    grants.collect::<Vec<_>>().join("; ")
}

impl AspectChange {
    /// The same with texts for people.
    pub(super) fn displayed(self) -> Self {
        Self {
            expected: self.expected.as_deref().map(shown),
            found: self.found.as_deref().map(shown),
            ..self
        }
    }

    /// Several changes of one object, as predicates of it.
    fn all(changes: &[Self]) -> String {
        let changes = changes.iter();
        let changes = changes.map(|it| format!("{} (expected {})", it.is(), it.should_be()));
        changes.collect::<Vec<_>>().join(" and ")
    }

    /// What the object has or is, as a predicate: ``has type `text` ``.
    fn is(&self) -> String {
        let found = self.found.as_deref().map(quoted);
        match (self.aspect, found) {
            (Aspect::NotNull, None) => "allows NULL".to_owned(),
            (Aspect::NotNull, Some(_)) => "is NOT NULL".to_owned(),
            (Aspect::Validity, _) => format!("is {}", validity(&self.found, &self.expected)),
            (Aspect::Nature, found) => {
                format!("is {}", found.as_deref().unwrap_or("ordinary"))
            }
            (Aspect::Enabled, found) => {
                format!("is set to {}", found.as_deref().unwrap_or(ENABLED))
            }
            (Aspect::RowSecurity, None) => "has row-level security off".to_owned(),
            (aspect, None) => format!("has no {}", aspect.noun()),
            (aspect, Some(found)) => format!("has {} {found}", aspect.noun()),
        }
    }

    /// What was expected of it, as the object of "expected".
    fn should_be(&self) -> String {
        let expected = self.expected.as_deref().map(quoted);
        match (self.aspect, expected) {
            (Aspect::NotNull, None) => "NULL to be allowed".to_owned(),
            (Aspect::NotNull, Some(_)) => "NOT NULL".to_owned(),
            (Aspect::Validity, _) => validity(&self.expected, &self.found).to_owned(),
            (_, Some(expected)) => expected,
            (Aspect::Nature, None) => "ordinary".to_owned(),
            (Aspect::Enabled, None) => ENABLED.to_owned(),
            (Aspect::RowSecurity, None) => "off".to_owned(),
            (_, None) => "none".to_owned(),
        }
    }
}

/// How a trigger fires in the ordinary way.
const ENABLED: &str = "`ENABLE`";

/// The validity in words. Where nothing is recorded, it is the opposite of `other`.
fn validity<'a>(one: &'a Option<String>, other: &'a Option<String>) -> &'a str {
    match (one.as_deref(), other.as_deref()) {
        (Some(one), _) => one,
        (None, Some(other)) => other.strip_prefix("not ").unwrap_or("valid"),
        (None, None) => "valid",
    }
}

fn quoted(text: &str) -> String {
    format!("`{}`", sql_text::on_one_line(&varying::displayed(text)))
}

impl fmt::Display for AspectChange {
    /// A predicate of the object: ``allows NULL; expected NOT NULL``.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}; expected {}", self.is(), self.should_be())
    }
}

/// A text of a definition, for people.
fn shown(normal: &str) -> String {
    unmarked(&displayed(normal)).into_owned()
}
