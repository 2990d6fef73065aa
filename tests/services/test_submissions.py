"""Tasks sent over the socket under a key: they are taken once."""

from typing import Any

from schemas.scalars import Role
from tests.transport.conftest import StartHub
from tests.transport.wire import Door, Peer, new_name, open_door

TASKS = [{"description": "one", "needs": ["nobody"]}, {"description": "two", "needs": ["nobody"]}]


async def submit(peer: Peer, key: str, tasks: Any = None, **more: Any) -> dict[str, Any]:
    """Submit under a key; the answer or the refusal."""
    ref = new_name("ref")
    tasks = TASKS if tasks is None else tasks
    await peer.say("task_submit", ref=ref, tasks=tasks, idempotency_key=key, **more)
    return await peer.answer(ref)


async def test_the_same_tasks_again_get_the_same_ids(calm: Door) -> None:
    """Also for another session of the same principal; the reference is that of each question."""
    key = new_name()
    one = await calm.submitter(Role.OPERATOR)
    another = await calm.submitter(Role.OPERATOR)

    first, again = await submit(one, key), await submit(another, key)

    assert first["type"] == again["type"] == "task_submitted"
    assert first["ids"] == again["ids"]
    assert first["ref"] != again["ref"]


async def test_other_tasks_under_the_key_are_refused(calm: Door) -> None:
    """The key belongs to what was sent first."""
    key = new_name()
    peer = await calm.submitter(Role.OPERATOR)
    await submit(peer, key)
    refused = await submit(peer, key, TASKS[:1])

    assert (refused["error"], refused["retryable"]) == ("key_reused", False)


async def test_refused_tasks_leave_the_key_free(calm: Door) -> None:
    """What was not taken may be sent again, mended."""
    key = new_name()
    peer = await calm.submitter(Role.OPERATOR)
    refused = await submit(peer, key, [{"description": ""}])
    taken = await submit(peer, key)

    assert (refused["type"], taken["type"]) == ("error", "task_submitted")


async def test_many_at_once_are_one(calm: Door) -> None:
    """Those that come while the first is being written are told so, or hear its ids."""
    key = new_name()
    peer = await calm.submitter(Role.OPERATOR)
    refs = [new_name("ref") for _ in range(20)]
    for ref in refs:
        await peer.say("task_submit", ref=ref, tasks=TASKS, idempotency_key=key)
    answers = [await peer.answer(ref) for ref in refs]

    ids = {tuple(each["ids"]) for each in answers if each["type"] == "task_submitted"}
    refused = [each for each in answers if each["type"] == "error"]
    assert len(ids) == 1
    assert {each["error"] for each in refused} <= {"in_progress"}
    assert all(each["retryable"] and each["retry_after_ms"] for each in refused)


async def test_a_repetition_may_watch(calm: Door) -> None:
    """Asking again with `watch` tells also of ends that were before it."""
    key = new_name()
    peer = await calm.submitter(Role.OPERATOR)
    first = await submit(peer, key)
    done, waiting = first["ids"]
    calm.hub.http("POST", f"/api/v1/tasks/{done}/cancel", {})
    await submit(peer, key, watch=True)
    calm.hub.http("POST", f"/api/v1/tasks/{waiting}/cancel", {})

    assert (await peer.hears("task_result", task_id=done))["state"] == "cancelled"
    assert (await peer.hears("task_result", task_id=waiting))["state"] == "cancelled"


async def test_a_restart_forgets_no_key(own_hub: StartHub) -> None:
    """What was taken before a kill is not taken again after it."""
    hub = own_hub()
    async with open_door(hub) as door:
        first = await submit(await door.submitter(Role.OPERATOR), "k")
    hub.restart()
    async with open_door(hub) as door:
        again = await submit(await door.submitter(Role.OPERATOR), "k")

    assert again["ids"] == first["ids"]
    assert len(hub.get("/tasks")["items"]) == 2
