//! `cargo xtask`: the entry point; everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::run(std::env::args_os().skip(1).collect())
}
