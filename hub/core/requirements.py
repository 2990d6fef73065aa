"""What a task asks of an agent: the key of its lane.

The key is canonical JSON, so equal requirements are equal text, in memory and in the
database. Exclusions after a rejection are part of it: the task moves to a lane of its own,
and no lane has to be searched past its head.
"""

from typing import Final

from msgspec import Struct, json, structs

from schemas.scalars import Executor
from schemas.work import Command, TaskSpec

FOR_GOOD: Final = 0
"""An exclusion without an end."""


class Requirements(Struct, frozen=True, omit_defaults=True, rename={"executor": "run"}):
    """Which agents may have a task."""

    needs: tuple[str, ...] = ()
    """Capabilities, sorted, each once."""
    executor: Executor | None = None
    agent: str | None = None
    """The only agent that may have it."""
    without: dict[str, int] = {}
    """Agents that may not, and until which hub time."""

    def has_capabilities(self, offered: frozenset[str]) -> bool:
        """Whether these capabilities are enough."""
        return offered.issuperset(self.needs)

    def has_executor(self, offered: frozenset[Executor]) -> bool:
        """Whether one of these executors can run it."""
        return self.executor is None or self.executor in offered

    def excludes(self, agent: str, hub_now: int) -> bool:
        """Whether this agent may not have it now."""
        until = self.without.get(agent)
        return until is not None and (until == FOR_GOOD or hub_now < until)

    def excludes_for_good(self, agent: str) -> bool:
        """Whether this agent may never have it."""
        return self.without.get(agent) == FOR_GOOD


_encoder = json.Encoder(order="sorted")
_decoder = json.Decoder(Requirements)
_PLAIN: Final = {
    executor: _encoder.encode(Requirements(executor=executor)).decode()
    for executor in (None, *Executor)
}
"""The keys of the lanes that ask for nothing but an executor."""


def executor_of(spec: TaskSpec) -> Executor | None:
    """The executor a task needs."""
    if spec.run is None:
        return None
    return Executor.COMMAND if type(spec.run) is Command else Executor.PYTHON


def key_of(spec: TaskSpec) -> str:
    """The lane key of a new task."""
    executor = executor_of(spec)
    if not spec.needs and spec.assign_to is None:
        return _PLAIN[executor]
    needs = tuple(sorted(set(spec.needs or ())))
    return encode(Requirements(needs=needs, executor=executor, agent=spec.assign_to))


def encode(requirements: Requirements) -> str:
    """The lane key of these requirements."""
    return _encoder.encode(requirements).decode()


def decode(key: str) -> Requirements:
    """The requirements behind a lane key."""
    return _decoder.decode(key)


def renew(key: str, spec: TaskSpec) -> str:
    """The lane key after an edit: what `spec` asks for, with the exclusions of before.

    Only the agent that the task is pinned to is not excluded: somebody chose it just now.
    """
    without = {name: end for name, end in decode(key).without.items() if name != spec.assign_to}
    plain = key_of(spec)
    return encode(structs.replace(decode(plain), without=without)) if without else plain


def exclude(key: str, agent: str, until: int, hub_now: int) -> str:
    """The lane key with one more agent excluded, and exclusions that are over left out."""
    old = decode(key)
    without = {name: end for name, end in old.without.items() if end == FOR_GOOD or end > hub_now}
    without[agent] = until
    return encode(
        Requirements(needs=old.needs, executor=old.executor, agent=old.agent, without=without)
    )
