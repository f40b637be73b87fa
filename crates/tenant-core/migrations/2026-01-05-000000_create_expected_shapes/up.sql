-- What the tenants' migrations make of a schema, so that not each health check has to try
-- them. The key is a hash of the migrations and of what their result depends on. Rows can
-- be deleted at any time: they are made again.
CREATE TABLE expected_shapes (
    key TEXT PRIMARY KEY,
    expectation TEXT NOT NULL,
    made_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
