//! Nothing: with a build script the features of macros are this crate's to choose, too.

fn main() {}
