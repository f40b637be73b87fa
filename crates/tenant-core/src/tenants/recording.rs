//! Changing which migrations are recorded of schemas, each once its shape is the one that
//! goes with them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::expected::Shapes;
use super::handle::Tenants;
use super::known_shapes::Applied;
use super::state::Standing;
use crate::engine::{self, Keep, Recorded, Recording};
use crate::fleet::Item;
use crate::link::Session;
use crate::migration::{Migration, MigrationSet, versions};
use crate::name::{Entry, Schema};
use crate::report::{Note, Outcome, Status};
use crate::shape::Expectation;
use crate::{Error, Version};

/// What is to be recorded of one schema.
#[derive(Debug)]
pub(super) struct Job<'a> {
    pub(super) entry: Entry,
    /// The versions that it has.
    pub(super) applied: Vec<String>,
    /// The versions of this program's whose shape it has to have.
    pub(super) of: Applied,
    pub(super) record: Vec<&'a Migration>,
    pub(super) forget: Vec<Version>,
    pub(super) texts: Vec<&'a Migration>,
}

/// The jobs of a run, by what their lists call the schemas.
pub(super) struct Jobs<'a> {
    jobs: HashMap<String, (Job<'a>, Option<Arc<Expectation>>)>,
    purpose: Purpose,
    keep: Keep,
}

/// What it is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    Squash,
    AcceptEdits,
}

impl<'a> Job<'a> {
    /// Nothing to do yet with a schema that stands there.
    pub(super) fn new(standing: &Standing, migrations: &MigrationSet) -> Self {
        let applied = standing.all_applied(migrations).map(Version::to_string);
        let of = migrations.iter().map(Migration::version);
        let of = of.filter(|version| !standing.pending.contains(version));
        Self {
            entry: standing.entry.clone(),
            applied: applied.collect(),
            of: of.cloned().collect(),
            record: Vec::new(),
            forget: Vec::new(),
            texts: Vec::new(),
        }
    }
}

/// What no shape holds, so that nothing shows whether an edit or a baseline changed it.
const NOT_IN_SHAPES: &[&str] = &[
    "rows",
    "the order of columns",
    "storage, compression and statistics targets of columns",
    "replica identity",
    "the table order that CLUSTER keeps",
    "operators, collations and text search objects",
];

/// That some parts of the schemas were not compared: what no shape holds, and what differs
/// from run to run of the migrations or depends on the schema's name. `None` where there was
/// nothing to compare.
pub(super) fn not_compared(shapes: &Shapes, jobs: &[&Jobs<'_>]) -> Option<Note> {
    if jobs.iter().all(|jobs| jobs.jobs.is_empty()) {
        return None;
    }
    let varying = shapes.values().flat_map(|it| it.varying());
    let varying = varying.collect::<BTreeSet<_>>();
    let parts = NOT_IN_SHAPES.iter().map(|part| (*part).to_owned());
    Some(Note::NotCompared {
        parts: parts.chain(varying).collect(),
    })
}

/// The sets of migrations whose shapes these need.
pub(super) fn sets<'a>(jobs: impl IntoIterator<Item = &'a Job<'a>>) -> BTreeSet<Applied> {
    jobs.into_iter().map(|job| job.of.clone()).collect()
}

impl<'a> Jobs<'a> {
    /// These, each with the shape that it has to have. One without a shape will fail.
    pub(super) fn new(jobs: Vec<Job<'a>>, shapes: &Shapes, purpose: Purpose, keep: Keep) -> Self {
        let jobs = jobs.into_iter().map(|job| {
            let expected = shapes.get(&job.of).cloned();
            (job.entry.key().to_owned(), (job, expected))
        });
        Self {
            jobs: jobs.collect(),
            purpose,
            keep,
        }
    }

    /// What there is to do.
    pub(super) fn items(&self) -> Vec<Item> {
        let entries = self.jobs.values().map(|(job, _)| job.entry.clone());
        entries.map(Item::from).collect()
    }

    fn outcome(&self, job: &Job<'_>) -> Outcome {
        let status = match (self.keep, self.purpose) {
            (Keep::No, _) => Status::Skipped,
            (Keep::Yes, Purpose::Squash) => Status::Squashed,
            (Keep::Yes, Purpose::AcceptEdits) => Status::Accepted,
        };
        let accepted = match self.purpose {
            Purpose::Squash => Vec::new(),
            Purpose::AcceptEdits => versions(&job.texts),
        };
        Outcome {
            recorded: versions(&job.record),
            forgotten: job.forget.clone(),
            accepted,
            ..Outcome::idle(job.entry.key(), status)
        }
    }

    fn different(&self, job: &Job<'_>, differences: Vec<String>) -> Error {
        let schema = job.entry.schema().to_string();
        match self.purpose {
            Purpose::Squash => Error::NotLikeBaseline {
                schema,
                differences,
            },
            Purpose::AcceptEdits => Error::EditMatters {
                schema,
                versions: versions(&job.texts),
                differences,
            },
        }
    }
}

impl Tenants {
    /// Does what there is to do with one schema.
    pub(super) async fn record_one(
        &self,
        session: &Session,
        schema: Schema<'_>,
        jobs: &Jobs<'_>,
    ) -> Outcome {
        let Some((job, expected)) = jobs.jobs.get(schema.key()) else {
            return Outcome::idle(schema.key(), Status::UpToDate);
        };
        let recording = Recording {
            applied: &job.applied,
            record: &job.record,
            forget: &job.forget,
            texts: &job.texts,
        };
        let done = async {
            let Some(expected) = expected else {
                let unknown = "the result of the migrations is unknown".to_owned();
                return Err(jobs.different(job, vec![unknown]));
            };
            let work = self.work(session, schema);
            let expected = expected.of(schema.schema_name());
            let done = engine::record_if_alike(work, recording, &expected, jobs.keep).await;
            if let Schema::Tenant(target) = schema {
                self.directory.forget(&target.name);
            }
            match done? {
                Recorded::Done => Ok(jobs.outcome(job)),
                Recorded::Different(differences) => {
                    let differences = differences.iter().map(ToString::to_string);
                    Err(jobs.different(job, differences.collect()))
                }
                Recorded::Meanwhile => Err(Error::Busy {
                    schema: schema.to_string(),
                    waited: std::time::Duration::ZERO,
                    holders: Vec::new(),
                }),
            }
        };
        Outcome::timed(schema.key(), done).await
    }
}
