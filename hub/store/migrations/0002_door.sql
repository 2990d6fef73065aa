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
