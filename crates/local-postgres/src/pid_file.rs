//! `postmaster.pid`: what a server says about itself, and whether it is true.
//!
//! The file remains after a server was killed, and another process may have its process id by now.
//! So the number alone proves nothing.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Pid;

use crate::error::Error;
use crate::run;

/// Which line holds the server's state (`LOCK_FILE_LINE_PM_STATUS` in
/// PostgreSQL's `pidfile.h`), counted from zero.
const STATUS_LINE: usize = 7;

/// The content of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PidFile {
    /// The server's process.
    pub(crate) pid: u32,
    /// Whether the server accepts connections.
    pub(crate) ready: bool,
}

impl PidFile {
    /// Reads the file of a data folder; `None` when there is none, or when it is
    /// being written.
    pub(crate) fn read(data: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(path(data)).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let pid: i64 = lines.next()?.trim().parse().ok()?;
        let status = lines.nth(STATUS_LINE - 1).map(str::trim);
        Some(Self {
            // A single-user backend writes its process id as a negative number.
            pid: u32::try_from(pid.unsigned_abs()).ok()?,
            ready: matches!(status, Some("ready" | "standby")),
        })
    }
}

fn path(data: &Path) -> PathBuf {
    data.join("postmaster.pid")
}

/// Whether the process is the server of this data folder.
///
/// A server works in its data folder, which Linux shows; elsewhere its command
/// line, which names the folder, has to do.
pub(crate) fn serves(pid: u32, data: &Path) -> bool {
    if has_proc() {
        return fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == data);
    }
    ps("command=", pid).contains(data.to_string_lossy().as_ref())
}

/// Whether the process has ended and only waits for its parent to take notice.
pub(crate) fn is_zombie(pid: u32) -> bool {
    if has_proc() {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The name before the state is in parentheses, and may contain some itself.
        return stat
            .rsplit(')')
            .next()
            .is_some_and(|it| it.starts_with(" Z"));
    }
    ps("stat=", pid).starts_with('Z')
}

fn has_proc() -> bool {
    Path::new("/proc/self").exists()
}

/// One column of what `ps` says about a process; empty when there is none.
fn ps(column: &str, pid: u32) -> String {
    let mut ps = Command::new("ps");
    ps.args(["-o", column, "-p", &pid.to_string()]);
    let printed = run::output(&mut ps).unwrap_or_default();
    String::from_utf8_lossy(&printed).trim().to_owned()
}

/// The process id in the form that system calls take.
pub(crate) fn process(pid: u32) -> Result<Pid, Error> {
    i32::try_from(pid)
        .ok()
        .and_then(Pid::from_raw)
        .ok_or_else(|| Error::Process {
            action: "find",
            pid,
            source: ErrorKind::InvalidInput.into(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUNNING: &str = "4711\n/p/data\n1700000000\n5432\n/p/socket\n\n  123 456\nready   \n";

    #[test]
    fn a_server_is_ready_when_its_eighth_line_says_so() {
        let ready = PidFile::parse(RUNNING).unwrap();
        assert_eq!((ready.pid, ready.ready), (4711, true));
        let starting = PidFile::parse(&RUNNING.replace("ready   ", "starting")).unwrap();
        assert!(!starting.ready);
    }

    #[test]
    fn a_file_that_is_being_written_is_no_file_yet() {
        assert_eq!(PidFile::parse(""), None);
        assert!(!PidFile::parse("4711\n/p/data\n").unwrap().ready);
    }

    #[test]
    fn a_process_that_nobody_has_reaped_has_ended_all_the_same() {
        let mut child = Command::new("true").spawn().unwrap();
        while !is_zombie(child.id()) {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        child.wait().unwrap();
        assert!(!is_zombie(std::process::id()));
    }

    #[test]
    fn ps_knows_this_process_and_no_other_by_its_number() {
        assert!(ps("command=", std::process::id()).contains("local_postgres"));
        assert_eq!(ps("command=", u32::MAX / 2), "");
    }

    #[test]
    fn a_process_that_works_elsewhere_does_not_serve_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!serves(std::process::id(), folder.path()));
    }
}
