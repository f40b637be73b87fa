//! What to do about an error.

use crate::Error;

impl Error {
    /// What to do about it: sentences, and a command on its own line. `None` if there is no general
    /// advice.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoBinaries {
                wanted, install, ..
            } => return Some(install_hint(*wanted, install)),
            Self::ForeignOwner { path, owner, user } => {
                return Some(format!(
                    "Run the command as {owner}. Or stop the server, and hand the data over as \
                     root.\nchown -R {user} '{}'",
                    path.display()
                ));
            }
            Self::Elsewhere { .. } => {
                "Stop the server in the container or on the host where it was started."
            }
            Self::UnusableBinaries { .. } => {
                "Set PG_BIN to a folder that contains `postgres` and `initdb`, or unset it to \
                 search for one."
            }
            Self::Checksum { .. } => {
                "Check the proxy or mirror that the package came through. It was not unpacked."
            }
            Self::NotAFolder { .. } => {
                "Move it away, and run the command again. The command creates a new folder."
            }
            Self::UnsafeSocketFolder { .. } => "Remove the folder, and run the command again.",
            Self::NoAccount { .. } => {
                "Run the command as an ordinary user, or move the project to a folder that the \
                 user `postgres` or `nobody` can enter."
            }
            Self::NotACluster { .. } => "Move the folder away to start with an empty cluster.",
            Self::NotReady { .. } => {
                "Run the command again, because a recovery can take longer. Or stop the server."
            }
            Self::Stop { .. } => "End the server's clients, and run the command again.",
            Self::Locked { .. } => "End that command, and run this one again.",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

fn install_hint(wanted: Option<u32>, install: &str) -> String {
    let sentence = match wanted {
        Some(_) => {
            "Move the data folder away to start with an empty cluster, or install that version."
        }
        None => "Install PostgreSQL.",
    };
    format!("{sentence}\n{install}")
}
