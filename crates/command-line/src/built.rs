//! What this build of the program is.

/// The commit that the program was built from, if `TENANTS_COMMIT` was set for the build. The build
/// itself does not ask version control, so that the same sources give the same program.
#[must_use]
pub fn commit() -> Option<&'static str> {
    option_env!("TENANTS_COMMIT").filter(|commit| !commit.is_empty())
}

/// The optional features of the build, by the names that Cargo knows.
#[must_use]
pub fn features() -> Vec<&'static str> {
    let own_server = cfg!(all(unix, feature = "local-postgres"));
    own_server.then_some("local-postgres").into_iter().collect()
}

/// The operating system and the processor that the program was built for.
#[must_use]
pub fn platform() -> String {
    format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)
}
