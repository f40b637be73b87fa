CREATE VIEW project_progress AS
SELECT
    projects.id AS project_id,
    projects.key,
    count(tasks.id) AS tasks,
    count(tasks.closed_at) AS closed,
    round(100.0 * count(tasks.closed_at) / nullif(count(tasks.id), 0)) AS percent
FROM projects
LEFT JOIN tasks ON tasks.project_id = projects.id AND tasks.status <> 'dropped'
GROUP BY projects.id;

CREATE VIEW overdue_tasks AS
SELECT tasks.*, projects.key || '-' || tasks.number AS reference
FROM tasks
JOIN projects ON projects.id = tasks.project_id
WHERE tasks.closed_at IS NULL AND tasks.due_on < current_date;

CREATE VIEW workload AS
SELECT
    members.id AS member_id,
    members.full_name,
    count(tasks.id) FILTER (WHERE tasks.priority >= 'high') AS pressing,
    count(tasks.id) AS open
FROM members
LEFT JOIN task_assignees ON task_assignees.member_id = members.id
LEFT JOIN tasks ON tasks.id = task_assignees.task_id AND tasks.closed_at IS NULL
WHERE members.deactivated_at IS NULL
GROUP BY members.id;

COMMENT ON VIEW workload IS $$Who has how much to do; "pressing" is high or urgent. It's live.$$;
