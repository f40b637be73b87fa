//! Where the workspace is.

use std::path::{Path, PathBuf};

/// The workspace's root folder, wherever the user stands.
///
/// `cargo run` tells its program the folder of the program's package. That is
/// preferred to the folder compiled in, which is wrong once the repository has
/// been moved; the compiled-in one serves a program that is started directly.
pub(crate) fn root() -> PathBuf {
    let compiled_in = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::env::var_os("CARGO_MANIFEST_DIR")
        .and_then(|folder| root_above(Path::new(&folder)))
        .or_else(|| root_above(compiled_in))
        .unwrap_or_else(|| PathBuf::from("."))
}

/// The parent of `package`, when that is this workspace and not merely some
/// package whose tests started this program.
fn root_above(package: &Path) -> Option<PathBuf> {
    let root = package.parent()?;
    let is_ours = root.join("Cargo.toml").is_file() && root.join("xtask/Cargo.toml").is_file();
    is_ours.then(|| root.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_holds_the_workspace_manifest() {
        let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[workspace]"));
    }

    #[test]
    fn the_folder_of_another_package_is_not_taken_for_the_root() {
        assert_eq!(root_above(&root().join("crates/tenant-core")), None);
    }
}
