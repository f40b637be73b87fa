//! The processes of a browser: ChromeDriver, and the Chromium that it starts.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

/// How long a test waits for it to start, and to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs it until the pipe closes that only the test holds: also a test that is
/// killed leaves no process behind. `$0` is the folder to remove.
///
/// Chromium outlives a ChromeDriver that is killed, so all of the group has to go;
/// `kill 0` means the group of the shell, which alone bears the first signal.
const SCRIPT: &str = r#"
PATH="$PATH:/opt/homebrew/bin:/usr/local/bin"
chromedriver --port=0 </dev/null &
trap '' TERM
read -r _
kill -TERM 0
sleep 1
rm -rf -- "$0"
kill -KILL 0
"#;

/// A ChromeDriver that listens on a port of its own choice.
pub(super) struct Driver {
    shell: Child,
    folder: TempDir,
    port: u16,
}

impl Driver {
    pub(super) async fn start() -> Self {
        let begun = Instant::now();
        loop {
            let mut this = Self::spawn();
            if let Some(port) = this.port_of(begun).await {
                this.port = port;
                return this;
            }
        }
    }

    fn spawn() -> Self {
        let folder = TempDir::with_prefix("chromium-").unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let shell = Command::new("sh")
            .args(["-c", SCRIPT])
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0)
            .spawn()
            .unwrap();
        Self {
            shell,
            folder,
            port: 0,
        }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its process group, and the folder that is gone with it.
    pub(super) fn traces(&self) -> (u32, PathBuf) {
        (self.shell.id(), self.folder.path().to_path_buf())
    }

    /// A folder that no other browser uses.
    pub(super) fn profile(&self) -> PathBuf {
        self.folder.path().join("profile")
    }

    /// The port, as soon as it listens. None when it chose one for the newer
    /// protocol that somebody has in the older, and gave up.
    async fn port_of(&self, begun: Instant) -> Option<u16> {
        loop {
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap();
            if let Some((_, rest)) = log.split_once("successfully on port ")
                && let Some((port, _)) = rest.split_once('.')
            {
                return Some(port.parse().unwrap());
            }
            assert!(
                begun.elapsed() < PATIENCE && !log.contains("not found"),
                "ChromeDriver does not start (`cargo xtask test` installs it): {log}"
            );
            if log.contains("port not available") {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Ends all of its processes, and removes their folder.
    pub(super) fn kill(&mut self) {
        // Once the shell was waited for, its number may be somebody else's.
        if self.shell.try_wait().is_ok_and(|ended| ended.is_some()) {
            return;
        }
        kill_process_group(Pid::from_child(&self.shell), Signal::KILL).unwrap();
        self.shell.wait().unwrap();
        // The last of them may be writing still. That all are gone cannot be waited
        // for: not every system soon buries those who have lost their parents.
        let begun = Instant::now();
        while fs::remove_dir_all(self.folder.path()).is_err()
            && self.folder.path().exists()
            && begun.elapsed() < PATIENCE
        {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.kill();
    }
}
