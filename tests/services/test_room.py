"""How much new work there is room for: the backlog of all, and kinds of tasks."""

import pytest
from msgspec import structs

from hub.core import matching
from hub.core.credentials import Principal
from hub.core.errors import Refused
from hub.core.org import Org
from hub.services.tasks import Tasks
from hub.store.memory import MemoryStore
from schemas.scalars import DAY_MS, ErrorCode, Role
from schemas.work import TaskSpec
from tests.core.hand_hub import OPERATOR, SETTINGS, HandHub

WALL = 1_000
STRANGER = Principal("operator", Role.OPERATOR, "other")


def work(count: int) -> list[TaskSpec]:
    """Tasks that wait for nobody in particular."""
    return [TaskSpec("x") for _ in range(count)]


@pytest.fixture
def hub() -> HandHub:
    """A hub whose backlog is ten tasks, with a second org."""
    hub = HandHub(MemoryStore(), WALL, 1)
    hub.tasks._settings = structs.replace(SETTINGS, backlog=10)
    hub.tasks.orgs = [hub.org, Org("other", 1)]
    return hub


def refused(tasks: Tasks, org: Org, principal: Principal, specs: list[TaskSpec]) -> ErrorCode:
    """Why new tasks are not taken."""
    before = org.backlog
    with pytest.raises(Refused) as told:
        tasks.submit(org, principal, specs)
    assert org.backlog == before
    return told.value.code


def test_new_work_ends_at_four_fifths(hub: HandHub) -> None:
    """All of a request or none of it; what waits for its time counts like the rest."""
    later = TaskSpec("x", not_before=WALL + DAY_MS)
    hub.tasks.submit(hub.org, OPERATOR, [later] * 4)
    assert refused(hub.tasks, hub.org, OPERATOR, work(5)) is ErrorCode.BUSY
    hub.tasks.submit(hub.org, OPERATOR, work(4))
    assert refused(hub.tasks, hub.org, OPERATOR, work(1)) is ErrorCode.BUSY


def test_one_org_leaves_room_for_another(hub: HandHub) -> None:
    """Half is the most while the other has anything waiting."""
    other = hub.tasks.orgs[1]
    hub.tasks.submit(other, STRANGER, work(1))
    hub.tasks.submit(hub.org, OPERATOR, work(5))
    assert refused(hub.tasks, hub.org, OPERATOR, work(1)) is ErrorCode.BUSY
    hub.tasks.submit(other, STRANGER, work(2))


def test_a_request_of_many_kinds_is_counted_whole(
    hub: HandHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each kind once: no request makes more lanes than there may be."""
    monkeypatch.setattr(matching, "LANES", 3)
    kinds = [TaskSpec("x", needs=[str(n)]) for n in range(4)]
    assert refused(hub.tasks, hub.org, OPERATOR, kinds) is ErrorCode.TOO_MANY_LANES
    hub.tasks.submit(hub.org, OPERATOR, [kinds[0], kinds[1], kinds[0], kinds[2]])
    assert refused(hub.tasks, hub.org, OPERATOR, [kinds[3]]) is ErrorCode.TOO_MANY_LANES
    hub.tasks.submit(hub.org, OPERATOR, [kinds[2]])
