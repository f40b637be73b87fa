//! The tests of `xtask` that need its built program, and the rules of the
//! repository.

// The attributes tell Clippy that helper functions are test code, too.
#[cfg(test)]
mod cli;
#[cfg(test)]
mod fake_cargo;
#[cfg(test)]
mod tidy;
