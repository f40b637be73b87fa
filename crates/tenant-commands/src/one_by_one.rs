//! A call of the library for each of several tenants, at the same time.

use command_line::Invocation;
use command_line::json::ErrorDetail;
use tenant_core::{Error, TenantName, Tenants};
use tokio::task::JoinSet;

/// What came of one tenant.
pub(crate) struct Done<T> {
    pub(crate) name: String,
    pub(crate) result: Result<T, Error>,
}

impl<T> Done<T> {
    /// The tenant and its error, if it failed.
    pub(crate) fn failure(&self) -> Option<(&str, &Error)> {
        let error = self.result.as_ref().err()?;
        Some((self.name.as_str(), error))
    }

    /// The same for a document.
    pub(crate) fn detail(&self, invocation: &Invocation) -> Option<ErrorDetail> {
        let error = self.result.as_ref().err()?;
        Some(ErrorDetail::of(error, invocation))
    }
}

/// Makes the call for each; the results are in the order of the names. The library has a bounded
/// number of connections, which the calls share.
pub(crate) async fn for_each_of<T, F>(
    names: &[TenantName],
    tenants: &Tenants,
    call: impl Fn(Tenants, TenantName) -> F,
) -> Vec<Done<T>>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Error>> + Send + 'static,
{
    let mut calls = JoinSet::new();
    for name in names {
        let made = call(tenants.clone(), name.clone());
        let name = name.to_string();
        calls.spawn(async move {
            Done {
                result: made.await,
                name,
            }
        });
    }
    let mut done = calls.join_all().await;
    done.sort_by(|one, other| one.name.cmp(&other.name));
    done
}
