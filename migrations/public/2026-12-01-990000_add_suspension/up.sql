-- Why a tenant is not served, and until when: {"since": ..., "by": ..., "reason": ...,
-- "until": ...}. Null for a tenant that is served.
ALTER TABLE schema_tracker ADD COLUMN suspension JSONB;
