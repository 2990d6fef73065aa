"""What an operator may set about how the hub treats agents and tasks.

Times are in milliseconds. `hub/config.py` reads them; the least values keep a hub usable.
"""

from typing import Annotated

from msgspec import Meta, Struct

from schemas.scalars import DAY_MS

Term = Annotated[int, Meta(ge=100, le=DAY_MS)]


class Settings(Struct, frozen=True, kw_only=True):
    """Terms and bounds."""

    heartbeat_ms: Term = 15_000
    """How often agents ping; two missed end the session."""
    lease_ms: Term = 60_000
    """How long an accepted attempt is believed alive without a ping that lists it."""
    accept_ms: Term = 10_000
    """How long an agent has to accept a task, from the moment the frame left."""
    cancel_grace_ms: Term = 10_000
    """How long a process gets between TERM and KILL."""
    stop_slack_ms: Term = 5_000
    """How much longer the hub waits than the sidecar should need."""
    identify_ms: Term = 5_000
    """How long a new connection has to identify."""
    upkeep_ms: Annotated[int, Meta(ge=10, le=10_000)] = 1_000
    """How often terms and timers are looked at."""
    stall_ms: Term = 10_000
    """How long a peer may read nothing of what waits for it."""
    event_readers: Annotated[int, Meta(ge=1, le=100_000)] = 1_000
    """The most streams of events that may be open at once."""
    event_heartbeat_ms: Term = 15_000
    """How often a stream of events without news tells its reader how far it came."""
    sockets: Annotated[int, Meta(ge=1, le=1_000_000)] = 20_000
    """The most agents and submitters that may be connected."""
    backlog: Annotated[int, Meta(ge=1, le=100_000_000)] = 5_000_000
    """The most tasks that may wait; new ones are refused from 80 % on, and half is one org's."""
    uncommitted_rows: Annotated[int, Meta(ge=1_000, le=10_000_000)] = 50_000
    """New work is refused while this many rows wait for the disk."""
