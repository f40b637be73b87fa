//! Runs the real programs in a separate folder. Their environment has only the variables that they
//! need to find PostgreSQL.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::wait::LIMIT;
use crate::{Finished, Migrations, eventually};

/// The variables that a command keeps: where programs, temporary files and
/// caches are.
const KEPT: [&str; 5] = [
    "PATH",
    "HOME",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "LD_LIBRARY_PATH",
];

/// The program of that name. Cargo builds the programs of a package before it
/// runs the package's tests, and puts them one folder above the tests.
fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let programs = test.parent().and_then(Path::parent).unwrap();
    let program = programs.join(name);
    assert!(
        program.is_file(),
        "there is no program {}",
        program.display()
    );
    program
}

/// A folder to run commands in.
#[derive(Debug)]
pub struct Folder(TempDir);

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}

impl Folder {
    /// An empty one, gone with the value.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The user that a server of root's runs as has to get in.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Self(folder)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file into it.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// A command in this folder, without a database: its name and its
    /// arguments, divided by spaces.
    pub fn command(&self, line: &str) -> Command {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap();
        Command {
            program: program(name),
            folder: self.path().to_path_buf(),
            line: name.to_owned(),
            arguments: Vec::new(),
            variables: Vec::new(),
            input: None,
            output: None,
        }
        .args(words)
    }

    /// Runs such a command to its end.
    pub fn run(&self, line: &str) -> Finished {
        self.command(line).run()
    }
}

/// A command in the making.
#[derive(Debug)]
pub struct Command {
    program: PathBuf,
    folder: PathBuf,
    line: String,
    arguments: Vec<OsString>,
    variables: Vec<(&'static str, String)>,
    input: Option<String>,
    output: Option<Stdio>,
}

impl Command {
    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        let argument = argument.into();
        self.line = format!("{} {}", self.line, argument.display());
        self.arguments.push(argument);
        self
    }

    /// Adds several.
    #[must_use]
    pub fn args<A: Into<OsString>>(self, arguments: impl IntoIterator<Item = A>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    /// Works on the database behind `url`.
    pub fn on(self, url: &str) -> Self {
        self.arg("--database-url").arg(url)
    }

    /// Takes the migrations from a folder.
    pub fn migrations(self, migrations: &Migrations) -> Self {
        self.arg("--migrations-dir").arg(migrations.path())
    }

    /// Runs with a variable in its environment.
    pub fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// Runs in a folder below its own.
    pub fn within(mut self, subfolder: &str) -> Self {
        self.folder.push(subfolder);
        fs::create_dir_all(&self.folder).unwrap();
        self
    }

    /// Finds `text` on its standard input.
    pub fn input(mut self, text: &str) -> Self {
        self.input = Some(text.to_owned());
        self
    }

    /// Writes its results to somewhere else than to the test.
    pub fn output_to(mut self, output: impl Into<Stdio>) -> Self {
        self.output = Some(output.into());
        self
    }

    /// The same as the standard library has it, for a terminal to run.
    pub fn into_std(self) -> std::process::Command {
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.arguments).current_dir(&self.folder);
        command.env_clear();
        let kept = KEPT.iter().map(|name| (*name, std::env::var_os(name)));
        command.envs(kept.filter_map(|(name, value)| Some((name, value?))));
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs it to its end.
    pub fn run(self) -> Finished {
        self.start().finish()
    }

    /// Starts it, and does not wait.
    pub fn start(mut self) -> Running {
        let (line, input, output) = (self.line.clone(), self.input.take(), self.output.take());
        let mut command = self.into_std();
        command.stdin(if input.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        });
        command.stdout(output.unwrap_or_else(Stdio::piped));
        command.stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        if let (Some(text), Some(mut pipe)) = (input, child.stdin.take()) {
            // A command that ends without reading it says why itself.
            drop(pipe.write_all(text.as_bytes()));
        }
        Running {
            line,
            stdout: Collected::start(child.stdout.take()),
            stderr: Collected::start(child.stderr.take()),
            child,
        }
    }
}

/// What a pipe has given so far. It is read in the background, so that it
/// never fills up.
#[derive(Debug)]
struct Collected {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Collected {
    fn start(pipe: Option<impl Read + Send + 'static>) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let shared = Arc::clone(&text);
        let reader = spawn(move || {
            let Some(pipe) = pipe else { return };
            for line in BufReader::new(pipe).lines() {
                let line = line.unwrap();
                let mut text = shared.lock().unwrap();
                text.push_str(&line);
                text.push('\n');
            }
        });
        Self {
            text,
            reader: Some(reader),
        }
    }

    fn so_far(&self) -> String {
        self.text.lock().unwrap().clone()
    }

    fn all(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.so_far()
    }
}

/// A running command. It is killed when it takes too long, and when its test fails before its end.
#[derive(Debug)]
pub struct Running {
    line: String,
    child: Child,
    stdout: Collected,
    stderr: Collected,
}

impl Running {
    /// What Ctrl-C does.
    pub fn interrupt(&self) {
        self.send(Signal::INT);
    }

    /// What `kill` does.
    pub fn terminate(&self) {
        self.send(Signal::TERM);
    }

    /// What closing the terminal does.
    pub fn hang_up(&self) {
        self.send(Signal::HUP);
    }

    /// What `kill -9` does: it ends at once, whatever it is doing. `None` when it
    /// was still under way; otherwise it had ended before.
    pub fn kill(mut self) -> Option<Finished> {
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        let hit = status.signal() == Some(Signal::KILL.as_raw());
        (!hit).then(|| self.ended(status))
    }

    fn send(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// The first line that it prints, waited for: what it has said can be here
    /// earlier than what it has printed before, since the two come by pipes of
    /// their own.
    pub async fn first_line(&self) -> String {
        let printed = async || self.stdout.so_far().contains('\n');
        eventually("it prints a line", printed).await;
        self.stdout.so_far().lines().next().unwrap().to_owned()
    }

    /// What it has said so far.
    #[must_use]
    pub fn said(&self) -> String {
        self.stderr.so_far()
    }

    /// Waits until its standard error contains `text`.
    pub async fn until_said(&self, text: &str) {
        let said = async || self.stderr.so_far().contains(text);
        eventually(&format!("it says {text}"), said).await;
    }

    /// Waits for its end.
    pub fn finish(mut self) -> Finished {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if begun.elapsed() > LIMIT {
                self.child.kill().unwrap();
            }
            sleep(Duration::from_millis(2));
        };
        self.ended(status)
    }

    fn ended(&mut self, status: ExitStatus) -> Finished {
        Finished::new(
            self.line.clone(),
            status.code(),
            self.stdout.all(),
            self.stderr.all(),
        )
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended unless the test failed.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
