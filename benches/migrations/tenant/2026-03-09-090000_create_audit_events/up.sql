CREATE TABLE audit_events (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    actor_id BIGINT REFERENCES accounts (id) ON DELETE SET NULL,
    subject TEXT NOT NULL,
    subject_id BIGINT NOT NULL,
    detail JSONB NOT NULL DEFAULT '{}',
    occurred_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE INDEX audit_events_subject_idx ON audit_events (subject, subject_id);
CREATE INDEX audit_events_time_idx ON audit_events USING brin (occurred_at);

CREATE VIEW unpaid_invoices AS
    SELECT i.id, i.number, i.due_on, a.email,
           sum(l.quantity * l.unit_price_cents) AS total_cents
    FROM invoices i
    JOIN accounts a ON a.id = i.account_id
    LEFT JOIN invoice_lines l ON l.invoice_id = i.id
    WHERE i.paid_at IS NULL
    GROUP BY i.id, a.email;
