//! [`Node`]: a server of a cluster, by its address.
//!
//! Only where it is; whether there is such a server is the cluster's to say.

use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

use thiserror::Error;

/// The address of a cluster node, as in the list of nodes (`pg_dist_node`).
///
/// The form is `HOST:PORT`, with an IPv6 address in brackets:
///
/// ```
/// use tenant_core::Node;
///
/// let node: Node = "[::1]:5432".parse()?;
/// assert_eq!((node.host(), node.port()), ("::1", 5432));
/// assert_eq!(node.to_string(), "[::1]:5432");
/// assert!("db-3.internal".parse::<Node>().is_err());
/// # Ok::<(), tenant_core::InvalidNode>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "String", into = "String")
)]
pub struct Node {
    host: String,
    port: u16,
}

impl Node {
    /// What the cluster's list says.
    pub(crate) fn listed(host: String, port: i32) -> Self {
        let port = u16::try_from(port).unwrap_or_default();
        Self { host, port }
    }

    /// Returns its host name or address, without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Display for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(formatter, "[{}]:{}", self.host, self.port)
        } else {
            write!(formatter, "{}:{}", self.host, self.port)
        }
    }
}

impl FromStr for Node {
    type Err = InvalidNode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| InvalidNode(text.to_owned()))
    }
}

impl TryFrom<&str> for Node {
    type Error = InvalidNode;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl TryFrom<String> for Node {
    type Error = InvalidNode;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Node> for String {
    fn from(node: Node) -> Self {
        node.to_string()
    }
}

/// A text that is not a node address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not a node address, such as `10.0.0.12:5432`")]
pub struct InvalidNode(String);

fn parse(text: &str) -> Option<Node> {
    let (host, port) = text.rsplit_once(':')?;
    let port = port.parse::<NonZeroU16>().ok()?.get();
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?,
        // The colons of an IPv6 address would make of its end a port.
        None if host.contains(':') => return None,
        None => host,
    };
    let is_odd = |character: char| character.is_whitespace() || "/@[]?#".contains(character);
    (!host.is_empty() && !host.contains(is_odd)).then(|| Node {
        host: host.to_owned(),
        port,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_written_alike() {
        for text in ["localhost:5432", "10.0.0.12:65535", "[fe80::1]:5433"] {
            assert_eq!(text.parse::<Node>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            ":5432",
            "host",
            "host:",
            "host:0",
            "host:65536",
            "host:-1",
            "::1:5432",
            "[]:5432",
            "[::1:5432",
            "a b:5432",
            "postgres://host:5432",
        ] {
            assert_eq!(text.parse::<Node>(), Err(InvalidNode(text.to_owned())));
        }
    }
}
