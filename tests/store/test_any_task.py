"""No accepted message can lead to a row that a store refuses or gives back changed."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw, json, structs

from hub.core import lifecycle
from hub.core.task import Task
from hub.store.contract import Store, Unit
from hub.store.memory import MemoryStore
from schemas.attempts import FailureClass
from schemas.scalars import SAFE_INTEGER, Priority, TaskState
from schemas.work import TaskSpec
from tests.store.records import NOW, Clerk, image, images, open_sqlite, read_by_seq

Text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
Number = st.integers(0, SAFE_INTEGER)
Json = st.recursive(
    st.none() | st.booleans() | st.integers(-SAFE_INTEGER, SAFE_INTEGER) | Text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(Text, inner, max_size=3),
    max_leaves=6,
).map(json.encode)
Sent = st.fixed_dictionaries(
    {"description": Text.filter(bool)},
    optional={
        "run": st.sampled_from(
            [
                {"kind": "command", "argv": ["echo", "ü", ""]},
                {"kind": "python", "target": "shop:total"},
                {"kind": "python", "target": "a.b:c", "kwargs": Raw(b'{"x": [1.50, "\xc3\xbc"]}')},
            ]
        ),
        "payload": Json.map(Raw),
        "metadata": st.dictionaries(Text, Text, max_size=2),
        "needs": st.lists(st.sampled_from(["a", "b", "ß"]), max_size=3),
        "assign_to": st.just("agent-9"),
        "priority": st.sampled_from(["urgent", "critical", "high", "normal", "medium", "low"]),
        "fairness_key": st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=128),
        "labels": st.dictionaries(st.just("k"), st.just("v")),
        "mission_id": st.just("mission-ü"),
        "not_before": Number,
        "complete_by": Number,
        "timeout_ms": st.integers(100, 366 * 86_400_000),
        "max_attempts": st.integers(1, 100),
        "retry": st.fixed_dictionaries({"factor": st.floats(1, 10)}),
    },
)


@st.composite
def tasks_in_any_state(draw: Callable[..., Any]) -> Task:
    """Any task that messages can lead to, and then some."""
    spec = json.decode(json.encode(draw(Sent)), type=TaskSpec)
    made = lifecycle.create(1, "task-1", "main", 1, spec, draw(Text), NOW).task
    maybe = st.none() | Number
    return structs.replace(
        made,
        priority=draw(st.sampled_from(Priority)),
        state=draw(st.sampled_from(TaskState)),
        generation=draw(Number),
        queue_key=draw(Number),
        due_at=draw(Number),
        attempt=draw(Number),
        reclaims=draw(Number),
        rejections=draw(Number),
        holder=draw(st.none() | Text),
        assigned_to=draw(st.none() | Text),
        cancel_requested=draw(st.booleans()),
        cancel_unconfirmed=draw(st.booleans()),
        report=draw(st.none() | st.binary(min_size=32, max_size=32)),
        result=draw(st.none() | Json),
        error=draw(st.none() | Text),
        failure_class=draw(st.none() | st.sampled_from(FailureClass)),
        tokens_used=draw(maybe),
        usage=draw(st.none() | Json),
        queued_at=draw(maybe),
        assigned_at=draw(maybe),
        started_at=draw(maybe),
        finished_at=draw(maybe),
        version=draw(Number),
    )


@pytest.mark.parametrize("kind", ["sqlite", "memory"])
def test_no_task_can_be_refused(kind: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever the wire lets in is written and read back equal, as new, changed and edited."""
    store: Store = MemoryStore()
    if kind == "sqlite":
        store = open_sqlite(tmp_path_factory.mktemp("any"))
    clerk = Clerk(store)
    seqs = count(1)

    @given(tasks_in_any_state(), tasks_in_any_state())
    @settings(max_examples=60)
    def written_and_read(first: Task, second: Task) -> None:
        seq = next(seqs)
        before = structs.replace(first, seq=seq, id=f"task-{seq}")
        after = structs.replace(
            second,
            seq=seq,
            id=before.id,
            spec=before.spec,
            requires=before.requires,
            priority=before.priority,
            submitted_by=before.submitted_by,
        )
        clerk.submit(before)
        assert images(read_by_seq(store, seq)) == [image(before)]
        clerk.change(after)
        assert images(read_by_seq(store, seq)) == [image(after)]
        edited = structs.replace(
            after, spec=second.spec, requires=second.requires, priority=second.priority
        )
        clerk.commit(Unit("main", [edited], edited=True))
        assert images(read_by_seq(store, seq)) == [image(edited)]

    try:
        written_and_read()
    finally:
        store.close()
