//! Which package manager this machine has, and what we may do with it.

use std::{
    fs,
    process::{Command, Stdio},
};

/// What matters of this machine for installing packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct System {
    /// The package manager to use, when there is one we know.
    pub(super) manager: Option<Manager>,
    /// What the user may do.
    pub(super) rights: Rights,
}

/// A package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manager {
    /// That of Debian, Ubuntu and their relatives.
    Apt,
    /// That of macOS.
    Homebrew,
}

/// What the user may do on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rights {
    /// Everything.
    Root,
    /// Everything, through sudo, without being asked for a password.
    Sudo,
    /// Nothing that takes root.
    User,
}

/// Looks at this machine.
pub(super) fn look() -> System {
    System {
        manager: manager(),
        rights: rights(),
    }
}

fn manager() -> Option<Manager> {
    let os_release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    if is_debian_like(&os_release) && succeeds("apt-get", &["--version"]) {
        return Some(Manager::Apt);
    }
    (cfg!(target_os = "macos") && succeeds("brew", &["--version"])).then_some(Manager::Homebrew)
}

/// Reads `/etc/os-release`: lines of `NAME=value`, where the value may be
/// quoted and `ID_LIKE` is a list of words (os-release(5)).
fn is_debian_like(os_release: &str) -> bool {
    os_release
        .lines()
        .filter_map(|line| line.trim().split_once('='))
        .filter(|(name, _)| matches!(*name, "ID" | "ID_LIKE"))
        .flat_map(|(_, value)| value.trim_matches(['"', '\'']).split_whitespace())
        .any(|word| matches!(word, "debian" | "ubuntu"))
}

fn rights() -> Rights {
    if is_root() {
        Rights::Root
    } else if succeeds("sudo", &["-n", "true"]) {
        Rights::Sudo
    } else {
        Rights::User
    }
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_and_its_relatives_are_recognised() {
        for os_release in [
            "PRETTY_NAME=\"Debian GNU/Linux 12\"\nID=debian\n",
            "ID=ubuntu\nID_LIKE=debian\n",
            "NAME=Pop\nID=pop\nID_LIKE=\"ubuntu debian\"\n",
            "ID='linuxmint'\nID_LIKE='ubuntu'\n",
        ] {
            assert!(is_debian_like(os_release), "{os_release}");
        }
    }

    #[test]
    fn other_systems_are_not() {
        for os_release in [
            "",
            "ID=fedora\n",
            "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n",
            "ID=other\nHOME_URL=debian\nVARIANT_ID=debian\n",
        ] {
            assert!(!is_debian_like(os_release), "{os_release}");
        }
    }

    #[test]
    fn a_program_that_is_not_there_does_not_succeed() {
        assert!(succeeds("true", &[]));
        assert!(!succeeds("false", &[]));
        assert!(!succeeds("no-such-program-anywhere", &[]));
    }
}
