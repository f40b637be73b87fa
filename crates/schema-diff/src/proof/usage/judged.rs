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
    let mut judged = Judged::default();
    for subject in after.subjects() {
        let attempts = after.about(subject).collect::<Vec<_>>();
        let earlier = before.about(subject).collect::<Vec<_>>();
        let inserted = attempts.iter().any(|it| it.act == "INSERT" && it.works());
        judged.tables += usize::from(inserted && subject.kind == Kind::Table);
        let (old, new) = attempts
            .iter()
            .filter_map(|attempt| Some((*attempt, attempt.failure()?)))
            .partition::<Vec<_>, _>(|(attempt, reason)| {
                earlier.iter().any(|other| other.is_like(attempt, reason))
            });
        judged.broken.extend(told(subject, &new, ""));
        // A function that cannot be compiled may be nobody's: it is told when it is.
        if subject.kind != Kind::Function {
            let also = " fails before the migration as well";
            judged.not_tried.extend(told(subject, &old, also));
        }
        let refused = attempts
            .iter()
            .filter(|attempt| {
                attempts
                    .iter()
                    .all(|other| other.act != attempt.act || other.is_refused())
            })
            .filter_map(|attempt| Some((*attempt, attempt.refusal()?)));
        judged
            .not_tried
            .extend(told(subject, &refused.collect::<Vec<_>>(), ""));
    }
    judged
}

/// One line for each reason, with everything that ends by it.
fn told(subject: &Subject, ended: &[(&Attempt, &str)], more: &str) -> Vec<String> {
    let mut reasons = Vec::<(&str, Vec<&str>)>::new();
    for (attempt, reason) in ended {
        match reasons.iter_mut().find(|(other, _)| other == reason) {
            Some((_, acts)) if acts.contains(&attempt.act.as_str()) => {}
            Some((_, acts)) => acts.push(&attempt.act),
            None => reasons.push((reason, vec![&attempt.act])),
        }
    }
    let lines = reasons.iter().map(|(reason, acts)| {
        let acts = acts.join(", ");
        format!("{acts} on {}{more}: {reason}", subject.words())
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

    fn is_refused(&self) -> bool {
        self.refusal().is_some()
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
