//! [`Mistakes`]: what is wrong in files that a command reads.

use tenant_settings::Mistake;

/// Mistakes in files of the project. The command is then called in a wrong way.
#[derive(Debug, thiserror::Error)]
#[error("{first}")]
pub struct Mistakes {
    /// The first one in the order of the text.
    pub first: Mistake,
    /// The others.
    pub others: Vec<Mistake>,
}

impl From<Mistake> for Mistakes {
    fn from(first: Mistake) -> Self {
        let others = Vec::new();
        Self { first, others }
    }
}
