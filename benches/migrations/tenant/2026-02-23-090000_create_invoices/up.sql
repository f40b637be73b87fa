CREATE TABLE invoices (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    issued_on DATE NOT NULL DEFAULT current_date,
    due_on DATE NOT NULL,
    paid_at TIMESTAMPTZ,
    currency TEXT NOT NULL DEFAULT 'EUR' CHECK (length(currency) = 3),
    CONSTRAINT invoices_due_behind_issue CHECK (due_on >= issued_on)
);

CREATE INDEX invoices_account_idx ON invoices (account_id, issued_on DESC);
CREATE INDEX invoices_unpaid_idx ON invoices (due_on) WHERE paid_at IS NULL;

CREATE TABLE invoice_lines (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    invoice_id BIGINT NOT NULL REFERENCES invoices (id) ON DELETE CASCADE,
    place BIGINT NOT NULL,
    wording TEXT NOT NULL,
    quantity NUMERIC(12, 3) NOT NULL DEFAULT 1 CHECK (quantity > 0),
    unit_price_cents BIGINT NOT NULL,
    UNIQUE (invoice_id, place)
);
