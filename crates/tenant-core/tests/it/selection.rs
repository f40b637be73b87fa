//! Which tenants a call is about: an empty list of names is no tenant.

use tenant_core::{ProblemKind, RollbackTo, Selection, Settings, Status, TenantName};
use test_support::TestDatabase;

use crate::fixture::{create, name, open, rollback_with, tenants, two_steps_and_back};

/// What a program can compute.
const NOBODY: [TenantName; 0] = [];

#[tokio::test]
async fn a_run_over_no_names_changes_nobody_and_no_spare() {
    let database = TestDatabase::new().await;
    let old = tenants(&database, &two_steps_and_back()).await;
    create(&old, &["acme"]).await;
    old.spares().keep(1).await.unwrap();
    let stream = two_steps_and_back().with("CREATE TABLE more (id int);");
    let stream = stream.back("DROP TABLE more;");
    let new = open(&database, &stream, Settings::default()).await;

    let report = new.migrate().only(NOBODY).await.unwrap();
    assert!(report.outcomes.is_empty() && report.spares.is_empty());
    assert_eq!(new.list().await.unwrap()[0].pending, Some(1));
    assert_eq!(new.spares().count().await.unwrap().ready, 0);

    new.migrate().await.unwrap();
    let everything = new.plan_rollback().to(RollbackTo::Nothing);
    let plan = everything.only(NOBODY).await.unwrap();
    assert_eq!((plan.tenants(), plan.migrations().len()), (0, 0));
    let report = new.rollback(plan).await.unwrap();
    assert!(report.outcomes.is_empty() && report.spares.is_empty());
    assert_eq!(new.list().await.unwrap()[0].pending, Some(0));
    assert_eq!(new.spares().count().await.unwrap().ready, 1);

    let selected = new.plan_rollback().select(Selection::from(name("acme")));
    let report = rollback_with(&new, selected).await.unwrap();
    assert_eq!(report.count(Status::Reverted), 1, "{report:?}");
}

#[tokio::test]
async fn a_check_of_no_names_does_not_come_out_healthy() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps_and_back()).await;
    // Without any tenant, all of them are well.
    assert!(tenants.health().await.unwrap().problems.is_empty());
    create(&tenants, &["acme"]).await;
    for check in [tenants.health(), tenants.health().quick()] {
        let health = check.only(NOBODY).await.unwrap();
        assert_eq!(health.checked, 0);
        let [problem] = health.problems.as_slice() else {
            panic!("{health:?}")
        };
        assert!(matches!(problem.kind, ProblemKind::NothingSelected));
        assert_eq!(problem.tenant, None);
    }
    let nobody = Selection::only(NOBODY);
    assert!(tenants.standings(nobody).await.unwrap().is_empty());
}
