//! Compares the uses before a migration with those after it.

use super::{Attempt, Kind, Outcome, Subject, Usage};

/// What the two uses show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Judged {
    /// What works before and fails afterwards.
    pub(crate) broken: Vec<String>,
    /// What was not tried, and why; also what fails before already.
    pub(crate) not_tried: Vec<String>,
    /// How many tables took a row.
    pub(crate) tables: usize,
}

/// Which uses the migration breaks.
pub(crate) fn judge(before: &Usage, after: &Usage) -> Judged {
    let (mut broken, mut not_tried) = (Vec::new(), Vec::new());
    let mut tables = 0;
    for subject in after.subjects() {
        let attempts = after.about(subject).collect::<Vec<_>>();
        let earlier = before.about(subject).collect::<Vec<_>>();
        let inserted = attempts.iter().any(|it| it.act == "INSERT" && it.works());
        tables += usize::from(inserted && subject.kind == Kind::Table);
        let failures = attempts.iter();
        let failures = failures.filter_map(|attempt| Some((*attempt, attempt.failure()?)));
        let (old, new) = failures.partition::<Vec<_>, _>(|(attempt, reason)| {
            earlier.iter().any(|other| other.is_like(attempt, reason))
        });
        broken.extend(told(subject, &new, ""));
        // A function that cannot be compiled may be nobody's: it is told when it is.
        if subject.kind != Kind::Function {
            let also = " also fails before the migration";
            not_tried.extend(told(subject, &old, also));
        }
        let refused = refused(&attempts);
        not_tried.extend(told(subject, &refused, ""));
    }
    Judged {
        broken: lines(&broken),
        not_tried: lines(&not_tried),
        tables,
    }
}

/// The acts that were refused in each way in which they were tried.
fn refused<'a>(attempts: &[&'a Attempt]) -> Vec<(&'a Attempt, &'a str)> {
    let is_refused = |act: &str| {
        let mut same = attempts.iter().filter(|other| other.act == act);
        same.all(|other| other.refusal().is_some())
    };
    let refused = attempts.iter().filter(|attempt| is_refused(&attempt.act));
    refused
        .filter_map(|attempt| Some((*attempt, attempt.refusal()?)))
        .collect()
}

/// What ends in the same way, on one object.
struct Told<'a> {
    acts: String,
    subject: &'a Subject,
    /// What stands behind the object.
    more: &'static str,
    reason: &'a str,
}

/// One for each reason, with everything that ends by it.
fn told<'a>(
    subject: &'a Subject,
    ended: &[(&'a Attempt, &'a str)],
    more: &'static str,
) -> Vec<Told<'a>> {
    let mut reasons = Vec::<(&str, Vec<&str>)>::new();
    for (attempt, reason) in ended {
        match reasons.iter_mut().find(|(other, _)| other == reason) {
            Some((_, acts)) if acts.contains(&attempt.act.as_str()) => {}
            Some((_, acts)) => acts.push(&attempt.act),
            None => reasons.push((reason, vec![&attempt.act])),
        }
    }
    let told = reasons.into_iter().map(|(reason, acts)| Told {
        acts: acts.join(", "),
        subject,
        more,
        reason,
    });
    told.collect()
}

/// One line for all objects to which the same happens.
fn lines(told: &[Told<'_>]) -> Vec<String> {
    let mut groups = Vec::<Vec<&Told<'_>>>::new();
    for one in told {
        let is_alike = |other: &&Told<'_>| {
            other.subject.kind == one.subject.kind
                && (&other.acts, other.more, other.reason) == (&one.acts, one.more, one.reason)
        };
        let alike = groups
            .iter_mut()
            .find(|group| group.first().is_some_and(is_alike));
        match alike {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    let lines = groups.iter().filter_map(|group| {
        let Told {
            acts, more, reason, ..
        } = group.first()?;
        let subjects = group.iter().map(|one| one.subject.words());
        let subjects = subjects.collect::<Vec<_>>().join(", ");
        Some(format!("{acts} on {subjects}{more}: {reason}"))
    });
    lines.collect()
}

impl Usage {
    /// What was used, each once.
    fn subjects(&self) -> Vec<&Subject> {
        let mut subjects = Vec::new();
        for attempt in &self.attempts {
            if !subjects.contains(&&attempt.subject) {
                subjects.push(&attempt.subject);
            }
        }
        subjects
    }

    fn about(&self, subject: &Subject) -> impl Iterator<Item = &Attempt> {
        let attempts = self.attempts.iter();
        attempts.filter(move |attempt| attempt.subject.is(subject))
    }
}

impl Attempt {
    fn works(&self) -> bool {
        self.outcome == Outcome::Works
    }

    fn refusal(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Refused(reason) => Some(reason),
            _ => None,
        }
    }

    fn failure(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Fails(reason) => Some(reason),
            _ => None,
        }
    }

    /// Whether it failed like `other`, which fails for `reason`: in the same way, or for
    /// the same reason.
    fn is_like(&self, other: &Self, reason: &str) -> bool {
        let is_same = self.act == other.act && self.way == other.way;
        self.failure().is_some_and(|own| is_same || own == reason)
    }
}
