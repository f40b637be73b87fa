//! Installing what is missing: a plan that can be announced, then carried out.

use crate::failure::Failure;

use super::{
    Need,
    step::{OnFailure, Step, as_typed},
    system::{Manager, Rights, System},
};

/// The commands that install what is missing, and whether we may run them.
pub(super) struct Plan {
    steps: Vec<Step>,
    /// Run before the steps and, whatever became of them, after them.
    around: Vec<(Step, Step)>,
    /// What to say where no command can be given.
    packages: String,
    is_allowed: bool,
}

/// The file that keeps Debian's package from creating a cluster and starting a server, now and at
/// every boot. The tests do not use that server.
///
/// Debian provides this switch. It is a separate file that exists only during the installation, so
/// that later installations behave as usual. A `policy-rc.d` would prevent the start only until the
/// next boot. Stopping the server afterwards could stop a server that is in use.
const NO_CLUSTER: &str = "/etc/postgresql-common/createcluster.d/no-cluster-for-tests.conf";

/// Where Debian reads such files; not there before the package is.
const CLUSTER_SETTINGS: &str = "/etc/postgresql-common/createcluster.d";

/// The folder for systemd units that last until the next boot. Debian's PgBouncer package starts a
/// service, now and at every boot, and the tests start their own.
///
/// During the installation, the unit is masked by a link to `/dev/null`, so it does not start, and
/// no service has to be stopped. After the installation, the mask is removed together with the link
/// that would start the service at boot. You can enable the service as usual. Without systemd, as
/// in most containers, there is nothing to mask: their images forbid packages to start services.
const UNTIL_BOOT: &str = "/run/systemd/system";

/// The mask.
const NO_SERVICE: &str = "/run/systemd/system/pgbouncer.service";

/// What the package adds so that the service starts at boot.
const AT_BOOT: &str = "/etc/systemd/system/multi-user.target.wants/pgbouncer.service";

/// Works out how to install `missing` on `system`.
pub(super) fn plan(missing: &[&Need], system: &System) -> Plan {
    let (steps, around, is_allowed) = match system.manager {
        Some(Manager::Apt) => (
            apt_steps(missing, system.rights),
            [no_cluster, no_service]
                .into_iter()
                .filter_map(|around| around(missing, system.rights))
                .collect(),
            system.rights != Rights::User,
        ),
        Some(Manager::Homebrew) => (vec![homebrew_step(missing)], Vec::new(), true),
        None => (Vec::new(), Vec::new(), false),
    };
    Plan {
        steps,
        around,
        packages: packages_by_system(missing),
        is_allowed,
    }
}

/// `apt-get update` may fail and the rest succeed: on many machines it ends
/// with an error because of one unrelated source.
fn apt_steps(missing: &[&Need], rights: Rights) -> Vec<Step> {
    // As an argument of `env`, the variable passes through sudo.
    let install = "env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends";
    let packages = missing.iter().map(|need| need.debian);
    let install: Vec<&str> = install.split(' ').chain(packages).collect();
    vec![
        Step::as_root(rights, &["apt-get", "update"], OnFailure::GoOn),
        Step::as_root(rights, &install, OnFailure::Stop),
    ]
}

/// Writing and removing [`NO_CLUSTER`], when PostgreSQL is among the missing.
fn no_cluster(missing: &[&Need], rights: Rights) -> Option<(Step, Step)> {
    let write =
        format!("mkdir -p {CLUSTER_SETTINGS} && echo create_main_cluster = false > {NO_CLUSTER}");
    missing
        .iter()
        .any(|need| need.debian == "postgresql")
        .then(|| {
            (
                Step::as_root(rights, &["sh", "-c", &write], OnFailure::Stop),
                Step::as_root(rights, &["rm", NO_CLUSTER], OnFailure::GoOn),
            )
        })
}

/// Masking and unmasking [`NO_SERVICE`], when PgBouncer is among the missing.
fn no_service(missing: &[&Need], rights: Rights) -> Option<(Step, Step)> {
    let mask = format!("test ! -d {UNTIL_BOOT} || ln -sf /dev/null {NO_SERVICE}");
    missing
        .iter()
        .any(|need| need.debian == "pgbouncer")
        .then(|| {
            (
                Step::as_root(rights, &["sh", "-c", &mask], OnFailure::Stop),
                Step::as_root(rights, &["rm", "-f", NO_SERVICE, AT_BOOT], OnFailure::GoOn),
            )
        })
}

fn homebrew_step(missing: &[&Need]) -> Step {
    let formulas = missing.iter().filter_map(|need| need.homebrew);
    let words: Vec<&str> = ["brew", "install"].into_iter().chain(formulas).collect();
    Step::new(&words, OnFailure::Stop)
}

fn packages_by_system(missing: &[&Need]) -> String {
    let debian: Vec<&str> = missing.iter().map(|need| need.debian).collect();
    let homebrew: Vec<&str> = missing.iter().filter_map(|need| need.homebrew).collect();
    let mut lines = format!("Debian, Ubuntu:  {}", debian.join(" "));
    if !homebrew.is_empty() {
        lines.push_str(&format!("\nHomebrew:        {}", homebrew.join(" ")));
    }
    lines
}

impl Plan {
    /// Whether this user may carry it out without being asked anything.
    pub(super) fn is_allowed(&self) -> bool {
        self.is_allowed
    }

    /// What the user can do.
    pub(super) fn advice(&self) -> String {
        if self.steps.is_empty() {
            return format!(
                "hint: Install the package of your system.\n\
                 {}",
                indented(&self.packages)
            );
        }
        let commands = as_typed(&self.steps);
        format!(
            "hint: Install the missing programs, then run the tests again.\n\
             {}",
            indented(&commands)
        )
    }

    /// The commands about to run, in a form that can be pasted into a shell.
    pub(super) fn announcement(&self) -> String {
        let before = self.around.iter().map(|(before, _)| before);
        let after = self.around.iter().rev().map(|(_, after)| after);
        let commands = as_typed(before.chain(&self.steps).chain(after));
        format!(
            "Installing the missing programs (--no-install forbids it):\n{}\n",
            indented(&commands)
        )
    }

    /// Runs the commands one after the other.
    ///
    /// # Errors
    /// One of them failed.
    pub(super) fn run(&self) -> Result<(), Failure> {
        run_within(&self.around, &self.steps)
    }
}

/// Runs the steps between the two of each pair.
fn run_within(around: &[(Step, Step)], steps: &[Step]) -> Result<(), Failure> {
    let Some(((before, after), inner)) = around.split_first() else {
        return steps.iter().try_for_each(Step::run);
    };
    before.run()?;
    let outcome = run_within(inner, steps);
    after.run()?;
    outcome
}

fn indented(lines: &str) -> String {
    lines
        .lines()
        .map(|line| format!("      {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const POSTGRESQL: Need = Need {
        name: "PostgreSQL",
        programs: &[],
        variable: None,
        told_by: None,
        folders: &[],
        debian: "postgresql",
        homebrew: Some("postgresql@17"),
    };
    const POOLER: Need = Need {
        name: "PgBouncer",
        debian: "pgbouncer",
        homebrew: Some("pgbouncer"),
        ..POSTGRESQL
    };

    fn debian(rights: Rights) -> System {
        System {
            manager: Some(Manager::Apt),
            rights,
        }
    }

    #[test]
    fn root_on_debian_updates_and_installs() {
        let plan = plan(&[&POSTGRESQL, &POOLER], &debian(Rights::Root));
        assert!(plan.is_allowed());
        assert_eq!(
            as_typed(&plan.steps),
            "apt-get update\n\
             env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
             postgresql pgbouncer"
        );
    }

    #[test]
    fn a_user_with_sudo_installs_through_it() {
        let plan = plan(&[&POOLER], &debian(Rights::Sudo));
        assert!(plan.is_allowed());
        let announced = plan.announcement();
        assert!(
            announced.contains("\n      sudo -n apt-get update\n"),
            "{announced}"
        );
        assert!(
            announced.contains("\n      sudo -n env DEBIAN_FRONTEND=nonint"),
            "{announced}"
        );
    }

    #[test]
    fn a_user_without_rights_is_told_what_to_type() {
        let plan = plan(&[&POSTGRESQL], &debian(Rights::User));
        assert!(!plan.is_allowed());
        assert!(
            plan.advice().contains("\n      sudo apt-get update\n"),
            "{}",
            plan.advice()
        );
    }

    #[test]
    fn homebrew_installs_the_formula_without_sudo() {
        let system = System {
            manager: Some(Manager::Homebrew),
            rights: Rights::User,
        };
        let plan = plan(&[&POSTGRESQL], &system);
        assert!(plan.is_allowed());
        assert!(
            plan.announcement()
                .contains("\n      brew install postgresql@17\n")
        );
    }

    #[test]
    fn an_unknown_system_is_given_the_names_of_the_packages() {
        let plan = plan(
            &[&POSTGRESQL],
            &System {
                manager: None,
                rights: Rights::Root,
            },
        );
        assert!(!plan.is_allowed());
        assert!(
            plan.advice().contains("Debian, Ubuntu:  postgresql"),
            "{}",
            plan.advice()
        );
        assert!(plan.advice().contains("postgresql@17"), "{}", plan.advice());
    }

    #[test]
    fn debian_is_kept_from_starting_a_server_while_we_install_postgresql() {
        let announced = plan(&[&POSTGRESQL], &debian(Rights::Root)).announcement();
        let commands: Vec<&str> = announced
            .lines()
            .filter(|line| line.starts_with(' '))
            .collect();
        assert!(
            commands[0].contains("create_main_cluster = false"),
            "{announced}"
        );
        assert_eq!(commands.last().unwrap().trim(), format!("rm {NO_CLUSTER}"));
        let other = plan(&[&POOLER], &debian(Rights::Root)).announcement();
        assert!(!other.contains("create_main_cluster"), "{other}");
    }

    #[test]
    fn debian_is_kept_from_starting_a_service_while_we_install_pgbouncer() {
        let announced = plan(&[&POSTGRESQL, &POOLER], &debian(Rights::Root)).announcement();
        let at = |text: &str| {
            announced
                .find(text)
                .unwrap_or_else(|| panic!("{announced}"))
        };
        let mask = at(&format!("/dev/null {NO_SERVICE}"));
        let install = at("apt-get install");
        assert!(mask < install, "{announced}");
        assert!(
            install < at(&format!("rm -f {NO_SERVICE} {AT_BOOT}")),
            "{announced}"
        );
        let other = plan(&[&POSTGRESQL], &debian(Rights::Root)).announcement();
        assert!(!other.contains("pgbouncer"), "{other}");
    }

    #[test]
    fn the_last_step_runs_also_when_one_before_it_failed() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("mark").display().to_string();
        let mark_around = || {
            (
                Step::new(&["mkdir", "-p", &mark], OnFailure::Stop),
                Step::new(&["rm", "-rf", &mark], OnFailure::Stop),
            )
        };
        let plan = Plan {
            steps: vec![Step::new(&["false"], OnFailure::Stop)],
            around: vec![mark_around(), mark_around()],
            packages: String::new(),
            is_allowed: true,
        };
        let failure = plan.run().unwrap_err();
        assert!(failure.to_string().contains("`false` failed"), "{failure}");
        assert!(!std::path::Path::new(&mark).exists());
    }
}
