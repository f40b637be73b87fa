//! `tenants`: see [`diesel_tenants`].

fn main() -> std::process::ExitCode {
    diesel_tenants::run()
}
