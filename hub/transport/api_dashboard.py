"""HTTP for the dashboard: what a page begins with. What comes after goes over its socket."""

from hub.transport.call import Answer, Call
from schemas.dashboard import SnapshotQuery


async def get_snapshot(call: Call) -> Answer:
    """Everything a page needs to begin with, compressed for whoever takes it so."""
    query: SnapshotQuery = call.query
    shot = await call.services.live.snapshot(call.org.name, agents=query.scope == "agents")
    if shot.zipped is not None and _takes_gzip(call.request.headers.get("Accept-Encoding", "")):
        return Answer(200, shot.zipped, encoding="gzip")
    return Answer(200, shot.body)


def _takes_gzip(said: str) -> bool:
    for choice in said.split(","):
        name, _, quality = choice.partition(";")
        if name.strip().lower() == "gzip":
            return quality.replace(" ", "").lower().rstrip("0.") != "q="
    return False
