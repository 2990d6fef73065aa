"""Submissions over the socket: tasks under a key are taken once, however often they are sent."""

import asyncio
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import Final

from msgspec import json

from hub.core.credentials import Principal
from hub.core.errors import Refused
from hub.core.org import Org
from hub.core.replays import Replay
from hub.services.replays import Place, Replays
from hub.services.tasks import Tasks
from schemas.work import TaskSpec

ROUTE: Final = "task_submit"
Then = Callable[[list[str] | Refused], None]
_encode = json.Encoder().encode


class Submissions:
    """Takes tasks, or finds the ids of those that were taken before under the same key."""

    def __init__(self, tasks: Tasks, replays: Replays) -> None:
        self._tasks = tasks
        self._replays = replays
        self._searches: set[asyncio.Task[Replay | None]] = set()

    def submit(
        self, org: Org, principal: Principal, specs: list[TaskSpec], key: str, then: Then
    ) -> None:
        """Take new tasks and go on with their ids, or with why they are refused.

        It goes on before it returns, unless the database has to be asked for an earlier time.
        """
        place = Place(org.name, principal.id, ROUTE, key)
        fingerprint = sha256(_encode(specs)).digest()
        once = partial(self._once, org, principal, specs, place, fingerprint)
        try:
            may_be_known = self._replays.enter(place)
        except Refused as refused:
            then(refused)
            return
        if may_be_known:
            self._search(place, fingerprint, once, then)
        else:
            then(once())

    def _once(
        self,
        org: Org,
        principal: Principal,
        specs: list[TaskSpec],
        place: Place,
        fingerprint: bytes,
    ) -> list[str] | Refused:
        try:
            ids = [task.id for task in self._tasks.submit(org, principal, specs)]
        except Refused as refused:
            return refused
        else:
            self._replays.keep(place, fingerprint, 0, None, tuple(ids))
            return ids
        finally:
            self._replays.leave(place)

    def _search(
        self,
        place: Place,
        fingerprint: bytes,
        once: Callable[[], list[str] | Refused],
        then: Then,
    ) -> None:
        def found(search: asyncio.Task[Replay | None]) -> None:
            self._searches.discard(search)
            error = search.exception()
            if error is None and search.result() is None:
                then(once())
                return
            self._replays.leave(place)
            if isinstance(error, Refused):
                then(error)
            else:
                replay = search.result()
                then(list(replay.entities) if replay is not None else [])

        search = asyncio.create_task(self._replays.find(place, fingerprint))
        self._searches.add(search)
        search.add_done_callback(found)
