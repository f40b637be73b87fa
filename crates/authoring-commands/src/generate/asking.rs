//! Asks the questions at the terminal, or names the options that answer them.

use anyhow::anyhow;
use command_line::exit::UsageError;
use command_line::invocation::Action;
use command_line::words::counted;
use command_line::{Context, Invocation, ask};
use schema_diff::{Answers, Question, Rename};

use crate::Stream;
use crate::advice::advised;

/// Answers the first of `questions`; an answer may settle others, too.
///
/// # Errors
///
/// A usage error that names the options if there is no terminal to ask in.
pub(super) fn answer(
    context: &Context,
    stream: Stream,
    questions: &[Question],
    answers: &mut Answers,
    invocation: &Invocation,
) -> anyhow::Result<()> {
    let reason = if context.output.is_json() {
        "--json asks nothing"
    } else if ask::is_possible() {
        ""
    } else {
        "there is no terminal"
    };
    if !reason.is_empty() {
        return Err(unanswered(reason, stream, questions, invocation));
    }
    match questions.first() {
        Some(question) => put(question, answers),
        None => Ok(()),
    }
}

/// The open questions, with the options that answer them.
fn unanswered(
    reason: &str,
    stream: Stream,
    questions: &[Question],
    invocation: &Invocation,
) -> anyhow::Error {
    let count = counted(questions.len(), "question");
    let what =
        format!("could not write the {stream} migration: {reason}, so {count} cannot be asked");
    let asked = questions.iter().map(ToString::to_string);
    let asked = asked.collect::<Vec<_>>().join("\n    ");
    let mut lines = vec!["Answer each question with an option.".to_owned()];
    for (option, meaning) in questions.iter().flat_map(Question::options) {
        let line = format!("{option}  {meaning}");
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    let is_gone = |question: &Question| {
        matches!(
            question,
            Question::GoneTable { .. } | Question::GoneColumn { .. }
        )
    };
    if questions.iter().any(is_gone) {
        let call = invocation.call(Action::PrintSchema(stream.name()));
        lines.push(format!("{call}  regenerate schema.rs first"));
    }
    anyhow!(UsageError(asked)).context(advised(what, &lines.join("\n")))
}

fn put(question: &Question, answers: &mut Answers) -> anyhow::Result<()> {
    let text = question.to_string();
    match question {
        Question::GoneTable { table, candidates } => {
            let renamed = renamed_or_dropped(&text, candidates)?;
            match renamed {
                Some(new) => answers.renames.push(Rename::Table {
                    old: table.clone(),
                    new,
                }),
                None => drop((answers.drops).insert((table.clone(), None))),
            }
        }
        Question::GoneColumn {
            table,
            column,
            candidates,
        } => match renamed_or_dropped(&text, candidates)? {
            Some(new) => answers.renames.push(Rename::Column {
                table: table.clone(),
                old: column.clone(),
                new,
            }),
            None => drop((answers.drops).insert((table.clone(), Some(column.clone())))),
        },
        Question::Default { table, column, .. } => {
            let prompt = format!("{text} Enter an SQL expression, such as 'text', 0 or now()");
            let place = (table.clone(), column.clone());
            answers.defaults.insert(place, ask::text(&prompt)?);
        }
        Question::Conversion {
            table,
            column,
            usual,
            ..
        } => {
            let place = (table.clone(), column.clone());
            answers.conversions.insert(place, conversion(&text, usual)?);
        }
        Question::Type { name } => {
            let prompt = format!("{text} Separate them by commas");
            answers.add_enum(&format!("{name}={}", ask::text(&prompt)?))?;
        }
    }
    Ok(())
}

/// The new name, or `None` for what is to be dropped.
fn renamed_or_dropped(question: &str, candidates: &[String]) -> anyhow::Result<Option<String>> {
    let mut items = candidates
        .iter()
        .map(|new| format!("renamed to `{new}`"))
        .collect::<Vec<_>>();
    // Enter alone must not drop anything.
    let stopped = items.len();
    items.push(STOP.to_owned());
    items.push("drop it with its data".to_owned());
    match ask::choose(question, &items)? {
        Some(chosen) if chosen != stopped => Ok(candidates.get(chosen).cloned()),
        _ => Err(stop()),
    }
}

/// The expression that converts values.
fn conversion(question: &str, usual: &str) -> anyhow::Result<String> {
    let items = [
        STOP.to_owned(),
        format!("as PostgreSQL converts them: {usual}"),
        "with another expression".to_owned(),
    ];
    match ask::choose(question, &items)? {
        Some(1) => Ok(usual.to_owned()),
        Some(2) => ask::text("Enter an SQL expression in which the column has its old value"),
        _ => Err(stop()),
    }
}

/// The answer that changes nothing.
const STOP: &str = "stop and write nothing";

fn stop() -> anyhow::Error {
    anyhow!(UsageError(
        "stopped at a question, so nothing was written".to_owned()
    ))
}
