-- A value can't be taken out of an enum; the column moves to a new one.
ALTER TABLE tasks DROP COLUMN reference;
DROP TABLE subscription;
DROP INDEX members_role_idx;
ALTER TABLE members ALTER COLUMN role DROP DEFAULT;
ALTER TYPE member_role RENAME TO member_role_with_auditor;
CREATE TYPE member_role AS ENUM ('owner', 'admin', 'member', 'guest');
ALTER TABLE members ALTER COLUMN role TYPE member_role USING role::text::member_role;
ALTER TABLE members ALTER COLUMN role SET DEFAULT 'member';
CREATE INDEX members_role_idx ON members (role) WHERE deactivated_at IS NULL;
DROP TYPE member_role_with_auditor;
