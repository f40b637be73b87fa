//! Uses a schema as an application would: rows are inserted, updated and deleted in
//! every table, views are read, policies are asked, functions are compiled. What fires
//! on the way fires. Everything is rolled back.
//!
//! A migration is judged by two such uses, before it and after it: see [`judge`].

mod attempt;
mod judged;
mod maker;
mod others;
mod parameters;
mod solver;
mod tables;
mod world;

use tokio_postgres::{Client, Error};

pub(super) use judged::{Judged, judge};
pub(super) use others::fill_for_good;

use attempt::Session;
use maker::Learned;
use world::World;

/// A function's body is looked at when it is made, whatever the session says.
const BEGIN: &str = "BEGIN; SET LOCAL check_function_bodies = on; SET CONSTRAINTS ALL DEFERRED";

/// What came of using a schema.
#[derive(Debug, Default)]
pub(super) struct Usage {
    attempts: Vec<Attempt>,
    /// How rows are made.
    learned: Learned,
}

/// One use of one object.
#[derive(Debug)]
struct Attempt {
    subject: Subject,
    /// `INSERT`, `SELECT` and so on.
    act: String,
    /// Which of several ways: the same act with other values.
    way: usize,
    outcome: Outcome,
}

/// What is used.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Subject {
    kind: Kind,
    /// It survives a new name. An object that is made again has another one; 0 where
    /// only the name counts.
    oid: u32,
    name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Table,
    View,
    Function,
    Database,
}

/// How a use ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Works,
    /// PostgreSQL refused the values that were made up, which says nothing.
    Refused(String),
    Fails(String),
}

impl Subject {
    /// What is used, in words.
    fn words(&self) -> String {
        match self.kind {
            Kind::Table => format!("table `{}`", self.name),
            Kind::View => format!("view `{}`", self.name),
            Kind::Function => format!("function `{}`", self.name),
            Kind::Database => "the database".to_owned(),
        }
    }

    /// Whether both are the same object, or two of the same name where one took the
    /// place of the other.
    fn is(&self, other: &Self) -> bool {
        let is_same = self.oid == other.oid && self.oid != 0;
        self.kind == other.kind && (is_same || self.name == other.name)
    }
}

impl Usage {
    /// Uses the schema called `schema`. The session must be a new one: PL/pgSQL keeps
    /// the types of the columns that it saw first.
    pub(super) async fn of(client: &Client, schema: &str) -> Result<Self, Error> {
        Self::run(client, World::read(client, schema).await?).await
    }

    /// Uses it with the same values as before, as far as the tables are the same.
    pub(super) async fn again(&self, client: &Client, schema: &str) -> Result<Self, Error> {
        let mut world = World::read(client, schema).await?;
        world.fixed = self.learned.fixed();
        Self::run(client, world).await
    }

    async fn run(client: &Client, world: World) -> Result<Self, Error> {
        parameters::set(client).await?;
        client.batch_execute(BEGIN).await?;
        let mut usage = Self::default();
        let used = usage.all(Session { client }, &world).await;
        client.batch_execute("ROLLBACK").await?;
        used.map(|()| usage)
    }

    async fn all(&mut self, session: Session<'_>, world: &World) -> Result<(), Error> {
        tables::use_all(session, world, self).await?;
        others::fill(session, world, &self.learned).await?;
        others::use_views(session, world, self).await?;
        others::use_policies(session, world, self).await?;
        others::use_functions(session, self).await?;
        others::use_event_triggers(session, self).await
    }

    fn add(&mut self, subject: &Subject, act: &str, way: usize, outcome: Outcome) {
        self.attempts.push(Attempt {
            subject: subject.clone(),
            act: act.to_owned(),
            way,
            outcome,
        });
    }
}
