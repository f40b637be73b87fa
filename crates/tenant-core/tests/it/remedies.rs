//! What to do, as data: complete, about the right tenant, and without a program.

use tenant_core::remedy::{Advice, Command, Remedy};
use tenant_core::{At, Error, Node, Problem, ProblemKind, Registry, TenantName};

use crate::fixture::name;

fn problem(tenant: &str, kind: ProblemKind) -> Problem {
    Problem::new(Some(tenant.to_owned()), kind)
}

fn not_set_up() -> Error {
    Error::NotSetUp {
        table: "public.schema_tracker".to_owned(),
    }
}

#[test]
fn an_error_names_the_call_that_helps() {
    let acme = name("acme");
    for (error, expected) in [
        (not_set_up(), vec![Command::MigratePublic.into()]),
        (
            Error::MissingSchema(acme.clone()),
            vec![
                Advice::RestoreBackup.into(),
                Command::DropTenant(acme.clone()).into(),
            ],
        ),
        (
            Error::NoVersionFits {
                name: "acme".parse().unwrap(),
                nearest: Some("20260101000000".parse().unwrap()),
                alike: Vec::new(),
                is_registered: false,
                differences: Vec::new(),
            },
            vec![
                Advice::FixSchema.into(),
                Command::AdoptTenant {
                    name: acme.clone(),
                    at: Some(At::Version("20260101000000".parse().unwrap())),
                }
                .into(),
            ],
        ),
    ] {
        assert_eq!(error.remedies(), expected, "{error}");
    }
}

#[test]
fn sql_is_complete_whatever_the_names_are() {
    let edited = problem(
        "it's",
        ProblemKind::EditedMigration {
            migration: "2026-01-01-000000_a".to_owned(),
            version: "20260101000000".parse().unwrap(),
        },
    );
    assert_eq!(
        edited.remedies(&Registry::default()),
        [
            Advice::RestoreFile.into(),
            Command::AcceptEdits(vec!["20260101000000".parse().unwrap()]).into()
        ]
    );
    let node: Node = "db-2.test:5433".parse().unwrap();
    let error = Error::HoldsNoTenants(node);
    let remedies = error.remedies();
    let [_, Remedy::Sql(sql)] = remedies.as_slice() else {
        panic!("{error:?}")
    };
    assert_eq!(
        sql.statements,
        ["SELECT citus_set_node_property('db-2.test', 5433, 'shouldhaveshards', true)"]
    );
}

#[test]
fn a_command_that_would_refuse_the_name_is_not_advised() {
    for none in ["", "public", "pg_x", &"x".repeat(64)] {
        let odd = problem(none, ProblemKind::PendingMigrations(Vec::new()));
        let remedies = odd.remedies(&Registry::default());
        assert_eq!(remedies, [Advice::CorrectRow.into()], "{none}");
    }
    // One that is registered is taken, whatever the rule for new names says.
    let odd = problem("a; DROP", ProblemKind::PendingMigrations(Vec::new()));
    let name = TenantName::quoted("a; DROP").unwrap();
    let remedies = odd.remedies(&Registry::default());
    assert_eq!(remedies, [Command::MigrateTenant(name).into()]);
}

#[test]
fn dropping_a_tenant_is_never_advised_first() {
    let drop = Remedy::from(Command::DropTenant(name("acme")));
    let half_made = Error::HalfMade {
        schema: "tenant `acme`".to_owned(),
        name: "acme".to_owned(),
        is_spare: false,
        undo: Box::new(not_set_up()),
        source: Box::new(not_set_up()),
    };
    for remedies in [
        half_made.remedies(),
        Error::MissingSchema(name("acme")).remedies(),
        problem("acme", ProblemKind::MissingSchema).remedies(&Registry::default()),
    ] {
        assert!(remedies.contains(&drop), "{remedies:?}");
        assert_ne!(remedies.first(), Some(&drop));
    }
}
