//! Which user runs the server.
//!
//! An ordinary user runs it under their own account. PostgreSQL refuses to run as root, so root
//! hands the data to the user `postgres`, else to `nobody`. If these users cannot enter the folder
//! (a project in a closed home), the server runs in a user namespace without a mapping. Root has no
//! privileges of its user there, which is enough for PostgreSQL, while the kernel still lets it
//! read root's files. The same helps a user without a name (`docker run --user 1234`), which
//! `initdb` refuses.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, lchown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use rustix::process::geteuid;

use crate::binaries::Binaries;
use crate::environment;
use crate::error::{Attempt, Error};
use crate::run;

/// Users that may run a server for root, in order of preference.
const STAND_INS: [&str; 2] = ["postgres", "nobody"];

/// The user database; read directly, because asking the system needs `unsafe`.
const USERS: &str = "/etc/passwd";

/// Who runs the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Account {
    /// The user who runs this process.
    Myself,
    /// Another user, on behalf of root.
    StandIn { uid: u32, gid: u32 },
    /// The user who runs this process, in a user namespace without a mapping.
    Namespace,
}

impl Account {
    /// Finds who can run these binaries with `folder` as a place to work in.
    ///
    /// It is tried, not reasoned about: access lists, read-only mounts and
    /// container rules make permission bits a poor predictor.
    pub(crate) fn choose(binaries: &Binaries, folder: &Path) -> Result<Self, Error> {
        if !geteuid().is_root() {
            return Ok(Self::ordinary(binaries, folder));
        }
        let mut tried = Vec::new();
        for (name, account) in candidates() {
            match account.try_out(binaries, folder) {
                Ok(()) => return Ok(account),
                Err(error) => tried.push(Attempt {
                    place: name,
                    reason: obstacle(&error, binaries),
                }),
            }
        }
        Err(Error::NoAccount {
            folder: folder.to_owned(),
            tried,
        })
    }

    /// Where even a namespace is out of reach, `initdb` says what is wrong.
    fn ordinary(binaries: &Binaries, folder: &Path) -> Self {
        let nameless = has_no_name(geteuid().as_raw());
        if nameless && Self::Namespace.try_out(binaries, folder).is_ok() {
            return Self::Namespace;
        }
        Self::Myself
    }

    fn try_out(&self, binaries: &Binaries, folder: &Path) -> Result<(), Error> {
        let mut command = self.command(&binaries.postgres());
        run::output(command.arg("--version").current_dir(folder)).map(drop)
    }

    /// A command that runs as this account, with nothing of our environment
    /// but what a server needs.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = match self {
            Self::Namespace => Command::new("unshare"),
            _ => Command::new(program),
        };
        match self {
            Self::Myself => {}
            Self::StandIn { uid, gid } => {
                command.uid(*uid).gid(*gid);
            }
            // `unshare` becomes the program, so the process id stays the same.
            Self::Namespace => {
                command.args(["--user", "--"]).arg(program);
            }
        }
        command.env_clear().envs(environment::for_server());
        command
    }

    /// The owner that the server's files must have.
    pub(crate) fn uid(&self) -> u32 {
        match self {
            Self::Myself | Self::Namespace => geteuid().as_raw(),
            Self::StandIn { uid, .. } => *uid,
        }
    }

    /// Gives a file or a folder to this account. A link itself is given, not
    /// what it points to.
    pub(crate) fn own(&self, path: &Path) -> Result<(), Error> {
        if !geteuid().is_root() {
            return Ok(());
        }
        let gid = match self {
            Self::StandIn { gid, .. } => Some(*gid),
            _ => None,
        };
        lchown(path, Some(self.uid()), gid).map_err(Error::file("hand over", path))
    }

    /// Gives a folder and all that is in it to this account, unless it has it
    /// already: the account may have changed since the data were made.
    pub(crate) fn own_all(&self, folder: &Path) -> Result<(), Error> {
        let seen = fs::symlink_metadata(folder).map_err(Error::file("inspect", folder))?;
        if seen.uid() == self.uid() {
            return Ok(());
        }
        // The folder itself comes last, so that an interruption is made good.
        self.own_content(folder)?;
        self.own(folder)
    }

    fn own_content(&self, folder: &Path) -> Result<(), Error> {
        for entry in fs::read_dir(folder).map_err(Error::file("list", folder))? {
            let entry = entry.map_err(Error::file("list", folder))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(Error::file("inspect", &path))?;
            if kind.is_dir() {
                self.own_content(&path)?;
            }
            self.own(&path)?;
        }
        Ok(())
    }
}

/// The system does not tell a folder that is closed from a program that is.
fn obstacle(error: &Error, binaries: &Binaries) -> String {
    match error {
        Error::Spawn { source, .. } if source.kind() == ErrorKind::PermissionDenied => format!(
            "cannot enter that folder, or cannot run the programs in `{}`",
            binaries.folder.display()
        ),
        other => run::reason(other),
    }
}

fn candidates() -> Vec<(String, Account)> {
    let users = fs::read_to_string(USERS).unwrap_or_default();
    STAND_INS
        .iter()
        .filter_map(|name| Some((format!("the user `{name}`"), stand_in(&users, name)?)))
        .chain([(
            "a user namespace (`unshare --user`)".into(),
            Account::Namespace,
        )])
        .collect()
}

fn stand_in(users: &str, wanted: &str) -> Option<Account> {
    users.lines().find_map(|line| {
        let user = User::parse(line)?;
        (user.name == wanted && user.uid != 0).then_some(Account::StandIn {
            uid: user.uid,
            gid: user.gid,
        })
    })
}

/// The name of a user for a message, or the number where there is no name.
pub(crate) fn user_name(uid: u32) -> String {
    listed_name(uid).unwrap_or_else(|| uid.to_string())
}

/// Users of a directory service are not in the file; `id` knows them.
fn has_no_name(uid: u32) -> bool {
    listed_name(uid).is_none() && run::output(Command::new("id").arg("-un")).is_err()
}

fn listed_name(uid: u32) -> Option<String> {
    let users = fs::read_to_string(USERS).unwrap_or_default();
    users
        .lines()
        .filter_map(User::parse)
        .find(|user| user.uid == uid)
        .map(|user| user.name.to_owned())
}

struct User<'a> {
    name: &'a str,
    uid: u32,
    gid: u32,
}

impl<'a> User<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let mut fields = line.split(':');
        Some(Self {
            name: fields.next()?,
            uid: id(fields.nth(1)?)?,
            gid: id(fields.next()?)?,
        })
    }
}

/// macOS writes the ids of `nobody` as -2.
fn id(field: &str) -> Option<u32> {
    let number: i64 = field.parse().ok()?;
    u32::try_from(number)
        .ok()
        .or_else(|| i32::try_from(number).ok().map(i32::cast_unsigned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_from_the_user_database() {
        let users = "root:x:0:0::/root:/bin/sh\npostgres:x:101:104:,,:/var/lib:/bin/sh\n";
        let expected = Account::StandIn { uid: 101, gid: 104 };
        assert_eq!(stand_in(users, "postgres"), Some(expected));
        assert_eq!(stand_in(users, "nobody"), None);
    }

    #[test]
    fn a_stand_in_that_is_root_by_another_name_is_not_taken() {
        assert_eq!(stand_in("postgres:x:0:0::/:/bin/sh", "postgres"), None);
    }

    #[test]
    fn negative_ids_wrap_as_on_macos() {
        let users = "nobody:*:-2:-2:Unprivileged:/var/empty:/usr/bin/false";
        let expected = Account::StandIn {
            uid: u32::MAX - 1,
            gid: u32::MAX - 1,
        };
        assert_eq!(stand_in(users, "nobody"), Some(expected));
    }
}
