CREATE TABLE time_entries (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task_id BIGINT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    member_id BIGINT NOT NULL REFERENCES members (id),
    started_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    note TEXT,
    billable BOOLEAN NOT NULL DEFAULT true,
    CONSTRAINT time_entries_end_after_start CHECK (ended_at > started_at)
);

CREATE INDEX time_entries_task_idx ON time_entries (task_id) INCLUDE (started_at, ended_at);
-- One clock for each member; "running" means that it hasn't ended.
CREATE UNIQUE INDEX time_entries_running_key ON time_entries (member_id) WHERE ended_at IS NULL;

ALTER TABLE projects
    ADD COLUMN hourly_rate NUMERIC(8, 2) CHECK (hourly_rate >= 0),
    ADD COLUMN is_billable BOOLEAN GENERATED ALWAYS AS (hourly_rate IS NOT NULL) STORED;
