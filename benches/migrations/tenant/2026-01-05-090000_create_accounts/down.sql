DROP TABLE accounts;
DROP FUNCTION touch_updated_at();
DROP TYPE account_role;
