-- What lists, filters and counts go along. Every row of an index ends in the task's seq, so
-- each of them gives its tasks newest first. Where the figures stand, they are CPU time of the
-- writer for a whole task (one insert, three updates, four events) on top of 15 us, in batches
-- of 2,000 rows; all of this takes 2.4 us.

-- In order of seq, so that a page of queued tasks is read along it; whole, so that a hub finds
-- its queue at a start without the rows. It costs what the index by lane cost before.
DROP INDEX task_queued;
CREATE INDEX task_queued ON task (org, seq, requires, fairness_key, queue_key) WHERE state = 3;

DROP INDEX task_scheduled;
CREATE INDEX task_scheduled ON task (org, seq, due_at, not_before) WHERE state = 1;

-- 0.4 us.
DROP INDEX task_unsuccessful;
CREATE INDEX task_ended ON task (org, state) WHERE state >= 6;

-- 0.2 us.
CREATE INDEX task_submitter ON task (org, submitted_by);

-- Nothing for most tasks: their priority is normal.
CREATE INDEX task_priority ON task (org, priority) WHERE priority <> 2;

-- 1.0 us, that is 1.4 % of a task's way through the hub.
CREATE INDEX event_entity ON event (entity);

-- Which agent ended a task: noted in order of seq, and filed by agent many at a time. An index
-- by agent cost 8 us of 90 in a hub under load, most of it for writing a page for each agent in
-- each commit. What an agent has now is found among the few tasks that are held.
CREATE TABLE ended_lately (
    seq   INTEGER PRIMARY KEY,
    org   INTEGER NOT NULL,
    agent TEXT    NOT NULL
) STRICT;

CREATE TABLE ended_by (
    org   INTEGER NOT NULL,
    agent TEXT    NOT NULL,
    seq   INTEGER NOT NULL,
    PRIMARY KEY (org, agent, seq)
) STRICT, WITHOUT ROWID;

-- What a task needs, its labels and its mission, one row each: nothing for tasks without them.
CREATE TABLE task_mark (
    org  INTEGER NOT NULL,
    mark TEXT    NOT NULL,
    seq  INTEGER NOT NULL,
    PRIMARY KEY (org, mark, seq)
) STRICT, WITHOUT ROWID;

-- In which times the tasks of each block of 1,024 seqs were created. It finds a time among the
-- seqs, and stays right when the clock of the machine was set back.
CREATE TABLE task_span (
    block    INTEGER PRIMARY KEY,
    earliest INTEGER NOT NULL,
    latest   INTEGER NOT NULL
) STRICT;

INSERT INTO task_mark (org, mark, seq)
SELECT DISTINCT org, 'needs:' || value, seq
FROM task, json_each(CAST(spec AS TEXT), '$.needs');

INSERT INTO task_mark (org, mark, seq)
SELECT org, 'label:' || key || char(31) || value, seq
FROM task, json_each(CAST(spec AS TEXT), '$.labels');

INSERT INTO ended_by (org, agent, seq)
SELECT org, assigned_to, seq FROM task WHERE state >= 6 AND assigned_to IS NOT NULL;

INSERT INTO task_span (block, earliest, latest)
SELECT seq >> 10, min(created_at), max(created_at) FROM task GROUP BY seq >> 10;

-- What an operator says about agents, and what the life of a credential needs.
ALTER TABLE agent ADD COLUMN labels TEXT NOT NULL DEFAULT '[]';
ALTER TABLE agent ADD COLUMN note TEXT;
ALTER TABLE agent ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agent ADD COLUMN pause_note TEXT;
ALTER TABLE agent ADD COLUMN paused_until INTEGER;
ALTER TABLE agent ADD COLUMN draining INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agent ADD COLUMN source TEXT NOT NULL DEFAULT 'self';
ALTER TABLE agent ADD COLUMN active INTEGER NOT NULL DEFAULT 1;
ALTER TABLE agent ADD COLUMN fixed TEXT NOT NULL DEFAULT '[]';
ALTER TABLE agent ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

ALTER TABLE credential ADD COLUMN expires_at INTEGER;
ALTER TABLE credential ADD COLUMN rotated_to TEXT;
ALTER TABLE credential ADD COLUMN last_used_at INTEGER;

-- Kept answers of idempotent writes; `mark` is their key as one number.
CREATE TABLE replay (
    org         INTEGER NOT NULL,
    principal   TEXT    NOT NULL,
    route       TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    mark        INTEGER NOT NULL,
    fingerprint BLOB    NOT NULL,
    status      INTEGER NOT NULL,
    body        BLOB,
    entities    TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (org, principal, route, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX replay_age ON replay (created_at, mark);

-- Bulk actions and pauses of dispatch: few, and read whole, so each is one JSON record.
CREATE TABLE job (
    org         INTEGER NOT NULL,
    id          TEXT    NOT NULL,
    finished_at INTEGER,
    record      BLOB    NOT NULL,
    PRIMARY KEY (org, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE pause (
    org      INTEGER NOT NULL,
    id       TEXT    NOT NULL,
    ended_at INTEGER,
    record   BLOB    NOT NULL,
    PRIMARY KEY (org, id)
) STRICT, WITHOUT ROWID;
