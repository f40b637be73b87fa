//! What git knows: which migrations a revision has.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, anyhow, bail};
use tokio::process::Command;

use crate::generate::name::version;

/// A commit of the repository around a project.
#[derive(Debug)]
pub(crate) struct Base {
    repository: PathBuf,
    commit: String,
}

impl Base {
    /// The commit that `revision` names in the repository around `project`.
    ///
    /// # Errors
    ///
    /// If git, the repository or the commit does not exist.
    pub(crate) async fn find(project: &Path, revision: &str) -> anyhow::Result<Self> {
        let repository = repository(project).await?;
        let commit = commit(&repository, revision).await;
        let commit =
            commit.ok_or_else(|| anyhow!("`{revision}` is not a commit of this repository"))?;
        Ok(Self { repository, commit })
    }

    /// The versions of the migrations that the commit has in all of `folders`.
    ///
    /// # Errors
    ///
    /// As [`Base::versions`].
    pub(crate) async fn versions_in(&self, folders: &[PathBuf]) -> anyhow::Result<Vec<String>> {
        let mut versions = Vec::new();
        for folder in folders {
            versions.extend(self.versions(folder).await?);
        }
        Ok(versions)
    }

    /// The versions of the migrations that the commit has in `folder`, which
    /// exists on the disk; none when the commit does not have the folder.
    ///
    /// # Errors
    ///
    /// When the folder is outside the repository, or git fails.
    pub(crate) async fn versions(&self, folder: &Path) -> anyhow::Result<Vec<String>> {
        // Git names the repository without symbolic links.
        let real = folder
            .canonicalize()
            .with_context(|| format!("could not open the folder {}", folder.display()))?;
        let inside = real.strip_prefix(&self.repository).map_err(|_| {
            anyhow!(
                "the folder {} is outside the project's repository",
                real.display()
            )
        })?;
        // Folders alone: beside migrations there may be a README.
        let arguments = ["--literal-pathspecs", "ls-tree", "-d", "-z", "--name-only"];
        let mut arguments = arguments.map(OsString::from).to_vec();
        arguments.extend(["--full-tree", &self.commit, "--"].map(OsString::from));
        if inside != Path::new("") {
            // The slash at the end: what is in it, not the folder itself.
            arguments.push(inside.join("").into_os_string());
        }
        let list = git(&self.repository, arguments).await?;
        let names = list.split(|byte| *byte == 0).map(String::from_utf8_lossy);
        let names = names.filter_map(|path| path.rsplit('/').next().map(str::to_owned));
        let names = names.filter(|name| !name.is_empty() && !name.starts_with('.'));
        Ok(names.map(|name| version(&name)).collect())
    }
}

/// The folder of the repository around `project`, without symbolic links.
///
/// # Errors
///
/// If there is no git, or no repository.
pub(crate) async fn repository(project: &Path) -> anyhow::Result<PathBuf> {
    let mut repository = git(project, ["rev-parse", "--show-toplevel"]).await?;
    repository.pop_if(|last| *last == b'\n');
    let repository = path(repository)?;
    repository
        .canonicalize()
        .with_context(|| format!("could not open the repository {}", repository.display()))
}

/// The path that git has written, whatever its bytes.
#[cfg(unix)]
fn path(written: Vec<u8>) -> anyhow::Result<PathBuf> {
    use std::os::unix::ffi::OsStringExt as _;

    Ok(OsString::from_vec(written).into())
}

#[cfg(not(unix))]
fn path(written: Vec<u8>) -> anyhow::Result<PathBuf> {
    Ok(String::from_utf8(written)?.into())
}

/// The permanent name of `revision`.
async fn commit(repository: &Path, revision: &str) -> Option<String> {
    // Git would take it for an option; no revision begins so.
    if revision.starts_with('-') {
        return None;
    }
    let commit = format!("{revision}^{{commit}}");
    let arguments = ["rev-parse", "--verify", "--quiet", &commit];
    let name = git(repository, arguments).await.ok()?;
    let name = String::from_utf8(name).ok()?.trim().to_owned();
    // `^main` is what main does not lead to, and no commit.
    let is_name = name.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_name && !name.is_empty()).then_some(name)
}

/// What git prints when it is run in `folder`.
async fn git(
    folder: &Path,
    arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
) -> anyhow::Result<Vec<u8>> {
    let mut command = Command::new("git");
    command
        .args(arguments)
        .current_dir(folder)
        // In a hook these are set, and count from another folder.
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let ended = command.output().await.context("could not start git")?;
    if !ended.status.success() {
        bail!(
            "git reports: {}",
            String::from_utf8_lossy(&ended.stderr).trim()
        );
    }
    Ok(ended.stdout)
}
