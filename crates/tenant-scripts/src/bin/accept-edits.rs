//! `accept-edits`: see [`tenant_commands::commands::AcceptEdits`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::accept_edits()
}
