"""Jobs: bulk actions over many tasks or agents, done piece by piece, as they are stored."""

from msgspec import Struct


class JobRecord(Struct, frozen=True):
    """A bulk action, with how far it has come."""

    org: str
    id: str
    """Time-ordered: a later job has a higher id."""
    action: str
    """What is done to each task or agent."""
    filter: bytes
    """Which of them, as JSON."""
    arguments: bytes
    """What the action takes, as JSON."""
    state: str
    created_at: int
    """Wall time in milliseconds."""
    created_by: str
    cursor: int
    """It goes on with tasks whose seq is below this; of ids, so many are left."""
    total: int
    """How many tasks or agents it is about: as counted at its beginning, put right at its end."""
    done: int = 0
    failed: int = 0
    skipped: int = 0
    failures: bytes = b"[]"
    """What failed and why, as JSON: a list with a bound."""
    finished_at: int | None = None
    """Wall time in milliseconds; None while it is not finished."""
    credential: str = ""
    """The public id of the token that began it; empty in records that did not say."""
    why_stopped: str | None = None
    """Why the hub stopped it; None when a person did, or nobody."""
