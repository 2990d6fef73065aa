-- name: insert_tasks
-- Adds new tasks, as they stand at the end of the batch that has them first.
INSERT INTO task (
    org, spec, fairness_key, not_before, complete_by, queued_after,
    seq, id, state, priority, requires, submitted_by, created_at,
    queue_key, due_at, generation, attempt, reclaims, rejections,
    holder, assigned_to, cancel_requested, cancel_unconfirmed, error, failure_class,
    tokens_used, assigned_at, started_at, finished_at, version, report, usage, result
) VALUES {rows}

-- name: update_tasks
-- Sets everything about older tasks that can change, by seq. Written as an insert of rows that are
-- there already, which took 12 % less time than UPDATE ... FROM; the writer sees to it that none
-- is new. The constants stand for columns that may not be empty; they are never written.
-- The value given for `queued_after` is a wall time: what is stored is how long after the creation.
INSERT INTO task (
    seq, state, requires, queue_key, due_at, queued_after, generation, attempt, reclaims,
    rejections, holder, assigned_to, cancel_requested, cancel_unconfirmed, error, failure_class,
    tokens_used, assigned_at, started_at, finished_at, version, report, usage, result,
    org, id, priority, submitted_by, created_at, spec
)
SELECT *, 0, '', 0, '', 0, x'' FROM (VALUES {rows}) WHERE true
ON CONFLICT (seq) DO UPDATE SET
    state = excluded.state,
    requires = excluded.requires,
    queue_key = excluded.queue_key,
    due_at = excluded.due_at,
    queued_after = excluded.queued_after - created_at,
    generation = excluded.generation,
    attempt = excluded.attempt,
    reclaims = excluded.reclaims,
    rejections = excluded.rejections,
    holder = excluded.holder,
    assigned_to = excluded.assigned_to,
    cancel_requested = excluded.cancel_requested,
    cancel_unconfirmed = excluded.cancel_unconfirmed,
    error = excluded.error,
    failure_class = excluded.failure_class,
    tokens_used = excluded.tokens_used,
    assigned_at = excluded.assigned_at,
    started_at = excluded.started_at,
    finished_at = excluded.finished_at,
    version = excluded.version,
    report = excluded.report,
    usage = excluded.usage,
    result = excluded.result

-- name: insert_events
-- Appends to the streams of the orgs.
INSERT INTO event (org, seq, type, entity, actor, at, data) VALUES {rows}

-- name: put_agent
-- Writes an agent's record over the older one.
INSERT OR REPLACE INTO agent (
    org, id, name, capabilities, executors, labels, fixed, paused, draining, active,
    slots, created_at, host, protocol_version, last_seen_at, note, pause_note, paused_until,
    source, version
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: put_credential
-- Writes a credential over the older record of it.
INSERT OR REPLACE INTO credential (
    public_id, org, role, subject, mac, created_at, created_by, revoked_at, expires_at, rotated_to,
    last_used_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: put_invite
-- Writes a join code over the older record of it.
INSERT OR REPLACE INTO invite (
    public_id, org, mac, agent_id, created_at, created_by, expires_at, used_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?)

-- name: put_session
-- Writes a browser session over the older record of it.
INSERT OR REPLACE INTO browser_session (
    id, org, digest, credential, address, browser, began_hub, began_wall, used_hub, used_wall
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: delete_session
-- Forgets a browser session that ended.
DELETE FROM browser_session WHERE id = ?

-- name: delete_agent
-- Forgets an agent.
DELETE FROM agent WHERE org = ? AND id = ?

-- name: put_replay
-- Keeps the answer of an idempotent write.
INSERT OR REPLACE INTO replay (
    org, principal, route, key, mark, fingerprint, status, body, entities, created_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: put_job
-- Writes a bulk action over the older record of it.
INSERT OR REPLACE INTO job (org, id, finished_at, record) VALUES (?, ?, ?, ?)

-- name: put_pause
-- Writes a pause of dispatch over the older record of it.
INSERT OR REPLACE INTO pause (org, id, ended_at, record) VALUES (?, ?, ?, ?)

-- name: delete_old_replays
-- Forgets the oldest answers from before a time, up to a number of them.
DELETE FROM replay WHERE (org, principal, route, key) IN (
    SELECT org, principal, route, key FROM replay INDEXED BY replay_age
    WHERE created_at < ? ORDER BY created_at LIMIT ?
)

-- name: add_org
-- Gives an org its number.
INSERT INTO org (n, name) VALUES (?, ?)

-- name: put_tasks
-- Writes older tasks anew, all of their columns.
REPLACE INTO task (
    org, spec, fairness_key, not_before, complete_by, queued_after,
    seq, id, state, priority, requires, submitted_by, created_at,
    queue_key, due_at, generation, attempt, reclaims, rejections,
    holder, assigned_to, cancel_requested, cancel_unconfirmed, error, failure_class,
    tokens_used, assigned_at, started_at, finished_at, version, report, usage, result
) VALUES {rows}

-- name: specs
-- What the submitters of some tasks said, and which agents have them.
SELECT seq, org, spec, requires, assigned_to FROM task WHERE seq IN (SELECT value FROM json_each(?))

-- name: add_mark
-- Finds a task by one of its marks.
INSERT INTO task_mark (org, mark, seq) VALUES (?, ?, ?)

-- name: delete_mark
-- No longer finds it so.
DELETE FROM task_mark WHERE org = ? AND mark = ? AND seq = ?

-- name: note_endings
-- Agents ended tasks.
INSERT OR REPLACE INTO ended_lately (seq, org, agent) VALUES {rows}

-- name: noted_endings
-- The endings that are not filed.
SELECT seq, org, agent FROM ended_lately

-- name: file_endings
-- Put endings where they are found by agent.
INSERT OR REPLACE INTO ended_by (org, agent, seq) VALUES {rows}

-- name: forget_notes
-- The endings of a JSON list are filed, or the tasks live again.
DELETE FROM ended_lately WHERE seq IN (SELECT value FROM json_each(?))

-- name: forget_ending
-- A task lives again: its ending was perhaps filed.
DELETE FROM ended_by WHERE org = ? AND agent = ? AND seq = ?

-- name: widen_span
-- In which time the tasks of a block were created; a block fills over many batches.
INSERT INTO task_span (block, earliest, latest) VALUES (?, ?, ?)
ON CONFLICT (block) DO UPDATE SET
    earliest = min(earliest, excluded.earliest), latest = max(latest, excluded.latest)

-- name: set_hub_time
-- Hub time at the last decision of the batch.
UPDATE hub SET hub_time = ? WHERE one = 1

-- name: set_clean
-- Whether the database was closed in order, so that nothing needs to be checked.
UPDATE hub SET clean = ? WHERE one = 1

-- name: set_epoch
-- Starts another epoch.
UPDATE hub SET epoch = ? WHERE one = 1

-- name: add_hub
-- The first row of a new database.
INSERT INTO hub (one, epoch, history_id, hub_time, clean) VALUES (1, 1, ?, 0, 0)

-- name: hub
-- What the hub knows of itself.
SELECT epoch, history_id, hub_time, clean FROM hub WHERE one = 1

-- name: orgs
-- All orgs and their numbers.
SELECT n, name FROM org

-- name: last_task
-- The highest seq of any task.
SELECT coalesce(max(seq), 0) FROM task

-- name: last_events
-- The highest event seq of each org that has events.
SELECT name, last FROM (SELECT name, (SELECT max(seq) FROM event WHERE org = n) AS last FROM org)
WHERE last IS NOT NULL

-- name: agents
-- All agents.
SELECT org, id, name, capabilities, executors, labels, fixed, paused, draining, active,
    slots, created_at, host, protocol_version, last_seen_at, note, pause_note, paused_until,
    source, version
FROM agent

-- name: credentials
-- All credentials, also the revoked ones.
SELECT public_id, org, role, subject, mac, created_at, created_by, revoked_at, expires_at,
    rotated_to, last_used_at
FROM credential

-- name: open_invites
-- Join codes that are not used yet.
SELECT public_id, org, mac, agent_id, created_at, created_by, expires_at, used_at
FROM invite WHERE used_at IS NULL

-- name: sessions
-- All browser sessions.
SELECT id, org, digest, credential, address, browser, began_hub, began_wall, used_hub, used_wall
FROM browser_session

-- name: open_pauses
-- Pauses of dispatch that have not ended.
SELECT record FROM pause WHERE ended_at IS NULL

-- name: open_jobs
-- Bulk actions that are not finished, oldest first.
SELECT record FROM job WHERE finished_at IS NULL ORDER BY id

-- name: newest_replays
-- That answers are kept, the newest first.
SELECT created_at, mark FROM replay ORDER BY created_at DESC, mark DESC LIMIT ?

-- name: replay
-- The kept answer of an idempotent write.
SELECT fingerprint, status, body, entities, created_at FROM replay
WHERE org = ? AND principal = ? AND route = ? AND key = ?

-- name: job
-- A bulk action.
SELECT record FROM job WHERE org = ? AND id = ?

-- name: jobs
-- Bulk actions, newest first; without a place to begin, from the newest on.
SELECT record FROM job WHERE org = ?1 AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3

-- name: queued
-- All queued tasks, in the order of the index that holds all of it.
SELECT org, requires, fairness_key, queue_key, seq FROM task
WHERE state = 3 ORDER BY org, seq

-- name: scheduled
-- All scheduled tasks with the times they wait for.
SELECT org, seq, due_at, coalesce(not_before, 0) FROM task WHERE state = 1

-- name: expiring
-- All tasks that end by themselves if they are not started in time.
SELECT org, complete_by, seq FROM task WHERE complete_by IS NOT NULL AND state <= 3

-- name: held
-- All tasks that an agent has, in full.
SELECT {columns} FROM task WHERE state BETWEEN 4 AND 5

-- name: count_unended
-- Tasks by org and state, from the small indexes only; queued ones are counted as they are read,
-- and completed ones are the rest.
SELECT org, 1, count(*) FROM task WHERE state = 1 GROUP BY org
UNION ALL SELECT org, state, count(*) FROM task WHERE state BETWEEN 4 AND 5 GROUP BY org, state
UNION ALL SELECT org, state, count(*) FROM task WHERE state >= 6 AND state >= 7 GROUP BY org, state

-- name: count_unusual
-- Queued tasks whose priority is not the normal one, from two indexes and no row.
SELECT org, priority, count(*) FROM task AS unusual INDEXED BY task_priority
WHERE priority <> 2 AND EXISTS (
    SELECT 1 FROM task AS waiting INDEXED BY task_queued
    WHERE waiting.state = 3 AND waiting.org = unusual.org AND waiting.seq = unusual.seq
)
GROUP BY org, priority

-- name: count_all
-- How many tasks each org has.
SELECT org, count(*) FROM task GROUP BY org

-- name: tasks_by_seq
-- The tasks with the seqs of a JSON list.
SELECT {columns} FROM task WHERE seq IN (SELECT value FROM json_each(?))

-- name: tasks_by_id
-- The tasks of an org with the ids of a JSON list.
SELECT {columns} FROM task WHERE org = ? AND id IN (SELECT value FROM json_each(?))

-- name: oldest_event
-- The lowest seq of an org's events.
SELECT coalesce(min(seq), 0) FROM event WHERE org = ?

-- name: events
-- Events of an org after a seq, in order, with the text ids of tasks.
SELECT e.seq, e.type, coalesce(t.id, CAST(e.entity AS TEXT)), e.actor, e.at, e.data
FROM event AS e LEFT JOIN task AS t ON typeof(e.entity) = 'integer' AND t.seq = e.entity
WHERE e.org = ? AND e.seq > ? ORDER BY e.seq LIMIT ?

-- name: events_of_types
-- Events of an org of some types, in order, among those up to a seq.
SELECT e.seq, e.type, coalesce(t.id, CAST(e.entity AS TEXT)), e.actor, e.at, e.data
FROM event AS e LEFT JOIN task AS t ON typeof(e.entity) = 'integer' AND t.seq = e.entity
WHERE e.org = ?1 AND e.seq > ?2 AND e.seq <= ?4 AND e.type IN (SELECT value FROM json_each(?5))
ORDER BY e.seq LIMIT ?3

-- name: events_about
-- Events of an org about a task, by its seq, or about something else; of some types, or of all.
SELECT e.seq, e.type, coalesce(t.id, e.entity), e.actor, e.at, e.data
FROM event AS e INDEXED BY event_entity
LEFT JOIN task AS t ON typeof(e.entity) = 'integer' AND t.seq = e.entity
WHERE e.entity = ?4 AND e.org = ?1 AND e.seq > ?2
    AND (?5 = '[]' OR e.type IN (SELECT value FROM json_each(?5)))
ORDER BY e.seq LIMIT ?3

-- name: last_event
-- The highest seq of an org's events.
SELECT coalesce(max(seq), 0) FROM event WHERE org = ?

-- name: seq_of_id
-- The seq of a task.
SELECT seq FROM task WHERE org = ? AND id = ?
