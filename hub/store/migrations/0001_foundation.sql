-- One row: what the hub knows of itself.
CREATE TABLE hub (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    epoch      INTEGER NOT NULL,
    history_id TEXT    NOT NULL,
    hub_time   INTEGER NOT NULL,
    clean      INTEGER NOT NULL
) STRICT;

-- Orgs by a small number, so that their names do not fill every index.
CREATE TABLE org (
    n    INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- Short columns first: a reader that needs only those never follows a long row's overflow pages.
CREATE TABLE task (
    seq                INTEGER PRIMARY KEY,
    org                INTEGER NOT NULL,
    id                 TEXT    NOT NULL,
    state              INTEGER NOT NULL,
    priority           INTEGER NOT NULL,
    requires           TEXT    NOT NULL,
    fairness_key       TEXT,
    submitted_by       TEXT    NOT NULL,
    created_at         INTEGER NOT NULL,
    queue_key          INTEGER NOT NULL,
    due_at             INTEGER NOT NULL,
    not_before         INTEGER,
    complete_by        INTEGER,
    generation         INTEGER NOT NULL,
    attempt            INTEGER NOT NULL,
    reclaims           INTEGER NOT NULL,
    rejections         INTEGER NOT NULL,
    holder             TEXT,
    assigned_to        TEXT,
    cancel_requested   INTEGER NOT NULL,
    cancel_unconfirmed INTEGER NOT NULL,
    error              TEXT,
    failure_class      TEXT,
    tokens_used        INTEGER,
    queued_at          INTEGER,
    assigned_at        INTEGER,
    started_at         INTEGER,
    finished_at        INTEGER,
    version            INTEGER NOT NULL,
    report             BLOB,
    usage              BLOB,
    result             BLOB,
    spec               BLOB    NOT NULL
) STRICT;

CREATE UNIQUE INDEX task_id ON task (org, id);

-- Partial indexes compare with plain operators: `IN (...)` would build a set for every row written.
CREATE INDEX task_queued ON task (org, requires, fairness_key, queue_key, seq) WHERE state = 3;
CREATE INDEX task_scheduled ON task (org, due_at, not_before) WHERE state = 1;
CREATE INDEX task_expiring ON task (org, complete_by) WHERE complete_by IS NOT NULL AND state <= 3;
CREATE INDEX task_held ON task (org, state) WHERE state BETWEEN 4 AND 5;
CREATE INDEX task_unsuccessful ON task (org, state) WHERE state >= 7;

-- `entity` is the seq of a task, or the text id of anything else.
CREATE TABLE event (
    org    INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    type   INTEGER NOT NULL,
    entity ANY     NOT NULL,
    actor  TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    data   BLOB    NOT NULL,
    PRIMARY KEY (org, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE agent (
    org              INTEGER NOT NULL,
    id               TEXT    NOT NULL,
    name             TEXT    NOT NULL,
    capabilities     TEXT    NOT NULL,
    executors        TEXT    NOT NULL,
    slots            INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    host             TEXT,
    protocol_version INTEGER,
    last_seen_at     INTEGER,
    PRIMARY KEY (org, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE credential (
    public_id  TEXT    NOT NULL PRIMARY KEY,
    org        INTEGER NOT NULL,
    role       TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    mac        BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT    NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE invite (
    public_id  TEXT    NOT NULL PRIMARY KEY,
    org        INTEGER NOT NULL,
    mac        BLOB    NOT NULL,
    agent_id   TEXT,
    created_at INTEGER NOT NULL,
    created_by TEXT    NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT, WITHOUT ROWID;
