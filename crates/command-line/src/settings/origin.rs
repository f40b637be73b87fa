//! Where a value in force comes from.

use std::fmt;

/// Where a value in force comes from. Its text names the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// An option of the command line.
    Option(&'static str),
    /// A variable of the process's environment.
    Environment(String),
    /// A line of a `.env`, as `.env:3`.
    EnvFile(String),
    /// The service of libpq with this name.
    Service(String),
    /// A line of the file of settings, as `tenants.toml:3`.
    Settings(String),
    /// What holds where no one says otherwise.
    Default,
}

impl Origin {
    /// Every [`kind`](Self::kind).
    pub const KINDS: [&'static str; 6] = [
        "option",
        "environment",
        "env_file",
        "service",
        "settings",
        "default",
    ];

    /// The kind, as JSON has it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Option(_) => "option",
            Self::Environment(_) => "environment",
            Self::EnvFile(_) => "env_file",
            Self::Service(_) => "service",
            Self::Settings(_) => "settings",
            Self::Default => "default",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option(option) => write!(formatter, "option {option}"),
            Self::Environment(name) => write!(formatter, "environment {name}"),
            Self::Service(name) => write!(formatter, "service {name}"),
            Self::EnvFile(place) | Self::Settings(place) => formatter.write_str(place),
            Self::Default => formatter.write_str("default"),
        }
    }
}
