//! `stop-server`: see [`tenant_commands::commands::StopServer`].

fn main() -> std::process::ExitCode {
    tenant_scripts::entry::stop_server()
}
