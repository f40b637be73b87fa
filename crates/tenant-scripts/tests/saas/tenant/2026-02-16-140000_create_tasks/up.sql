CREATE TYPE task_status AS ENUM ('open', 'in progress', 'in review', 'done', 'dropped');
CREATE TYPE task_priority AS ENUM ('low', 'normal', 'high', 'urgent');

CREATE TABLE tasks (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    parent_id BIGINT REFERENCES tasks (id) ON DELETE SET NULL,
    milestone_id BIGINT,
    title TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    description TEXT NOT NULL DEFAULT '',
    status task_status NOT NULL DEFAULT 'open',
    priority task_priority NOT NULL DEFAULT 'normal',
    reporter_id BIGINT NOT NULL REFERENCES members (id),
    due_on DATE,
    estimate INTERVAL CHECK (estimate > INTERVAL '0'),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    closed_at TIMESTAMPTZ,
    UNIQUE (project_id, number),
    FOREIGN KEY (project_id, milestone_id) REFERENCES milestones (project_id, id),
    CONSTRAINT tasks_not_their_own_parent CHECK (parent_id <> id),
    CONSTRAINT tasks_closed_when_over
        CHECK ((status IN ('done', 'dropped')) = (closed_at IS NOT NULL))
);

CREATE INDEX tasks_milestone_idx ON tasks (project_id, milestone_id);
CREATE INDEX tasks_board_idx ON tasks (project_id, status, priority DESC, number);
CREATE INDEX tasks_due_idx ON tasks (due_on) WHERE closed_at IS NULL;

CREATE TABLE task_assignees (
    task_id BIGINT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    member_id BIGINT NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    assigned_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (task_id, member_id)
);

CREATE INDEX task_assignees_member_idx ON task_assignees (member_id);

CREATE TRIGGER tasks_touch BEFORE UPDATE ON tasks
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

-- Numbers count up in each project by themselves. Whoever inserts waits for the
-- project's row; that's what keeps two from getting the same number.
CREATE FUNCTION number_task() RETURNS trigger LANGUAGE plpgsql AS $number_task$
DECLARE
    newest INTEGER;
BEGIN
    PERFORM 1 FROM projects WHERE id = NEW.project_id FOR UPDATE;
    SELECT max(number) INTO newest FROM tasks WHERE project_id = NEW.project_id;
    NEW.number := coalesce(newest, 0) + 1;
    RETURN NEW;
END;
$number_task$;

CREATE TRIGGER tasks_number BEFORE INSERT ON tasks
    FOR EACH ROW WHEN (NEW.number IS NULL) EXECUTE FUNCTION number_task();

CREATE FUNCTION close_task() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NEW.status IN ('done', 'dropped') THEN
        NEW.closed_at := coalesce(NEW.closed_at, now());
    ELSE
        NEW.closed_at := NULL;
    END IF;
    RETURN NEW;
END;
$body$;

CREATE TRIGGER tasks_close BEFORE INSERT OR UPDATE OF status ON tasks
    FOR EACH ROW EXECUTE FUNCTION close_task();
