"""Failed logins in the stream of events, few enough that no stranger fills the database.

The first of an address is told at once, the next ones at most once a minute with their number,
whether or not it comes again. All addresses together have one event a minute in the long run,
and a few dozen at once; what is beyond that is counted and told later. What is not told yet is
lost with the hub's process, and with an address that is forgotten because too many others came.

A stranger chooses what is claimed, so an event is about a token or join code only when there is
one with that public id. The rest of a token is never written.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from hub.core import facts
from hub.core.bucket import MINUTE_MS, Bucket
from hub.core.clock import Instant
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
LOOKED_AT: Final = 16
"""How many addresses with something to tell are looked at in one pass."""


class _Past(Struct):
    """What is known about the failures of one address. Times are hub time in milliseconds."""

    told_at: int | None = None
    untold: int = 0
    public_id: str | None = None
    """The one that the latest failure named."""


class FailedLogins:
    """Writes which addresses come with wrong credentials."""

    def __init__(
        self, org: str, journal: JournalPort, clock: Clock, is_known: Callable[[str], bool]
    ) -> None:
        """Strangers belong to no org, so their events are written to this one.

        `is_known` tells whether there is a token or join code with a public id.
        """
        self._org = org
        self._journal = journal
        self._clock = clock
        self._is_known = is_known
        self._bucket = Bucket(PER_MINUTE, AT_ONCE, clock.hub())
        self._pasts: OrderedDict[str, _Past] = OrderedDict()
        """By address, the latest failure last."""
        self._waiting: OrderedDict[str, None] = OrderedDict()
        """Every address with something untold; the one to be looked at next is first."""

    def __len__(self) -> int:
        return len(self._pasts)

    def note(self, address: str, public_id: str | None) -> None:
        """A credential was refused; `public_id` is the one it named, if it was well formed."""
        past = self._pasts.setdefault(address, _Past())
        self._pasts.move_to_end(address)
        past.untold += 1
        past.public_id = public_id
        self._waiting.setdefault(address)
        self._tell(address, past, self._clock.now())
        if len(self._pasts) > ADDRESSES:
            forgotten, _ = self._pasts.popitem(last=False)
            self._waiting.pop(forgotten, None)

    def tell_due(self, instant: Instant) -> None:
        """Tell some of what was counted and whose minute is over, as far as the budget goes."""
        for _ in range(min(LOOKED_AT, len(self._waiting))):
            address = next(iter(self._waiting))
            self._waiting.move_to_end(address)
            self._tell(address, self._pasts[address], instant)

    def _tell(self, address: str, past: _Past, now: Instant) -> None:
        is_early = past.told_at is not None and now.hub < past.told_at + MINUTE_MS
        if is_early or self._bucket.take(1, now.hub):
            return
        payload = AuthLoginFailed(address, past.untold, past.public_id)
        about = past.public_id if past.public_id and self._is_known(past.public_id) else address
        fact = facts.of_agent(EventType.AUTH_LOGIN_FAILED, about, NOBODY, now.wall, payload)
        self._journal.write(Unit(self._org, facts=[fact]))
        past.told_at, past.untold = now.hub, 0
        del self._waiting[address]
