-- The newest one: the benchmark makes tenants without it, and then migrates them.
ALTER TABLE tasks ADD COLUMN estimate_minutes BIGINT;
ALTER TABLE tasks ADD COLUMN priority SMALLINT NOT NULL DEFAULT 0;

-- lint:ignore require-concurrent-index-creation what is measured is one transaction for a tenant, and its tables are empty
CREATE INDEX tasks_priority_idx ON tasks (project_id, priority DESC);
