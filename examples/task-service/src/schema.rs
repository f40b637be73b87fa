//! The tables of every tenant, as the newest migration leaves them. No schema is
//! named: a query finds the table of the tenant whose connection it runs on.

use serde::{Deserialize, Serialize};

tenant_core::tenant_enum! {
    /// How far a task is. Each tenant's schema has this type for itself.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Progress: TaskProgress = "task_progress" {
        /// It is not started.
        Open = "open",
        /// It is in progress.
        Started = "started",
        /// It is done.
        Done = "done",
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::TaskProgress;

    tasks (id) {
        id -> BigInt,
        title -> Text,
        progress -> TaskProgress,
        created_at -> Timestamptz,
        due_on -> Nullable<Date>,
    }
}
