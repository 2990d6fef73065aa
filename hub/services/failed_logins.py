"""Failed logins in the stream of events, few enough that no stranger fills the database.

The first of an address is told at once, the next ones at most once a minute with their number.
All addresses together have one event a minute in the long run, and a few dozen at once; what
is beyond that is counted and told later. Only the public id of a token is ever written.
"""

from collections import OrderedDict
from typing import Final

from msgspec import Struct

from hub.core import facts
from hub.core.bucket import MINUTE_MS, Bucket
from hub.services.clock import Clock
from hub.store.contract import JournalPort, Unit
from schemas.events import AuthLoginFailed, EventType

NOBODY: Final = "nobody"
"""Who has no valid credential."""
PER_MINUTE: Final = 1
"""Events in the long run: half a million rows in a year of attacks without a pause."""
AT_ONCE: Final = 60
"""Events that may come at once."""
ADDRESSES: Final = 10_000
"""So many are remembered; beyond it the one that failed longest ago is forgotten."""


class _Past(Struct):
    """What is known about the failures of one address. Times are hub time in milliseconds."""

    told_at: int | None = None
    untold: int = 0


class FailedLogins:
    """Writes which addresses come with wrong credentials."""

    def __init__(self, org: str, journal: JournalPort, clock: Clock) -> None:
        """Strangers belong to no org, so their events are written to this one."""
        self._org = org
        self._journal = journal
        self._clock = clock
        self._bucket = Bucket(PER_MINUTE, AT_ONCE, clock.hub())
        self._pasts: OrderedDict[str, _Past] = OrderedDict()
        """By address, the latest failure last."""

    def __len__(self) -> int:
        return len(self._pasts)

    def note(self, address: str, public_id: str | None) -> None:
        """A credential was refused; `public_id` is the one it named, if it was well formed."""
        now = self._clock.now()
        past = self._pasts.setdefault(address, _Past())
        self._pasts.move_to_end(address)
        past.untold += 1
        is_early = past.told_at is not None and now.hub < past.told_at + MINUTE_MS
        if not is_early and not self._bucket.take(1, now.hub):
            self._write(address, public_id, past.untold, now.wall)
            past.told_at, past.untold = now.hub, 0
        if len(self._pasts) > ADDRESSES:
            self._pasts.popitem(last=False)

    def _write(self, address: str, public_id: str | None, attempts: int, wall: int) -> None:
        payload = AuthLoginFailed(address, attempts, public_id)
        kind, entity = EventType.AUTH_LOGIN_FAILED, public_id or address
        fact = facts.of_agent(kind, entity, NOBODY, wall, payload)
        self._journal.write(Unit(self._org, facts=[fact]))
