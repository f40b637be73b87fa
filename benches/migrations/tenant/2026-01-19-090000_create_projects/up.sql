CREATE TABLE projects (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key TEXT NOT NULL UNIQUE CHECK (key ~ '^[A-Z]{2,8}$'),
    title TEXT NOT NULL,
    owner_id BIGINT NOT NULL REFERENCES accounts (id),
    team_id BIGINT REFERENCES teams (id) ON DELETE SET NULL,
    starts_on DATE,
    ends_on DATE,
    archived_at TIMESTAMPTZ,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT projects_end_behind_start CHECK (ends_on >= starts_on)
);

CREATE INDEX projects_owner_idx ON projects (owner_id);
CREATE INDEX projects_running_idx ON projects (team_id, ends_on) WHERE archived_at IS NULL;

CREATE TRIGGER projects_touch BEFORE UPDATE ON projects
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
