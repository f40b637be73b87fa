//! The spans, and the work that is done in them.

use std::time::{Duration, Instant};

use futures_util::{FutureExt, future};
use tracing::{Instrument, Span, info_span};

use super::{End, TARGET, call_ended, schema_begun, schema_ended};
use crate::name::Schema;
use crate::report::Outcome;
use crate::{Answer, Error};

/// The owner of the schema that an event is about. The public schema has no owner.
#[derive(Clone, Copy)]
pub(crate) struct Whose<'a> {
    pub(super) tenant: Option<&'a str>,
    pub(super) spare: Option<&'a str>,
}

impl<'a> Whose<'a> {
    /// The tenant `name`. Text, because a row of the registry may contain an invalid name.
    pub(crate) fn tenant(name: &'a str) -> Self {
        Self {
            tenant: Some(name),
            spare: None,
        }
    }

    fn span(self) -> Span {
        match (self.tenant, self.spare) {
            (Some(tenant), _) => info_span!(target: TARGET, "tenant", tenant),
            (None, Some(spare)) => info_span!(target: TARGET, "spare", spare),
            (None, None) => Span::none(),
        }
    }
}

impl Whose<'_> {
    /// The same, once it is told in it that the work begins.
    fn span_of_work(self) -> Span {
        let span = self.span();
        span.in_scope(|| schema_begun(self));
        span
    }
}

impl<'a> From<Schema<'a>> for Whose<'a> {
    fn from(schema: Schema<'a>) -> Self {
        match schema {
            Schema::Tenant(_) => Self::tenant(schema.key()),
            Schema::Spare(name) => Self {
                tenant: None,
                spare: Some(name.as_str()),
            },
            Schema::Public | Schema::Rehearsal(_) => Self {
                tenant: None,
                spare: None,
            },
        }
    }
}

/// The calls, each with the name of its span.
macro_rules! calls {
    ($($call:ident = $name:literal,)+) => {
        /// A call on [`Tenants`](crate::Tenants).
        #[derive(Clone, Copy)]
        pub(crate) enum Call {
            $($call,)+
        }

        impl Call {
            pub(super) fn name(self) -> &'static str {
                match self {
                    $(Self::$call => $name,)+
                }
            }

            fn span(self) -> Span {
                match self {
                    $(Self::$call => info_span!(target: TARGET, $name),)+
                }
            }
        }
    };
}

calls! {
    Open = "open",
    MigratePublic = "migrate_public",
    Migrate = "migrate",
    Create = "create",
    CreateAll = "create_all",
    CloneTenant = "clone_tenant",
    Export = "export",
    Import = "import",
    Rename = "rename",
    MoveTenant = "move_tenant",
    Distribute = "distribute",
    DropTenant = "drop_tenant",
    Suspend = "suspend",
    Resume = "resume",
    Contents = "contents",
    List = "list",
    Standings = "standings",
    UrlOf = "url_of",
    Health = "health",
    Repair = "repair",
    Adopt = "adopt",
    Compare = "compare",
    Spares = "spares",
    KeepSpares = "keep_spares",
    PlanRollback = "plan_rollback",
    Rollback = "rollback",
    Squash = "squash",
    AcceptEdits = "accept_edits",
}

// None of these is an `async` block: a block that awaits its argument holds it
// twice. The span begins when the call is awaited, and not when it is made.
impl Call {
    /// Does the work of a call, and tells how it ended.
    pub(crate) fn tell<'a, T: 'a>(
        self,
        work: impl Future<Output = Result<T, Error>> + Send + 'a,
    ) -> Answer<'a, Result<T, Error>> {
        let told = future::lazy(move |_| self.tell_in(self.span(), work));
        told.flatten().boxed()
    }

    /// Does the work of a call that is about one schema and leaves it as it is.
    pub(crate) fn tell_about<'a, T: 'a>(
        self,
        schema: Schema<'a>,
        work: impl Future<Output = Result<T, Error>> + Send + 'a,
    ) -> Answer<'a, Result<T, Error>> {
        let told = future::lazy(move |_| {
            let call = self.span();
            let about = call.in_scope(|| Whose::from(schema).span());
            self.tell_in(call, work.instrument(about))
        });
        told.flatten().boxed()
    }

    fn tell_in<T>(
        self,
        span: Span,
        work: impl Future<Output = Result<T, Error>>,
    ) -> impl Future<Output = Result<T, Error>> {
        let started = Instant::now();
        let tell = move |done: Result<T, Error>| {
            call_ended(self, done.as_ref().err(), started.elapsed());
            done
        };
        work.map(tell).instrument(span)
    }

    /// Does the work of a call that changes one schema, and tells how that ended.
    pub(crate) fn tell_of<'a, T: 'a>(
        self,
        schema: Schema<'a>,
        work: impl Future<Output = Result<T, Error>> + Send + 'a,
    ) -> Answer<'a, Result<T, Error>>
    where
        for<'b> End<'b>: From<&'b T>,
    {
        let told = future::lazy(move |_| {
            let started = Instant::now();
            let whose = Whose::from(schema);
            let tell = move |done: Result<T, Error>| {
                schema_ended(whose, End::of(&done, started.elapsed()));
                done
            };
            let call = self.span();
            let of = call.in_scope(|| whose.span_of_work());
            work.map(tell).instrument(of).instrument(call)
        });
        told.flatten().boxed()
    }
}

/// Tells how the creation of a tenant ended that had the application's work in it.
pub(crate) fn created_with(schema: Schema<'_>, done: Result<&Outcome, &Error>, duration: Duration) {
    let end = match done {
        Ok(outcome) => End {
            duration,
            ..End::from(outcome)
        },
        Err(error) => End::failed(error, duration),
    };
    let whose = Whose::from(schema);
    let call = Call::Create.span();
    let of = call.in_scope(|| whose.span_of_work());
    call.in_scope(|| of.in_scope(|| schema_ended(whose, end)));
}

/// Does a part of a run that is about one schema, and tells how that ended.
pub(crate) fn tell_of_one(
    schema: Schema<'_>,
    work: impl Future<Output = Outcome>,
) -> impl Future<Output = Outcome> {
    let whose = Whose::from(schema);
    let tell = move |outcome| {
        schema_ended(whose, &outcome);
        outcome
    };
    work.map(tell).instrument(whose.span_of_work())
}
