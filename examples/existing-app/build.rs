//! Makes Cargo notice a new migration. The macro that embeds migrations tracks only
//! known files.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
