CREATE TYPE task_status AS ENUM ('open', 'doing', 'review', 'done');

CREATE TABLE tasks (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    number BIGINT NOT NULL CHECK (number > 0),
    title TEXT NOT NULL CHECK (length(title) <= 200),
    body TEXT NOT NULL DEFAULT '',
    status task_status NOT NULL DEFAULT 'open',
    assignee_id BIGINT REFERENCES accounts (id) ON DELETE SET NULL,
    due_on DATE,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    finished_at TIMESTAMPTZ,
    CONSTRAINT tasks_number_in_project UNIQUE (project_id, number),
    CONSTRAINT tasks_finished_when_done CHECK ((status = 'done') = (finished_at IS NOT NULL))
);

CREATE INDEX tasks_assignee_idx ON tasks (assignee_id);
CREATE INDEX tasks_board_idx ON tasks (project_id, status, number);
CREATE INDEX tasks_due_idx ON tasks (due_on) WHERE finished_at IS NULL;

CREATE TRIGGER tasks_touch BEFORE UPDATE ON tasks
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
