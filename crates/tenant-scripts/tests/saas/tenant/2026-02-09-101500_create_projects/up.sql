CREATE TYPE project_status AS ENUM ('draft', 'active', 'on hold', 'done');

CREATE TABLE projects (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key TEXT NOT NULL UNIQUE CONSTRAINT projects_key_form CHECK (key ~ '^[A-Z]{2,6}$'),
    name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    status project_status NOT NULL DEFAULT 'draft',
    owner_id BIGINT NOT NULL REFERENCES members (id),
    team_id BIGINT REFERENCES teams (id) ON DELETE SET NULL,
    starts_on DATE,
    ends_on DATE,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT projects_end_after_start CHECK (ends_on >= starts_on)
);

CREATE INDEX projects_owner_idx ON projects (owner_id);
CREATE INDEX projects_open_idx ON projects (status, ends_on) WHERE status <> 'done';

CREATE TRIGGER projects_touch BEFORE UPDATE ON projects
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE milestones (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    due_on DATE NOT NULL,
    reached_at TIMESTAMPTZ,
    -- Lets a task be bound to a milestone of its own project only.
    UNIQUE (project_id, id)
);

CREATE INDEX milestones_due_idx ON milestones (due_on) WHERE reached_at IS NULL;

COMMENT ON COLUMN projects.key IS E'Prefix of the tasks\' numbers; for example "WEB" in WEB-12.';
