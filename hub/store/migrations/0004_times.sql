-- When a task was queued, as milliseconds after its creation: nearly always 0, which takes no room.
ALTER TABLE task RENAME COLUMN queued_at TO queued_after;
UPDATE task SET queued_after = queued_after - created_at WHERE queued_after IS NOT NULL;
