-- name: past
-- Which history the database has: the epoch changes when it was cut.
SELECT epoch, history_id FROM hub

-- name: orgs
-- Every org with its last event.
SELECT n, coalesce((SELECT max(seq) FROM event WHERE event.org = org.n), 0) FROM org ORDER BY n

-- name: org
-- The number of an org.
SELECT n FROM org WHERE name = ?

-- name: events
-- The next events of an org.
SELECT seq, type, entity, data FROM event WHERE org = ? AND seq > ? ORDER BY seq LIMIT ?

-- name: event_time
-- When an event happened.
SELECT at FROM event WHERE org = ? AND seq = ?

-- name: last_task
-- The highest seq of any task.
SELECT coalesce(max(seq), 0) FROM task

-- name: tasks_below
-- The newest tasks with a seq below a number.
SELECT org, seq FROM task WHERE seq < ? ORDER BY seq DESC LIMIT ?

-- name: tasks
-- The texts of these tasks; of a long result only its beginning.
SELECT seq, org, id, state, submitted_by, created_at, requires, error, substr(result, 1, ?), spec
FROM task WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq

-- name: agents
-- The texts of these agents.
SELECT id, created_at, name, host, capabilities, labels, note
FROM agent WHERE org = ? AND id IN (SELECT value FROM json_each(?))

-- name: agent_ids
-- All agents of an org, in the order in which they came.
SELECT id FROM agent WHERE org = ? ORDER BY created_at, id
