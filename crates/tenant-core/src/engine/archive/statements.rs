//! Questions whose answers are statements.

use crate::Error;
use crate::engine::script::Script;
use crate::engine::send::ask;
use crate::engine::work::Work;

/// The first two columns of what `query` gives.
pub(super) async fn texts(
    work: Work<'_>,
    action: &'static str,
    query: &str,
) -> Result<Vec<[String; 2]>, Error> {
    let mut script = Script::default();
    script.step(action, query);
    let rows = ask(work, &script).await?;
    let texts = rows.iter().map(|row| {
        let text = |column| row.get(column).unwrap_or_default().to_owned();
        [text(0), text(1)]
    });
    Ok(texts.collect())
}
