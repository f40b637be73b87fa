//! `accept-edits`: see [`tenant_scripts::commands::AcceptEdits`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::accept_edits()
}
