CREATE TYPE activity_kind AS ENUM ('created', 'changed', 'closed', 'reopened');

CREATE TABLE activity_log (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    happened_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    kind activity_kind NOT NULL,
    task_id BIGINT NOT NULL,
    details JSONB NOT NULL DEFAULT '{}'
);

CREATE INDEX activity_log_task_idx ON activity_log (task_id, happened_at DESC);
CREATE INDEX activity_log_details_idx ON activity_log USING gin (details jsonb_path_ops);

-- What changed is kept as {"title": ["before; that's it", "after"]}.
CREATE FUNCTION log_task() RETURNS trigger LANGUAGE plpgsql AS $log_task$
DECLARE
    what activity_kind := 'changed';
    changes JSONB := '{}';
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO activity_log (kind, task_id) VALUES ('created', NEW.id);
        RETURN NULL;
    END IF;
    IF OLD.closed_at IS NULL AND NEW.closed_at IS NOT NULL THEN
        what := 'closed';
    ELSIF OLD.closed_at IS NOT NULL AND NEW.closed_at IS NULL THEN
        what := 'reopened';
    END IF;
    SELECT coalesce(jsonb_object_agg(before.key, jsonb_build_array(before.value, after.value)), '{}')
        INTO changes
        FROM jsonb_each(to_jsonb(OLD)) AS before
        JOIN jsonb_each(to_jsonb(NEW)) AS after USING (key)
        WHERE before.value <> after.value AND before.key NOT IN ('updated_at', 'closed_at');
    -- A string in a string in a body: all of it is one statement.
    EXECUTE $insert$INSERT INTO activity_log (kind, task_id, details) VALUES ($1, $2, $3);$insert$
        USING what, NEW.id, changes;
    RETURN NULL;
END;
$log_task$;

CREATE TRIGGER tasks_log AFTER INSERT OR UPDATE ON tasks
    FOR EACH ROW EXECUTE FUNCTION log_task();
