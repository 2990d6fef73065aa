"""Equal requirements have equal keys, and a key says who may have the task."""

from hypothesis import given
from hypothesis import strategies as st

from hub.core import requirements
from hub.core.requirements import FOR_GOOD, Requirements
from schemas.scalars import Executor
from schemas.work import PythonCall, TaskSpec
from tests.core.making import RUN

NEEDS = st.lists(st.text(max_size=5), max_size=5)
AGENTS = st.sampled_from(["a", "b", "c"])


def key(**spec: object) -> str:
    """The lane key of a task with this specification."""
    return requirements.key_of(TaskSpec("x", **spec))  # type: ignore[arg-type]


@given(NEEDS, st.randoms(use_true_random=False))
def test_order_and_repetition_mean_nothing(needs: list[str], random: object) -> None:
    """The same set of capabilities is the same lane."""
    shuffled = [*needs, *needs]
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert key(needs=needs) == key(needs=shuffled)


@given(
    NEEDS,
    st.none() | AGENTS,
    st.sampled_from([None, *Executor]),
    st.dictionaries(AGENTS, st.integers(0, 99)),
)
def test_a_key_tells_the_requirements(
    needs: list[str], agent: str | None, executor: Executor | None, without: dict[str, int]
) -> None:
    """What is put into a key is read out of it."""
    wanted = Requirements(tuple(sorted(set(needs))), executor, agent, without)

    assert requirements.decode(requirements.encode(wanted)) == wanted


def test_different_requirements_are_different_lanes() -> None:
    """Capabilities, executor and pin each tell lanes apart."""
    call = PythonCall("shop:total")
    keys = [key(), key(run=RUN), key(needs=["a"]), key(assign_to="a"), key(needs=["a"], run=RUN)]
    keys += [key(run=call), key(needs=["a"], run=call)]

    assert len(set(keys)) == len(keys)
    assert requirements.decode(key(run=call)).executor is Executor.PYTHON
    assert key(needs=[]) == key()
    assert requirements.decode(key(run=RUN)).executor is Executor.COMMAND


def test_an_exclusion_ends_at_its_time() -> None:
    """Until then the agent may not have the task; without a time, never again."""
    need = Requirements(without={"a": 100, "b": FOR_GOOD})

    assert need.excludes("a", 99)
    assert not need.excludes("a", 100)
    assert need.excludes("b", 1 << 60)
    assert not need.excludes("c", 0)


def test_exclusions_add_up_and_old_ones_go() -> None:
    """A further exclusion keeps those that still hold and forgets those that are over."""
    first = requirements.exclude(key(needs=["x"]), "a", 100, 0)
    second = requirements.exclude(first, "b", FOR_GOOD, 50)
    third = requirements.exclude(second, "c", 300, 200)

    assert requirements.decode(second).without == {"a": 100, "b": FOR_GOOD}
    assert requirements.decode(third).without == {"b": FOR_GOOD, "c": 300}
    assert requirements.decode(third).needs == ("x",)
