//! [`NameArg`]: the name of a tenant as an argument has it.

use std::convert::Infallible;
use std::str::FromStr;

/// A text that is to be the name of a tenant. Which names are valid is for the database's
/// settings to say, and these are read after the arguments:
/// [`Context::name`](crate::Context::name) makes a name of it.
///
/// ```compile_fail
/// fn f(name: &tenant_core::TenantName) {}
/// f(&"acme".parse::<command_line::NameArg>().unwrap());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameArg(String);

impl NameArg {
    /// As it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for NameArg {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl FromStr for NameArg {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}
