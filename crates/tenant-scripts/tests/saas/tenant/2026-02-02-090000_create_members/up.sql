-- People and the teams they're in; everything else hangs on these.
CREATE TYPE member_role AS ENUM ('owner', 'admin', 'member', 'guest');

CREATE TABLE members (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email TEXT NOT NULL CHECK (email LIKE '%_@_%'),
    full_name TEXT NOT NULL,
    role member_role NOT NULL DEFAULT 'member',
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    deactivated_at TIMESTAMPTZ
);

-- Addresses differ in more than their case; people don't know that.
CREATE UNIQUE INDEX members_email_key ON members (lower(email));
CREATE INDEX members_role_idx ON members (role) WHERE deactivated_at IS NULL;

CREATE TABLE teams (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    lead_id BIGINT REFERENCES members (id) ON DELETE SET NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE team_members (
    team_id BIGINT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    member_id BIGINT NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    joined_on DATE NOT NULL DEFAULT current_date,
    PRIMARY KEY (team_id, member_id)
);

/* Every table with an "updated_at" has this trigger.
   /* Comments nest; that's PostgreSQL's own. */
   A quote ' or two " in here mean nothing. */
CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Semicolons in here end nothing; neither does a quote: '
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END;
$$;

CREATE TRIGGER members_touch BEFORE UPDATE ON members
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

COMMENT ON TABLE members IS 'People who can log in; "guests" see what they''re invited to.';
