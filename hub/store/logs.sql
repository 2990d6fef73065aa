-- name: tables
-- What `logs.db` is made of; pieces are numbered in the order in which they came.
CREATE TABLE IF NOT EXISTS stream (
    n          INTEGER PRIMARY KEY,
    task_id    TEXT    NOT NULL,
    generation INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    ends       INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    UNIQUE (task_id, generation, name)
);
CREATE TABLE IF NOT EXISTS piece (
    n      INTEGER PRIMARY KEY AUTOINCREMENT,
    stream INTEGER NOT NULL,
    start  INTEGER NOT NULL,
    size   INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    data   BLOB    NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS piece_place ON piece (stream, start);
PRAGMA user_version = 1;

-- name: last_stream
-- The highest number of any stream.
SELECT coalesce(max(n), 0) FROM stream

-- name: streams_of
-- The streams of one attempt.
SELECT n, name, ends FROM stream WHERE task_id = ? AND generation = ?

-- name: ends_of
-- Where the streams of many attempts end; the attempts are JSON pairs of task id and generation.
SELECT stream.task_id, stream.name, stream.ends
FROM json_each(?) AS wanted
JOIN stream
    ON stream.task_id = json_extract(wanted.value, '$[0]')
    AND stream.generation = json_extract(wanted.value, '$[1]')

-- name: latest_generation
-- The latest attempt of a task that wrote anything.
SELECT max(generation) FROM stream WHERE task_id = ? AND ends > 0

-- name: put_stream
-- Where a stream ends now.
INSERT INTO stream (n, task_id, generation, name, ends, at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (n) DO UPDATE SET ends = excluded.ends, at = excluded.at

-- name: add_piece
-- Some output at its place.
INSERT INTO piece (stream, start, size, at, data) VALUES (?, ?, ?, ?, ?)

-- name: pieces
-- Pieces of a stream around a range of bytes (stream, from, how many); from the first piece on,
-- when those before it were dropped.
SELECT start, data FROM piece
WHERE stream = ?1
    AND start < ?3 + max(?2, coalesce((SELECT min(start) FROM piece WHERE stream = ?1), 0))
    AND start >= coalesce((SELECT max(start) FROM piece WHERE stream = ?1 AND start <= ?2), 0)
ORDER BY start

-- name: bytes_kept
-- How much output there is.
SELECT coalesce(sum(size), 0) FROM piece

-- name: oldest_over
-- The last of the oldest pieces that hold so many bytes together.
SELECT coalesce(min(n), 0) FROM (SELECT n, sum(size) OVER (ORDER BY n) AS upto FROM piece)
WHERE upto >= ?

-- name: last_before
-- The last piece that is older than a wall time.
SELECT coalesce(max(n), 0) FROM piece WHERE at < ?

-- name: drop_pieces
-- Drops some of the pieces up to a number.
DELETE FROM piece WHERE n IN (SELECT n FROM piece WHERE n <= ? ORDER BY n LIMIT ?)

-- name: drop_streams
-- Drops streams of which nothing is left and to which nothing came since a wall time.
DELETE FROM stream
WHERE at < ? AND NOT EXISTS (SELECT 1 FROM piece WHERE piece.stream = stream.n)
