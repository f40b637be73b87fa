//! A database whose tables were made by SQL, and the way to another `schema.rs`.

use schema_diff::{
    Answers, Catalog, Filter, Plan, PlanError, Proof, ProofError, Question, Schema, differences,
    plan, prove,
};
use test_support::TestDatabase;
use tokio_postgres::Client;

/// A scratch database with tables.
pub(crate) struct Fixture {
    pub(crate) database: TestDatabase,
    pub(crate) client: Client,
}

impl Fixture {
    /// Makes it, and runs `sql` there.
    pub(crate) async fn new(sql: &str) -> Self {
        let database = TestDatabase::new().await;
        let client = database.client().await;
        client.batch_execute(sql).await.unwrap();
        Self { database, client }
    }

    pub(crate) async fn catalog(&self) -> Catalog {
        Catalog::read(&self.client, "public").await.unwrap()
    }

    /// The plan from what is there to `file`.
    pub(crate) async fn plan(&self, file: &str, answers: &Answers) -> Result<Plan, PlanError> {
        let wanted = Schema::parse(file).unwrap();
        plan(&wanted, &self.catalog().await, &Filter::default(), answers)
    }

    /// Plans, and proves the plan.
    pub(crate) async fn proven(&mut self, file: &str, answers: &Answers) -> (Plan, Proof) {
        let found = self.plan(file, answers).await;
        let found = found.unwrap_or_else(|error| panic!("{error:#?}"));
        let proof = self.prove(file, &found).await;
        let proof = proof.unwrap_or_else(|error| {
            panic!(
                "{error}\n--- up\n{}\n--- down\n{}",
                found.up(),
                found.down()
            )
        });
        (found, proof)
    }

    /// Proves a plan.
    pub(crate) async fn prove(&mut self, file: &str, plan: &Plan) -> Result<Proof, ProofError> {
        let wanted = Schema::parse(file).unwrap();
        self.prove_of(&wanted, &Filter::default(), plan).await
    }

    /// Proves a plan for the tables that the filter leaves in.
    pub(crate) async fn prove_of(
        &mut self,
        wanted: &Schema,
        filter: &Filter,
        plan: &Plan,
    ) -> Result<Proof, ProofError> {
        let database = &self.database;
        let connect = async || Ok::<_, std::io::Error>(database.client().await);
        let client = &mut self.client;
        prove(client, &connect, "public", wanted, filter, plan).await
    }

    /// What `file` and the database disagree about.
    pub(crate) async fn differences(&self, file: &str) -> Vec<String> {
        let wanted = Schema::parse(file).unwrap();
        differences(&wanted, &self.catalog().await, &Filter::default())
    }
}

/// Answers made by options as they are typed, such as `--rename t.a:b`.
pub(crate) fn answers(options: &[&str]) -> Answers {
    let mut answers = Answers::default();
    for option in options {
        let (name, value) = option.split_once(' ').unwrap_or((option, ""));
        match name {
            "--rename" => answers.add_rename(value).unwrap(),
            "--default" => answers.add_default(value).unwrap(),
            "--using" => answers.add_conversion(value).unwrap(),
            "--enum" => answers.add_enum(value).unwrap(),
            "--type" => answers.add_type(value).unwrap(),
            "--allow-drop" => answers.allow_drop = true,
            "--no-identity" => answers.identity = false,
            other => panic!("there is no option {other}"),
        }
    }
    answers
}

/// Plans and proves the way from `before` to `file`; gives back both files.
pub(crate) async fn written(before: &str, file: &str, options: &[&str]) -> (String, String) {
    let (up, down, notes) = noted(before, file, options).await;
    assert_eq!(notes, [""; 0], "{up}");
    (up, down)
}

/// The same where the proof has something to say.
pub(crate) async fn noted(
    before: &str,
    file: &str,
    options: &[&str],
) -> (String, String, Vec<String>) {
    let mut fixture = Fixture::new(before).await;
    let (plan, proof) = fixture.proven(file, &answers(options)).await;
    assert_eq!(proof.broken, [""; 0], "{}", plan.up());
    let notes = proof.notes.into_iter().chain(proof.not_tried);
    (plan.up(), plan.down(), notes.collect())
}

pub(crate) async fn questions(before: &str, file: &str, answers: &Answers) -> Vec<Question> {
    match Fixture::new(before).await.plan(file, answers).await {
        Err(PlanError::Questions(questions)) => questions,
        other => panic!("{other:?}"),
    }
}
