-- name: from_mark
-- Tasks that need a capability, have a label or belong to a mission.
SELECT seq FROM task_mark WHERE org = :org AND mark = :{mark} AND {range}

-- name: from_agent
-- Tasks that an agent ended, and those that it has now: the last are found among all held ones.
SELECT seq FROM ended_by WHERE org = :org AND agent = :agent AND {range}
UNION ALL SELECT seq FROM ended_lately WHERE +org = :org AND +agent = :agent AND {range}
UNION ALL SELECT seq FROM task INDEXED BY task_held
WHERE state BETWEEN 4 AND 5 AND state = 4 AND org = :org AND {range} AND +assigned_to = :agent
UNION ALL SELECT seq FROM task INDEXED BY task_held
WHERE state BETWEEN 4 AND 5 AND state = 5 AND org = :org AND {range} AND +assigned_to = :agent

-- name: from_submitter
-- Tasks that somebody submitted.
SELECT seq FROM task INDEXED BY task_submitter
WHERE org = :org AND submitted_by = :submitter AND {range}

-- name: from_priority
-- Tasks of a priority that is not the normal one.
SELECT seq FROM task INDEXED BY task_priority
WHERE priority <> 2 AND priority = {priority} AND org = :org AND {range}

-- name: from_scheduled
-- Tasks in this state.
SELECT seq FROM task INDEXED BY task_scheduled WHERE state = 1 AND org = :org AND {range}

-- name: from_queued
-- Tasks in this state.
SELECT seq FROM task INDEXED BY task_queued WHERE state = 3 AND org = :org AND {range}

-- name: from_assigned
-- Tasks in this state; the wider condition is that of the index.
SELECT seq FROM task INDEXED BY task_held
WHERE state BETWEEN 4 AND 5 AND state = 4 AND org = :org AND {range}

-- name: from_running
-- Tasks in this state, likewise.
SELECT seq FROM task INDEXED BY task_held
WHERE state BETWEEN 4 AND 5 AND state = 5 AND org = :org AND {range}

-- name: from_completed
-- Tasks in this state, likewise.
SELECT seq FROM task INDEXED BY task_ended
WHERE state >= 6 AND state = 6 AND org = :org AND {range}

-- name: from_dead_letter
-- Tasks in this state, likewise.
SELECT seq FROM task INDEXED BY task_ended
WHERE state >= 6 AND state = 7 AND org = :org AND {range}

-- name: from_cancelled
-- Tasks in this state, likewise.
SELECT seq FROM task INDEXED BY task_ended
WHERE state >= 6 AND state = 8 AND org = :org AND {range}

-- name: if_normal
-- Has one of some priorities, the normal one among them.
task.priority IN ({priorities})

-- name: if_among
-- Is among the tasks of another source: one look into its index, none at the row.
EXISTS ({source})

-- name: page_range
-- What a source gives to a search.
seq >= :floor AND seq < :below

-- name: same
-- What a source is asked about one task.
seq = picked.seq

-- name: if_created_after
-- Was created at a time or later.
task.created_at >= :created_after

-- name: if_created_before
-- Was created before a time.
task.created_at < :created_before

-- name: if_text
-- Has a text in its id or description.
(task.id GLOB :pattern OR CAST(task.spec AS TEXT) ->> '$.description' GLOB :pattern)

-- name: bounds
-- The lowest and the highest seq that a task created in a time can have.
SELECT min(block) << 10, (max(block) + 1) << 10 FROM task_span
WHERE (:created_after IS NULL OR latest >= :created_after)
    AND (:created_before IS NULL OR earliest < :created_before)

-- name: probe
-- How many tasks a source has, up to a number.
SELECT count(*) FROM ({source} LIMIT :chunk)

-- name: tally
-- How many tasks of a source lie in a range.
SELECT count(*) FROM ({source})

-- name: nth
-- The seq of the n-th newest of a source in a range, counted from 0.
SELECT seq FROM ({source}) ORDER BY seq DESC LIMIT 1 OFFSET :chunk

-- name: highest
-- The highest seq of all.
SELECT max(seq) FROM task

-- name: pick
-- The next of a source, newest first: how many, the lowest, and which of them fit. One row,
-- because another busy thread may delay every step of a reader.
SELECT count(*), min(seq), json_group_array(seq) FILTER (WHERE fits) FROM (
    SELECT picked.seq AS seq, {fits} AS fits
    FROM ({source} ORDER BY seq DESC LIMIT :chunk) AS picked{joined}
)

-- name: joined
-- The rows of what was picked, where the conditions need them.
CROSS JOIN task ON task.seq = picked.seq
