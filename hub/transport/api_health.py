"""HTTP for watchers of the hub itself: health, readiness, metrics."""

from typing import Final

from hub.core.credentials import METRICS
from hub.transport.address import address_of
from hub.transport.call import Answer, Call
from hub.transport.edge import admit
from hub.transport.visitors import is_loopback
from schemas.http.hub import Health, Ready, Reason
from schemas.scalars import Tier

STUCK_SECONDS: Final = 5.0
"""A commit that takes longer than this makes the hub not ready."""


async def health(call: Call) -> Answer:
    """The hub is alive."""
    services = call.services
    body = Health(
        status="ok",
        version=services.version,
        epoch=services.epoch,
        uptime_ms=services.clock.hub() - services.started_at,
        agents_connected=sum(
            1 for org in services.orgs.values() for agent in org.agents.values() if agent.session
        ),
    )
    return Answer(200, body, durable=False)


async def ready(call: Call) -> Answer:
    """Whether the hub takes work."""
    services = call.services
    reasons = []
    if services.journal.commit_age > STUCK_SECONDS:
        reasons.append(Reason("disk_stuck", "a commit has been under way for too long"))
    if services.journal.waiting_rows > services.settings.uncommitted_rows:
        reasons.append(Reason("disk_behind", "too many rows wait for the disk"))
    body = Ready(not reasons, reasons)
    return Answer(503 if reasons else 200, body, durable=False)


async def metrics(call: Call) -> Answer:
    """The Prometheus exposition: on loopback, or with a token that may read it."""
    if not _is_local(call):
        admit(call.services, call.request, METRICS, Tier.READS)
    text = call.services.exposition.text()
    kind = "text/plain; version=0.0.4; charset=utf-8"
    return Answer(200, text, kind, durable=False)


def _is_local(call: Call) -> bool:
    return is_loopback(address_of(call.request.scope))
