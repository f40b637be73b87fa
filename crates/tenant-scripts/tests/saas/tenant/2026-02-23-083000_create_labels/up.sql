CREATE TABLE labels (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL,
    colour TEXT NOT NULL DEFAULT '#808080' CHECK (colour ~ '^#[0-9a-f]{6}$')
);

CREATE UNIQUE INDEX labels_name_key ON labels (lower(name));

CREATE TABLE task_labels (
    task_id BIGINT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    label_id BIGINT NOT NULL REFERENCES labels (id) ON DELETE CASCADE,
    PRIMARY KEY (task_id, label_id)
);

CREATE INDEX task_labels_label_idx ON task_labels (label_id);

-- What everybody starts with.
INSERT INTO labels (name, colour) VALUES
    ('bug', '#d73a4a'),
    ('won''t do; sorry', '#ffffff'),
    ('"quoted"', '#0075ca');
