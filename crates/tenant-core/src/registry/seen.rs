//! [`SchemasSeen`]: the schemas of tenants as they were listed lately.
//!
//! For words and statements that people are shown. What is done asks the list.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::SchemaName;

/// How many are remembered.
const MOST: usize = 100_000;

/// The schemas of tenants, by name, where only the list of tenants knows them.
#[derive(Debug, Default)]
pub(super) struct SchemasSeen(Mutex<HashMap<String, SchemaName>>);

impl SchemasSeen {
    pub(super) fn get(&self, name: &str) -> Option<SchemaName> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(name).cloned()
    }

    pub(super) fn remember(&self, name: &str, schema: &SchemaName) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.get(name) == Some(schema) {
            return;
        }
        if seen.len() >= MOST {
            seen.clear();
        }
        seen.insert(name.to_owned(), schema.clone());
    }
}
