"""Bulk actions as they are stored."""

from msgspec import json

from hub.core.jobs import JobRecord

JOB = JobRecord("main", "job-1", "cancel", b'{"a":1}', b"{}", "running", 1, "ann", 50, 9)


def test_a_job_begins_with_nothing_done() -> None:
    """And with no failure to tell of."""
    assert (JOB.done, JOB.failed, JOB.skipped, JOB.failures) == (0, 0, 0, b"[]")
    assert JOB.finished_at is None


def test_a_job_survives_its_encoding() -> None:
    """It is stored as JSON, its bytes too."""
    assert json.decode(json.encode(JOB), type=JobRecord) == JOB
