-- The same for every organization, and used by the tables of each.
CREATE TYPE visibility AS ENUM ('private', 'team', 'link');
CREATE DOMAIN color AS TEXT CHECK (VALUE ~ '^#[0-9a-f]{6}$');
