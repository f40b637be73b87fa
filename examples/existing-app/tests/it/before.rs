//! What the application did before it moved in: its own loop with Diesel's harness.

use anyhow::anyhow;
use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel_migrations::MigrationHarness as _;
use existing_app::{PUBLIC, TENANT};
use tenant_core::{quote_ident, quote_literal};

use crate::fixture::Blocking;

/// The rows of an organization: everything that a sample has.
const ROWS: &str = "
    INSERT INTO members (email, name, role) VALUES
        ('Owner@acme.example', 'Olga Owner', 'owner'), ('ed@acme.example', 'Ed Editor', 'editor');
    INSERT INTO templates SELECT * FROM public.board_templates;
    INSERT INTO boards (name, visibility) SELECT name, 'link' FROM templates ORDER BY position;
    INSERT INTO board_columns (board_id, name, position) SELECT id, 'Next', 1 FROM boards;
    INSERT INTO cards (column_id, title, position, due_on)
        SELECT id, 'Card for the quarterly review', 1, '2026-11-29' FROM board_columns;
    INSERT INTO labels (name, color) VALUES ('Urgent', '#e03131');
    INSERT INTO card_labels SELECT cards.id, labels.id FROM cards, labels;
    INSERT INTO comments (card_id, author_id, body) SELECT id, 1, 'A comment' FROM cards;
    INSERT INTO activity (card_id, action, details) SELECT id, 'created', '{\"by\": 1}' FROM cards;
    INSERT INTO attachments (card_id, file_name, size_bytes) VALUES (1, 'plan.pdf', 1024);
    INSERT INTO digests VALUES ('2026-11-29', 3, 0, 3)";

/// Migrates the public schema, and signs up each organization with rows.
pub(crate) fn fill(url: &str, slugs: &[String]) -> anyhow::Result<()> {
    let mut connection = <Blocking as diesel::Connection>::establish(url)?;
    let public = connection.run_pending_migrations(PUBLIC).map(drop);
    public.map_err(|error| anyhow!(error))?;
    slugs
        .iter()
        .try_for_each(|slug| sign_up(&mut connection, slug))
}

fn sign_up(connection: &mut Blocking, slug: &str) -> anyhow::Result<()> {
    connection.transaction(|connection| {
        let (schema, slug) = (quote_ident(&format!("org_{slug}")), quote_literal(slug));
        connection.batch_execute(&format!(
            "INSERT INTO public.organizations (slug, name) VALUES ({slug}, {slug});
             CREATE SCHEMA {schema};
             SET search_path TO {schema}, public"
        ))?;
        let run = connection.run_pending_migrations(TENANT).map(drop);
        run.map_err(|error| anyhow!(error))?;
        Ok(connection.batch_execute(ROWS)?)
    })
}
