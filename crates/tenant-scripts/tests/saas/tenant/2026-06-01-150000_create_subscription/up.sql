-- One row at most: what this customer pays for. The plans are everybody's, and
-- stand in the public schema; that's why the name is spelled out.
CREATE TABLE subscription (
    only_one BOOLEAN PRIMARY KEY DEFAULT true CHECK (only_one),
    plan_code TEXT NOT NULL REFERENCES public.plans (code),
    since DATE NOT NULL DEFAULT current_date,
    ends_on DATE CHECK (ends_on >= since)
);

INSERT INTO subscription (plan_code) VALUES ('free');

ALTER TYPE member_role ADD VALUE 'auditor' BEFORE 'guest';

ALTER TABLE tasks ADD COLUMN reference TEXT;

UPDATE tasks SET reference = projects.key || '-' || tasks.number
FROM projects WHERE projects.id = tasks.project_id;
