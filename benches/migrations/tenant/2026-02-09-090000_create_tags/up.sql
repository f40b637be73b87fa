CREATE TABLE tags (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    label TEXT NOT NULL CHECK (label = btrim(label)),
    colour TEXT NOT NULL DEFAULT '#888888' CHECK (colour ~ '^#[0-9a-f]{6}$')
);

-- "Urgent" and "urgent" are one tag to the people who use them.
CREATE UNIQUE INDEX tags_label_key ON tags (lower(label));

CREATE TABLE task_tags (
    task_id BIGINT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    tag_id BIGINT NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
    PRIMARY KEY (task_id, tag_id)
);

CREATE INDEX task_tags_tag_idx ON task_tags (tag_id);
