//! What several calls are told before they are awaited, written once.

/// Writes methods of a call: `select` and `only`, `jobs`, `max_failures`, `stop`,
/// `dry_run`, `observe`.
macro_rules! setter {
    (select) => {
        /// Selects tenants. The default is all of them.
        pub fn select(mut self, select: $crate::Selection) -> Self {
            self.select = select;
            self
        }

        /// Only the tenants with these names; no tenant when there are no names.
        pub fn only<N: Into<$crate::TenantName>>(self, names: impl IntoIterator<Item = N>) -> Self {
            self.select($crate::Selection::only(names))
        }
    };
    (jobs: $default:literal) => {
        /// Uses at most this many connections, and fewer if the server has fewer left.
        #[doc = concat!("The default is ", $default, ".")]
        pub fn jobs(mut self, jobs: usize) -> Self {
            let jobs = std::num::NonZeroUsize::new(jobs);
            self.pace.jobs = jobs.or(Some(std::num::NonZeroUsize::MIN));
            self
        }
    };
    (max_failures) => {
        /// Starts no further tenant after this many failures.
        pub fn max_failures(mut self, failures: usize) -> Self {
            self.pace.max_failures = Some(failures);
            self
        }
    };
    (stop) => {
        /// Ends the run early once `stop` is requested.
        pub fn stop(mut self, stop: &'a $crate::Stop) -> Self {
            self.pace.stop = stop;
            self
        }
    };
    (dry_run) => {
        /// Only reports what there is to do.
        pub fn dry_run(mut self) -> Self {
            self.dry_run = true;
            self
        }
    };
    (observe: $what:ty) => {
        /// Calls `observe` as the run progresses. The run waits until `observe` returns.
        pub fn observe(mut self, observe: impl Fn(&$what) + Send + Sync + 'a) -> Self {
            self.observe = Box::new(observe);
            self
        }
    };
}

pub(super) use setter;
