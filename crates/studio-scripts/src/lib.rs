//! The programs of this workspace that serve the Studio and complete commands.
//!
//! Their commands are in `studio_commands`. They are separate from `tenant_scripts` because of
//! their dependencies: no other program waits for a web server to compile. The completions cover
//! both packages.

pub mod entry;
