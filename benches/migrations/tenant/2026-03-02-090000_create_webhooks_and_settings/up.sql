CREATE TABLE webhooks (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target_url TEXT NOT NULL CHECK (target_url LIKE 'https://%'),
    topics TEXT[] NOT NULL DEFAULT '{}',
    failures BIGINT NOT NULL DEFAULT 0,
    enabled BOOLEAN NOT NULL DEFAULT true,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE INDEX webhooks_enabled_idx ON webhooks (id) WHERE enabled;

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value JSONB NOT NULL,
    changed_by BIGINT REFERENCES accounts (id) ON DELETE SET NULL,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

INSERT INTO settings (name, value) VALUES
    ('locale', '"en"'),
    ('week_starts_on', '"monday"');
