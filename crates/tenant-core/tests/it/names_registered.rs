//! Registered names that no new tenant may have, and schemas that may be another tenant's.

use tenant_core::remedy::{Command, Remedy};
use tenant_core::{
    Error, Naming, ProblemKind, Registry, Removed, Settings, Status, TenantName, Tenants, UnfitRow,
};
use test_support::TestDatabase;

use crate::fixture::{create, name, open, tenants, two_steps, two_steps_and_back};

fn odd() -> TenantName {
    TenantName::quoted("Big-Bang, Inc.").unwrap()
}

/// A tenant with a name that the rule does not allow, as an older program or a pattern has left
/// it.
async fn with_odd_name(database: &TestDatabase) -> Tenants {
    let stream = two_steps_and_back();
    let free = tenants(database, &stream).await;
    let any = Registry::default().naming(Naming::same().allowing(".*").unwrap());
    let any = free.listed_in(any).await.unwrap();
    any.create(&odd()).await.unwrap();
    create(&free, &["acme"]).await;
    free
}

#[tokio::test]
async fn a_registered_name_that_breaks_the_rule_is_used_like_any_other() {
    let database = TestDatabase::new().await;
    let tenants = with_odd_name(&database).await;
    let odd = odd();
    assert_eq!(tenants.existing_name(odd.as_str()).await.unwrap(), odd);
    let health = tenants.health().await.unwrap();
    assert!(health.is_healthy(), "{health:?}");
    let plan = tenants.plan_rollback().only([odd.clone()]).await.unwrap();
    tenants.rollback(plan).await.unwrap();
    let report = tenants.migrate().only([odd.clone()]).await.unwrap();
    assert_eq!(report.count(Status::Migrated), 1, "{report:?}");
    let url = tenants.url_of(&odd).await.unwrap();
    assert!(url.contains("Big-Bang"), "{url}");
    let pool = tenants.pool().open().await.unwrap();
    pool.tenant(&odd).await.unwrap().commit().await.unwrap();
    database
        .execute("ALTER TABLE \"Big-Bang, Inc.\".tasks DROP COLUMN due")
        .await;
    tenants.repair(&odd).await.unwrap();
    tenants.clone_tenant(&odd, &name("copy")).await.unwrap();
    tenants.rename(&odd, &name("big_bang")).await.unwrap();
    assert!(tenants.health().await.unwrap().is_healthy());
    // Nobody gets such a name anew.
    let back = tenants.rename(&name("big_bang"), &odd).await.unwrap_err();
    assert!(matches!(back, Error::InvalidName(_)), "{back:?}");
    let unknown = tenants.existing_name(odd.as_str()).await.unwrap_err();
    assert!(matches!(unknown, Error::InvalidName(_)), "{unknown:?}");
}

#[tokio::test]
async fn a_registered_name_that_breaks_the_rule_can_be_dropped_with_or_without_its_schema() {
    let database = TestDatabase::new().await;
    let tenants = with_odd_name(&database).await;
    assert_eq!(tenants.contents(&odd()).await.unwrap().tables.len(), 1);
    assert_eq!(tenants.drop_tenant(&odd()).await.unwrap(), Removed::Tenant);
    database
        .execute("INSERT INTO schema_tracker (name) VALUES ('no-name')")
        .await;
    let mistake = TenantName::quoted("no-name").unwrap();
    let health = tenants.health().await.unwrap();
    assert_eq!(health.problems[0].kind.code(), "invalid_name");
    let removed = tenants.drop_tenant(&mistake).await.unwrap();
    assert_eq!(removed, Removed::RegistrationOnly);
    assert!(tenants.health().await.unwrap().is_healthy());
}

#[tokio::test]
async fn the_advice_about_an_owner_names_the_schema_and_not_the_tenant() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    let free = tenants(&database, &stream).await;
    let template = Naming::template("org_{name}").unwrap();
    let any = template.clone().allowing(".*").unwrap();
    let any = free
        .listed_in(Registry::default().naming(any))
        .await
        .unwrap();
    for text in ["one", "two", "Big Bang"] {
        any.create(&TenantName::quoted(text).unwrap())
            .await
            .unwrap();
    }
    let role = database.role("secret").await;
    let role = role.name();
    let give = format!("ALTER SCHEMA \"org_Big Bang\" OWNER TO {role}");
    database.execute(&give).await;
    let settings = Settings {
        application_role: Some(role.to_owned()),
        ..Settings::default()
    };
    let strict = open(&database, &stream, settings).await;
    let strict = strict.listed_in(Registry::default().naming(template)).await;
    let strict = strict.unwrap();
    let health = strict.health().await.unwrap();
    let owner = health.problems.iter().find(|problem| {
        let is_owner = matches!(problem.kind, ProblemKind::ForeignOwner { .. });
        is_owner && problem.tenant.as_deref() == Some("Big Bang")
    });
    let remedies = owner.unwrap().remedies(strict.registry());
    let [Remedy::Sql(sql)] = remedies.as_slice() else {
        panic!("{remedies:?}")
    };
    assert!(
        sql.statements[0].starts_with("ALTER SCHEMA \"org_Big Bang\" OWNER TO"),
        "{sql:?}"
    );
    for statement in &sql.statements {
        database.execute(statement).await;
    }
    let health = strict.health().await.unwrap();
    let mut kinds = health.problems.iter().map(|problem| problem.kind.code());
    assert!(kinds.all(|kind| kind == "no_access"), "{health:?}");
}

/// Two tenants, and a template that was set when they had their schemas already.
async fn with_late_template(database: &TestDatabase) -> Tenants {
    let before = tenants(database, &two_steps()).await;
    create(&before, &["acme", "org_acme"]).await;
    let naming = Naming::template("org_{name}").unwrap();
    before
        .listed_in(Registry::default().naming(naming))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_template_that_is_set_later_drops_no_other_tenant() {
    let database = TestDatabase::new().await;
    let tenants = with_late_template(&database).await;
    let acme = name("acme");
    for refused in [
        tenants.drop_tenant(&acme).await.map(drop),
        tenants.contents(&acme).await.map(drop),
        tenants.rename(&acme, &name("new")).await.map(drop),
        tenants.clone_tenant(&acme, &name("new")).await.map(drop),
        tenants.adopt(&acme).await.map(drop),
    ] {
        let Err(Error::UnfitRow(unfit)) = &refused else {
            panic!("{refused:?}")
        };
        assert!(matches!(**unfit, UnfitRow::Doubtful { .. }));
        assert_eq!(
            unfit.to_string(),
            "the schema `org_acme` may not belong to tenant `acme`: it has the name of tenant `org_acme`, whose own schema `org_org_acme` does not exist"
        );
    }
    assert_eq!(database.schemas().await, ["acme", "org_acme"]);
    let health = tenants.health().await.unwrap();
    let codes = health
        .problems
        .iter()
        .map(|it| (it.tenant.as_deref(), it.kind.code()));
    let codes = codes.collect::<Vec<_>>();
    assert!(
        codes.contains(&(Some("acme"), "shared_schema")),
        "{codes:?}"
    );
    // With the schemas renamed to what the template makes, all is well.
    database
        .execute(
            "ALTER SCHEMA org_acme RENAME TO org_org_acme; ALTER SCHEMA acme RENAME TO org_acme",
        )
        .await;
    let health = tenants.health().await.unwrap();
    assert!(health.is_healthy(), "{health:?}");
    tenants.drop_tenant(&acme).await.unwrap();
    assert_eq!(database.schemas().await, ["org_org_acme"]);
}

#[tokio::test]
async fn a_tenant_that_has_its_old_schema_still_is_not_to_be_dropped_from_the_list() {
    let database = TestDatabase::new().await;
    let tenants = with_late_template(&database).await;
    let health = tenants.health().await.unwrap();
    let missing = health.problems.iter();
    let missing = missing.filter(|it| it.tenant.as_deref() == Some("org_acme"));
    for problem in missing {
        let remedies = problem.remedies(tenants.registry());
        let drop = Command::DropTenant(name("org_acme")).into();
        assert!(!remedies.contains(&drop), "{problem:?} {remedies:?}");
    }
}
