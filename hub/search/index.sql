-- name: make
-- What the index remembers of itself, how far it came in each stream, and its parts.
CREATE TABLE about (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    version    INTEGER NOT NULL,
    epoch      INTEGER NOT NULL,
    history_id TEXT    NOT NULL,
    below      INTEGER NOT NULL
) STRICT;
CREATE TABLE stream (
    org    INTEGER PRIMARY KEY,
    cursor INTEGER NOT NULL
) STRICT;
CREATE TABLE shelf (
    org   INTEGER NOT NULL,
    block INTEGER NOT NULL,
    PRIMARY KEY (org, block)
) STRICT, WITHOUT ROWID;
CREATE TABLE agent (
    n   INTEGER PRIMARY KEY,
    org INTEGER NOT NULL,
    id  TEXT    NOT NULL,
    UNIQUE (org, id)
) STRICT;

-- name: add_about
-- A new index of a history; the tasks below a seq are still to be read.
INSERT INTO about (one, version, epoch, history_id, below) VALUES (1, ?, ?, ?, ?)

-- name: about
-- What the index is of, and below which seq tasks are still to be read.
SELECT version, epoch, history_id, below FROM about

-- name: set_below
-- The tasks below this seq are still to be read.
UPDATE about SET below = ?

-- name: cursors
-- How far it came in each stream.
SELECT org, cursor FROM stream

-- name: cursor
-- How far it came in a stream.
SELECT cursor FROM stream WHERE org = ?

-- name: move
-- It came so far in a stream.
INSERT OR REPLACE INTO stream (org, cursor) VALUES (?, ?)

-- name: add_shelf
-- A shelf is there.
INSERT OR IGNORE INTO shelf (org, block) VALUES (?, ?)

-- name: shelves
-- Every shelf.
SELECT org, block FROM shelf

-- name: shelves_of
-- The shelves of an org up to a block, newest first.
SELECT block FROM shelf WHERE org = ? AND block <= ? ORDER BY block DESC

-- name: make_shelf
-- A shelf: the trigrams of documents, without the documents. Text comes folded already.
CREATE VIRTUAL TABLE IF NOT EXISTS {shelf} USING fts5 (
    text, content = '', contentless_delete = 1, tokenize = 'trigram case_sensitive 1'
)

-- name: put
-- Indexes a document in the place of an older one.
INSERT OR REPLACE INTO {shelf} (rowid, text) VALUES (?, ?)

-- name: delete
-- Forgets a document.
DELETE FROM {shelf} WHERE rowid = ?

-- name: find
-- The newest documents below a number that have all the words.
SELECT rowid FROM {shelf} WHERE {shelf} MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?

-- name: add_agent
-- An agent gets a number, higher than those before it.
INSERT INTO agent (org, id) VALUES (?, ?) ON CONFLICT DO NOTHING

-- name: agent_number
-- The number of an agent.
SELECT n FROM agent WHERE org = ? AND id = ?

-- name: delete_agent
-- An agent has no number any more.
DELETE FROM agent WHERE n = ?

-- name: agents
-- The ids of these agents by number.
SELECT n, id FROM agent WHERE org = ? AND n IN (SELECT value FROM json_each(?)) ORDER BY n DESC

-- name: agents_below
-- The newest agents below a number.
SELECT n, id FROM agent WHERE org = ? AND n < ? ORDER BY n DESC LIMIT ?
