//! Stops a throwaway server whose owner was killed.
//!
//! A shell reads from a pipe that only the owner holds. When the owner ends for any reason, the
//! pipe closes, and the shell stops the server and removes its folder. The script contains no
//! interpolated text: it gets its values as positional parameters and through the pipe.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::error::Error;

/// `$1` is the folder to remove; each line read is the server's process id, or
/// `none` while it is stopped, or `done` when there is nothing left to do.
///
/// The server is given 10 seconds: it writes nothing on an immediate shutdown.
const SCRIPT: &str = r#"
pid=none
while read -r word; do
    [ "$word" = done ] && exit 0
    pid=$word
done
if [ "$pid" != none ]; then
    kill -QUIT "$pid" 2>/dev/null
    n=0
    while kill -0 "$pid" 2>/dev/null && [ "$n" -lt 100 ]; do
        sleep 0.1 || sleep 1
        n=$((n + 1))
    done
    kill -KILL "$pid" 2>/dev/null
fi
rm -rf -- "$1" || { sleep 1; rm -rf -- "$1"; }
"#;

/// The shell that watches this process.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
}

impl Watchdog {
    /// Starts watching over a folder; no server runs in it yet.
    pub(crate) fn start(folder: &Path) -> Result<Self, Error> {
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, "local-postgres-watchdog"])
            .arg(folder)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What ends the owner's process group must not end its watchdog.
            .process_group(0)
            .spawn()
            .map_err(Error::spawn(Path::new("sh")))?;
        Ok(Self { shell })
    }

    /// From now on the server is this process.
    pub(crate) fn watch(&mut self, pid: u32) -> Result<(), Error> {
        self.tell(&pid.to_string())
    }

    /// From now on no server runs.
    pub(crate) fn rest(&mut self) -> Result<(), Error> {
        self.tell("none")
    }

    /// Ends the watch: the server has ended and its folder is removed.
    pub(crate) fn dismiss(&mut self) {
        // A watchdog that has been killed has nothing to be told.
        let _ = self.tell("done");
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }

    fn tell(&mut self, word: &str) -> Result<(), Error> {
        match &mut self.shell.stdin {
            // In one write, so that the shell never sees half a number.
            Some(pipe) => pipe
                .write_all(format!("{word}\n").as_bytes())
                .map_err(Error::spawn(Path::new("sh"))),
            None => Ok(()),
        }
    }
}
