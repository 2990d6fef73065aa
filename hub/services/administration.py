"""What admins change about the hub itself."""

from typing import Final

from hub.core import facts
from hub.core.org import Org
from hub.services.clock import Clock
from hub.services.log_level import LogLevel
from hub.store.contract import JournalPort, Unit
from schemas import events
from schemas.events import EventType

LOG: Final = "log"
"""What the event of a change of the log's level is about."""


class Administration:
    """Commands about the hub; each leaves an event in the org of who gave it."""

    def __init__(self, journal: JournalPort, clock: Clock, log_level: LogLevel) -> None:
        self._journal = journal
        self._clock = clock
        self._log_level = log_level

    @property
    def log_level(self) -> str:
        """The least level of what is logged now."""
        return self._log_level.get()

    def set_log_level(self, org: Org, level: str, actor: str) -> None:
        """Log from this level on, until the next start; to set it again changes nothing."""
        before = self._log_level.get()
        if level == before:
            return
        self._log_level.set(level)
        told = events.AdminLogLevelChanged(before=before, after=level)
        fact = facts.of_agent(
            EventType.ADMIN_LOG_LEVEL_CHANGED, LOG, actor, self._clock.now().wall, told
        )
        self._journal.write(Unit(org.name, facts=[fact]))
