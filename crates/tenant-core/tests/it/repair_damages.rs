//! Damage at random, several at once: after a repair no row is lost, the tenant works, and
//! what is not as it should be is what the repair has named.

use std::collections::BTreeSet;

use futures_util::StreamExt;
use tenant_core::{Change, LeftDifference, Mending, ProblemKind, Repair, Tenants};
use test_support::{TestDatabase, Trials, rounds};

use crate::drift::everything;
use crate::fixture::{Stream, create, name, tenants};

mod statements;

use statements::{BY_HAND, FILL, FROM_THE_CATALOG, MORE, ROWS, WORKS};

/// The most damages that are done at once.
const AT_ONCE: [usize; 6] = [1, 1, 2, 3, 4, 6];

fn rich() -> Stream {
    everything().with(MORE)
}

/// A tenant, and what is done to it.
struct Case {
    who: String,
    damages: Vec<String>,
}

#[tokio::test]
async fn random_damage_is_repaired_or_named_and_no_row_is_lost() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &rich()).await;
    database.execute(ROWS).await;
    create(&tenants, &["acme"]).await;
    let listed = FROM_THE_CATALOG.replace("SCHEMA", "acme");
    let listed = database.column(&listed).await.into_iter();
    let mut all = listed
        .map(|damage| damage.replace("acme.", ""))
        .collect::<Vec<_>>();
    all.extend(BY_HAND.iter().map(ToString::to_string));
    let mut trials = Trials::of("random damages");
    let cases = (0..rounds(40, 1000)).map(|number| {
        let count = *trials.one_of(&AT_ONCE);
        let damages = (0..count).map(|_| trials.one_of(&all).clone());
        Case {
            damages: damages.collect(),
            who: format!("hurt_{number}"),
        }
    });
    let cases = cases.collect::<Vec<_>>();
    let checked = cases.iter().map(async |case| {
        let wrong = check(&database, &tenants, case).await;
        tenants.drop_tenant(&name(&case.who)).await.unwrap();
        (case, wrong)
    });
    let mut checked = futures_util::stream::iter(checked).buffer_unordered(3);
    while let Some((case, (repair, wrong))) = checked.next().await {
        trials.count("tenants damaged", 1);
        trials.count("differences repaired", repair.mended.len());
        trials.count("left to people", repair.left.len());
        let failed = repair.left.iter().filter(|it| it.why.is_some());
        trials.count("of them tried", failed.count());
        trials.wrong(&case.damages.join("; "), &wrong);
    }
    trials.end();
}

/// Damages a tenant, repairs it, and says what is wrong with what came of it.
async fn check(database: &TestDatabase, tenants: &Tenants, case: &Case) -> (Repair, Vec<String>) {
    let who = &case.who;
    create(tenants, &[who]).await;
    let client = database.client().await;
    let path = format!("SET search_path TO {who}; {FILL}");
    client.batch_execute(&path).await.unwrap();
    for damage in &case.damages {
        // What an earlier one has taken away cannot be damaged any more.
        let _ = client.batch_execute(damage).await;
    }
    let rows = format!("SELECT public.rows_of('{who}')");
    let before = database.value(&rows).await;
    let tried = tenants.try_repair(&name(who)).await;
    let tried = tried.unwrap_or_else(|error| panic!("{:?}: {error:?}", case.damages));
    let repair = tenants.repair(&name(who)).await;
    let repair = repair.unwrap_or_else(|error| panic!("{:?}: {error:?}", case.damages));
    let mut wrong = Vec::new();
    if tried.statements != repair.statements {
        wrong.push("a try shows other statements".to_owned());
    }
    wrong.extend(lost(database, &before, &rows).await);
    wrong.extend(works(database, who, &repair.left).await);
    wrong.extend(unnamed(tenants, who, &repair.left).await);
    let again = tenants.repair(&name(who)).await.unwrap();
    if !again.statements.is_empty() {
        wrong.push(format!("a second repair did {:#?}", again.statements));
    }
    (repair, wrong)
}

/// What of the rows `before` is no longer among those that `rows` gives now.
async fn lost(database: &TestDatabase, before: &str, rows: &str) -> Option<String> {
    let (before, after) = (
        tenant_core::quote_literal(before),
        tenant_core::quote_literal(&database.value(rows).await),
    );
    let lost = format!(
        "SELECT coalesce(string_agg(key || ': ' || value, ' '), '') FROM jsonb_each({before}::jsonb) \
         WHERE (NOT value <@ ({after}::jsonb -> key)) IS NOT FALSE"
    );
    let lost = database.value(&lost).await;
    (!lost.is_empty()).then(|| format!("lost {lost}"))
}

/// What does not work, and no difference that is left explains.
async fn works(database: &TestDatabase, who: &str, left: &[LeftDifference]) -> Vec<String> {
    let client = database.client().await;
    let path = format!("SET search_path TO {who}");
    client.batch_execute(&path).await.unwrap();
    let names = named(left);
    let mut wrong = Vec::new();
    for (tables, works) in WORKS {
        let sql = format!("BEGIN; {works}; SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK");
        let Err(error) = client.batch_execute(&sql).await else {
            continue;
        };
        client.batch_execute("ROLLBACK").await.unwrap();
        let message = error.as_db_error().map(ToString::to_string);
        let is_explained = tables.split(' ').any(|table| names.contains(table));
        if !is_explained {
            wrong.push(format!(
                "works no more: {works}: {message:?}, left: {names:?}"
            ));
        }
    }
    wrong
}

/// The tables and other objects that differences are about.
fn named(left: &[LeftDifference]) -> BTreeSet<String> {
    let names = left.iter().flat_map(|it| {
        let object = &it.difference.object;
        let name = object.name.split('(').next().unwrap_or_default();
        [object.table.clone(), Some(name.to_owned())]
    });
    names.flatten().collect()
}

/// What a check finds beside what the repair has left, and what it says that a repair does.
async fn unnamed(tenants: &Tenants, who: &str, left: &[LeftDifference]) -> Vec<String> {
    let health = tenants.health().only([name(who)]).await.unwrap();
    let words = left.iter().map(|it| it.difference.to_string());
    let words = words.collect::<BTreeSet<_>>();
    let found = health.problems.iter().map(|it| it.kind.to_string());
    let found = found.collect::<BTreeSet<_>>();
    let mut wrong = Vec::new();
    if words != found {
        wrong.push(format!("left {words:#?}, found {found:#?}"));
    }
    for it in left {
        if it.difference.mending() == Mending::Adds && it.why.is_none() {
            wrong.push(format!("was not tried: {}", it.difference));
        }
    }
    for problem in &health.problems {
        if let ProblemKind::Drift(it) = &problem.kind
            && it.change == Change::Missing
            && it.mending() == Mending::Adds
            && !left.iter().any(|left| left.difference == **it)
        {
            wrong.push(format!("could be repaired: {it}"));
        }
    }
    wrong
}
