DROP TABLE team_members;
DROP TABLE teams;
DROP TABLE members;
DROP FUNCTION touch_updated_at();
DROP TYPE member_role;
