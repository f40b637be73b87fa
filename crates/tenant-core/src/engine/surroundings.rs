//! [`Surroundings`]: what the schema behind the tenants' own holds before migrations run.
//!
//! A dropped object no longer exists to be recognized, so the objects are listed in advance. One
//! list serves all schemas of a run.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the schema of extensions holds, read when it is needed first.
#[derive(Default)]
pub(crate) struct Surroundings(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// How often the list was to be read again.
    round: u64,
    listed: Option<Arc<Listed>>,
    abilities: Option<Abilities>,
}

/// What the schema holds, and what else is known with it.
pub(super) struct Listed {
    pub(super) objects: Vec<Object>,
}

/// What statements can do in a database.
#[derive(Debug, Clone, Copy)]
pub(super) struct Abilities {
    /// The role may run blocks.
    pub(super) blocks: bool,
    /// There are event triggers, so that each definition can call a function.
    pub(super) event_triggers: bool,
}

/// An object of the schema, or a part of one of its tables.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) class: u32,
    pub(super) oid: u32,
    /// Its name, unless it is an operator or a part of something.
    pub(super) name: Option<String>,
    /// The table or domain that it is a part of.
    pub(super) whole: Option<String>,
    /// Kind and full name, as PostgreSQL gives them.
    pub(super) words: String,
    /// A hash of what the catalog says of a table, for one without triggers: its row is
    /// written again when the first foreign key refers to it.
    pub(super) row: Option<i64>,
    pub(super) is_domain: bool,
}

impl Object {
    /// Class and number in one: object identifiers are unique in their catalog only.
    pub(super) fn key(&self) -> i64 {
        (i64::from(self.class) << 32) | i64::from(self.oid)
    }

    /// Whether nothing is known that a statement would call it.
    pub(super) fn is_unnamed(&self) -> bool {
        self.name.is_none() && self.whole.is_none()
    }

    /// Whether `names` accepts its own name or the name of its table.
    pub(super) fn is_named_in(&self, names: impl Fn(&str) -> bool) -> bool {
        [&self.name, &self.whole]
            .into_iter()
            .flatten()
            .any(|name| names(name))
    }
}

impl Surroundings {
    /// Makes the next use read the list again: for each run.
    pub(crate) fn forget(&self) {
        let mut known = self.known();
        known.round += 1;
        known.listed = None;
        known.abilities = None;
    }

    /// What is known, if something is, and in which round it would be read now.
    pub(super) fn get(&self) -> (Option<Arc<Listed>>, u64) {
        let known = self.known();
        (known.listed.clone(), known.round)
    }

    /// Keeps what was read in the round `round`.
    pub(super) fn keep(&self, round: u64, listed: &Arc<Listed>) {
        let mut known = self.known();
        if known.round == round {
            known.listed = Some(Arc::clone(listed));
        }
    }

    /// What statements can do in the database; `None` while that is not known.
    pub(super) fn abilities(&self) -> Option<Abilities> {
        self.known().abilities
    }

    /// Keeps that.
    pub(super) fn keep_abilities(&self, abilities: Abilities) {
        self.known().abilities = Some(abilities);
    }

    /// Kind and name of the object with this class and number, if the list has it.
    pub(super) fn words_of(&self, key: i64) -> Option<String> {
        let known = self.known();
        let mut objects = known.listed.iter().flat_map(|listed| &listed.objects);
        let object = objects.find(|object| object.key() == key)?;
        Some(object.words.clone())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // It is whole at every moment, also after a panic elsewhere.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
