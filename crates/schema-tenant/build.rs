//! Makes Cargo notice a new migration: the macro that embeds them only tracks
//! the files it has already seen.

#[expect(
    clippy::print_stdout,
    reason = "standard output is how a build script talks to Cargo"
)]
fn main() {
    println!("cargo::rerun-if-changed=../../migrations/tenant");
}
