"""The pause service: holds back dispatch, for everything or for tasks with a label.

Reports, cancels and new tasks go on meanwhile. A pause outlives the hub, and one with an end
ends by itself.
"""

from collections.abc import Collection

from msgspec import structs

from hub.core import facts
from hub.core.clock import Instant
from hub.core.dispatch import PAUSES, label_text
from hub.core.errors import Refused
from hub.core.facts import Fact
from hub.core.ids import RANDOM_BYTES, ulid
from hub.core.org import Org
from hub.core.pauses import PauseRecord, end_of
from hub.services.chance import Chance
from hub.services.clock import Clock
from hub.store.contract import JournalPort, Unit
from schemas import events
from schemas.events import EventType
from schemas.scalars import ErrorCode

Label = tuple[str, str]


class Pauses:
    """Commands about dispatch."""

    def __init__(
        self, orgs: Collection[Org], journal: JournalPort, clock: Clock, chance: Chance
    ) -> None:
        self._orgs = orgs
        self._journal = journal
        self._clock = clock
        self._chance = chance

    def pause(
        self,
        org: Org,
        label: Label | None,
        actor: str,
        note: str | None = None,
        until: int | None = None,
        for_ms: int | None = None,
    ) -> PauseRecord:
        """Give out nothing, or nothing with this label; again changes the note and the end.

        Raises Refused `validation_failed` when the end makes no sense, or `invalid_state`
        when there are too many pauses.
        """
        now = self._clock.now()
        end = end_of(until, for_ms, now.wall)
        lasting = org.dispatch.of_label(label)
        if lasting is not None:
            changed = structs.replace(lasting, note=note, until=end)
            return lasting if changed == lasting else self._begin(org, changed, actor, now)
        if len(org.dispatch.pauses) >= PAUSES:
            raise Refused(ErrorCode.INVALID_STATE, f"there are {PAUSES} pauses already")
        name = "pause-" + ulid(now.wall, self._chance.bytes(RANDOM_BYTES))
        fresh = PauseRecord(org.name, name, label, note, end, now.wall, actor)
        return self._begin(org, fresh, actor, now)

    def _begin(self, org: Org, pause: PauseRecord, actor: str, now: Instant) -> PauseRecord:
        payload = events.DispatchPaused(_words(pause), pause.note, pause.until)
        told = facts.of_agent(EventType.DISPATCH_PAUSED, pause.id, actor, now.wall, payload)
        self._journal.write(Unit(org.name, facts=[told], pauses=[pause]))
        org.dispatch.begin(pause)
        return pause

    def resume(self, org: Org, pause_id: str | None, label: Label | None, actor: str) -> None:
        """End the pause with this id; without one the pause for this label, or for everything.

        Nothing changes when that is not paused. Raises Refused `not_found` for an id of no
        pause that lasts.
        """
        if pause_id is None:
            pause = org.dispatch.of_label(label)
        else:
            pause = org.dispatch.pauses.get(pause_id)
            if pause is None:
                raise Refused(ErrorCode.NOT_FOUND, f"no pause {pause_id} lasts")
        if pause is not None:
            self._end(org, pause, actor, "requested", self._clock.now())

    def end_pauses(self, now: Instant) -> None:
        """Pauses whose time has come are over."""
        for org in self._orgs:
            for pause in org.dispatch.over(now.wall):
                self._end(org, pause, "hub", "its end has come", now)

    def _end(self, org: Org, pause: PauseRecord, actor: str, reason: str, now: Instant) -> None:
        ended = structs.replace(pause, ended_at=now.wall)
        told = self._resumed(pause, actor, reason, now.wall)
        self._journal.write(Unit(org.name, facts=[told], pauses=[ended]))
        org.end_pause(pause)

    @staticmethod
    def _resumed(pause: PauseRecord, actor: str, reason: str, wall: int) -> Fact:
        payload = events.DispatchResumed(_words(pause), reason)
        return facts.of_agent(EventType.DISPATCH_RESUMED, pause.id, actor, wall, payload)


def _words(pause: PauseRecord) -> str | None:
    return None if pause.label is None else label_text(pause.label)
