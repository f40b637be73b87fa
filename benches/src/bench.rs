//! The measurements, in rounds in which the two sides take turns.

use tokio_postgres::Client;

use crate::arguments::{Measure, Plan, Side, Task};
use crate::figures::Runs;
use crate::server::Server;
use crate::{child, output, prepare, query};

/// What changes the database: on a fresh one in each round.
const WRITING: [Measure; 3] = [Measure::Create, Measure::Migrate, Measure::Claim];

/// What only reads: on one fleet, which takes minutes to make.
const READING: [Measure; 3] = [Measure::Pending, Measure::Health, Measure::Shapes];

/// What an application does with a pool, on a separate set of tenants.
const QUERYING: [Measure; 4] = [
    Measure::Query,
    Measure::Floor,
    Measure::Types,
    Measure::Session,
];

/// Measures everything, on a server that is gone afterwards.
pub(crate) async fn run(plan: &Plan) -> anyhow::Result<Vec<Runs>> {
    let server = Server::start()?;
    let admin = server.connect().await?;
    let mut all = Vec::new();
    let bench = Bench {
        plan,
        server: &server,
        admin: &admin,
    };
    all.extend(bench.writing().await?);
    all.extend(bench.reading().await?);
    all.extend(bench.querying().await?);
    output::note("Stopping the server and removing its folder ...");
    Ok(all)
}

struct Bench<'a> {
    plan: &'a Plan,
    server: &'a Server,
    admin: &'a Client,
}

impl Bench<'_> {
    async fn writing(&self) -> anyhow::Result<Vec<Runs>> {
        let mut all = WRITING.map(Runs::new);
        output::note(&format!(
            "Creating {} tenants, and more ...",
            self.plan.tenants
        ));
        for round in 0..self.plan.rounds {
            for side in order(round) {
                prepare::fresh(self.server, self.admin, database(side)).await?;
            }
            for runs in &mut all {
                for side in order(round) {
                    let url = self.server.url(database(side));
                    self.measure(runs, side, round, &url, self.plan.tenants)
                        .await?;
                }
            }
        }
        for side in order(0) {
            prepare::remove(self.admin, database(side)).await?;
        }
        Ok(all.into())
    }

    async fn reading(&self) -> anyhow::Result<Vec<Runs>> {
        let mut all = READING.map(Runs::new);
        let (size, jobs) = (self.plan.fleet, self.plan.jobs);
        output::note(&format!("Making a fleet of {size} tenants ..."));
        prepare::fresh(self.server, self.admin, "fleet").await?;
        let url = self.server.url("fleet");
        prepare::fleet(&url, size, jobs).await?;
        for round in 0..self.plan.rounds {
            for runs in &mut all {
                for side in order(round) {
                    self.measure(runs, side, round, &url, size).await?;
                }
            }
        }
        Ok(all.into())
    }

    async fn querying(&self) -> anyhow::Result<Vec<Runs>> {
        let mut all = QUERYING.map(Runs::new);
        output::note("Querying tenants ...");
        prepare::fresh(self.server, self.admin, "queried").await?;
        let url = self.server.url("queried");
        query::prepare(&url).await?;
        for round in 0..self.plan.rounds {
            for runs in &mut all {
                for side in order(round) {
                    self.measure(runs, side, round, &url, self.plan.queries)
                        .await?;
                }
            }
        }
        prepare::remove(self.admin, "queried").await?;
        Ok(all.into())
    }

    async fn measure(
        &self,
        runs: &mut Runs,
        side: Side,
        round: usize,
        url: &str,
        tenants: usize,
    ) -> anyhow::Result<()> {
        if runs.measure() == Measure::Migrate {
            prepare::tidy(url).await?;
        }
        prepare::settle(self.admin).await?;
        let task = Task {
            measure: runs.measure(),
            side,
            url: url.to_owned(),
            tenants,
            jobs: self.plan.jobs,
        };
        let sample = child::run(&task).await?;
        let (round, rounds) = (round + 1, self.plan.rounds);
        let (measure, name) = (task.measure.name(), side.name());
        let seconds = sample.seconds;
        output::note(&format!(
            "{round}/{rounds} {measure}, {name}: {seconds:.3} s"
        ));
        runs.add(side, sample);
        Ok(())
    }
}

/// Who goes first takes turns too: the second finds the server's memory warm.
fn order(round: usize) -> [Side; 2] {
    if round.is_multiple_of(2) {
        [Side::Ours, Side::Plain]
    } else {
        [Side::Plain, Side::Ours]
    }
}

fn database(side: Side) -> &'static str {
    match side {
        Side::Ours => "by_ours",
        Side::Plain => "by_plain",
    }
}
