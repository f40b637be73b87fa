//! Problems that say of another one what it says itself.

use std::collections::HashSet;

use super::problem::{Problem, ProblemKind};

/// Leaves out what another problem says better.
pub(crate) fn tell_once(problems: &mut Vec<Problem>) {
    leave_out_owners(problems);
    leave_out_grants(problems);
    leave_out_pending(problems);
    leave_out_half_made(problems);
}

/// A history without entries, of which it is said already that the registry knows them.
fn leave_out_half_made(problems: &mut Vec<Problem>) {
    let recorded = problems.iter();
    let recorded = recorded.filter(|it| matches!(it.kind, ProblemKind::RecordedOnly(_)));
    let recorded = recorded.filter_map(|it| it.tenant.clone());
    let recorded = recorded.collect::<HashSet<_>>();
    problems.retain(|it| {
        let is_told = it.tenant.as_ref().is_some_and(|it| recorded.contains(it));
        !(is_told && matches!(it.kind, ProblemKind::HalfMade))
    });
}

/// Leaves out the grants that the application's role lacks, of tenants of which it is
/// said already that this role cannot read them.
fn leave_out_grants(problems: &mut Vec<Problem>) {
    let told = problems.iter().filter_map(|problem| match &problem.kind {
        ProblemKind::NoAccess { role, .. } => Some((problem.tenant.clone(), role.clone())),
        _ => None,
    });
    let told = told.collect::<HashSet<_>>();
    problems.retain(|problem| {
        let ProblemKind::Drift(difference) = &problem.kind else {
            return true;
        };
        let mut told = told.iter().filter(|(tenant, _)| *tenant == problem.tenant);
        !told.any(|(_, role)| difference.is_only_of_grants_to(role))
    });
}

/// Leaves out whom objects belong to in schemas that belong to the wrong role themselves:
/// the objects are compared with that role, and it is not the one to hand them to.
fn leave_out_owners(problems: &mut Vec<Problem>) {
    let foreign = problems
        .iter()
        .filter(|it| matches!(it.kind, ProblemKind::ForeignOwner { .. }));
    let foreign = foreign.filter_map(|it| it.tenant.clone());
    let foreign = foreign.collect::<HashSet<_>>();
    problems.retain(|it| {
        let is_foreign = it.tenant.as_ref().is_some_and(|it| foreign.contains(it));
        let is_of_owner =
            matches!(&it.kind, ProblemKind::Drift(difference) if difference.is_about_owner());
        !(is_foreign && is_of_owner)
    });
}

/// Where the record of migrations is lost, migrating would meet what is there: it is no
/// remedy.
fn leave_out_pending(problems: &mut Vec<Problem>) {
    let half_made = problems.iter().filter(|it| {
        let kind = &it.kind;
        matches!(kind, ProblemKind::HalfMade | ProblemKind::ForeignObjects)
    });
    let half_made = half_made.filter_map(|it| it.tenant.clone());
    let half_made = half_made.collect::<HashSet<_>>();
    problems.retain(|it| {
        let is_half_made = it.tenant.as_ref().is_some_and(|it| half_made.contains(it));
        !(is_half_made && matches!(it.kind, ProblemKind::PendingMigrations(_)))
    });
}
