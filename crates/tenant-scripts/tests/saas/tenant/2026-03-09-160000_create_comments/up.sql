CREATE TABLE comments (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task_id BIGINT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    author_id BIGINT NOT NULL REFERENCES members (id),
    body TEXT NOT NULL CHECK (body <> ''),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE INDEX comments_task_idx ON comments (task_id, created_at);

CREATE TRIGGER comments_touch BEFORE UPDATE ON comments
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE attachments (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    task_id BIGINT REFERENCES tasks (id) ON DELETE CASCADE,
    comment_id BIGINT REFERENCES comments (id) ON DELETE CASCADE,
    file_name TEXT NOT NULL CHECK (file_name !~ '[/\\]'),
    bytes BIGINT NOT NULL CHECK (bytes BETWEEN 1 AND 104857600),
    uploaded_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    -- Either to a task or to a comment; never to both.
    CONSTRAINT attachments_have_one_place CHECK (num_nonnulls(task_id, comment_id) = 1)
);

CREATE INDEX attachments_task_idx ON attachments (task_id) WHERE task_id IS NOT NULL;
CREATE INDEX attachments_comment_idx ON attachments (comment_id) WHERE comment_id IS NOT NULL;
