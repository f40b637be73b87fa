//! Makes Cargo notice a new migration: the macro that embeds them only tracks
//! the files it has already seen.

fn main() {
    println!("cargo::rerun-if-changed=migrations/tenant");
}
