"""The load generator, compiled and let loose on a hub of a few lines."""

import resource
import shutil
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from schemas.from_agent import Identify, Ping, TaskAccepted, TaskComplete, TaskSubmit
from schemas.scalars import PriorityName
from scripts.benchmark import crowd, generator
from scripts.benchmark.crowd import Crowd
from scripts.benchmark.faults import NO_LOAD, NOT_HERE, BenchmarkError
from scripts.benchmark.figures import Load, Settings
from scripts.benchmark.ledger import Ledger
from tests.scripts.fake_hub import GENERATION, FakeHub, fake_hub

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the load generator needs epoll"),
    pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler"),
]

CLOSED = Settings(agents=3, slots=2, in_flight=5, rate=0, seconds=0.2, warmup_seconds=0.1)
OPEN = Settings(agents=3, slots=2, in_flight=0, rate=200, seconds=0.3, warmup_seconds=0.1)
PEERS = [("agent-0", "t0"), ("agent-1", "t1"), ("agent-2", "t2"), ("submitter", "t3")]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The generator; building it fails on any warning."""
    return generator.build(tmp_path_factory.mktemp("load"))


def let_loose(program: Path, hub: FakeHub, settings: Settings) -> tuple[Load, Ledger]:
    """One run whose ticks nobody watches."""
    return generator.run(program, hub.port, PEERS, settings, lambda word, numbers: None)


def test_every_task_goes_all_the_way_once(program: Path) -> None:
    """What is submitted is accepted, completed and seen, and no frame breaks the contract."""
    with fake_hub() as hub:
        load, ledger = let_loose(program, hub, CLOSED)
    kinds = Counter(type(message) for message in hub.seen)
    assert set(load.faults.values()) == {0}
    assert load.done == load.submitted == load.acknowledged == len(ledger.tasks) > CLOSED.in_flight
    assert kinds[TaskSubmit] == kinds[TaskAccepted] == kinds[TaskComplete] == load.done
    assert kinds[Identify] == len(PEERS)
    assert hub.tokens == {token for _, token in PEERS}


def test_no_more_are_in_flight_than_asked(program: Path) -> None:
    """In a closed loop the next task waits for a result."""
    with fake_hub() as hub:
        let_loose(program, hub, CLOSED)
    assert hub.most_open <= CLOSED.in_flight


def test_an_open_loop_follows_the_clock(program: Path) -> None:
    """The tasks due within the window are as many as the rate says, evenly spaced."""
    with fake_hub() as hub:
        load, ledger = let_loose(program, hub, OPEN)
    due = [task[0] for task in ledger.tasks]
    assert {later - sooner for sooner, later in pairwise(due)} == {5_000_000}
    assert load.done == load.submitted


def test_agents_repeat_the_fence_they_were_given(program: Path) -> None:
    """Generations come from the top level of the frame, never from the payload."""
    with fake_hub() as hub:
        let_loose(program, hub, OPEN)
    fences = {m.generation for m in hub.seen if isinstance(m, TaskAccepted | TaskComplete)}
    assert fences == {GENERATION}


def test_every_peer_pings(program: Path) -> None:
    """The heartbeat the hub dictates is kept, so that no session is taken for dead."""
    with fake_hub() as hub:
        load, _ = let_loose(program, hub, OPEN)
    pings = sum(isinstance(message, Ping) for message in hub.seen)
    assert pings >= len(PEERS)
    assert load.faults["lost_peers"] == 0


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ("twice", "again"),
        ("dead_letter", "not_completed"),
        ("refused", "refused"),
        ("stranger", "strange"),
    ],
)
def test_what_the_hub_does_wrong_is_counted(program: Path, wrong: str, fault: str) -> None:
    """A run on a hub that errs can be told from a good one."""
    with fake_hub(wrong) as hub:
        load, _ = let_loose(program, hub, OPEN)
    assert load.faults[fault] > 0
    assert bool(load.refusals) == (wrong == "refused")


def test_lost_agents_are_counted(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Agents whose connection ends are missed, and so are the tasks nobody does."""
    monkeypatch.setattr(generator, "DRAIN_MS", 100)
    with fake_hub("drops_agents") as hub:
        load, ledger = let_loose(program, hub, OPEN)
    assert load.faults["lost_peers"] == OPEN.agents
    assert load.faults["unfinished"] == load.submitted == len(ledger.tasks)
    assert ledger.result_latencies() == []


def test_a_refused_token_ends_it_at_once(program: Path) -> None:
    """The error says what the hub answered."""
    peers = [*PEERS[:-1], ("submitter", "bad")]
    with fake_hub() as hub, pytest.raises(BenchmarkError, match="401") as error:
        generator.run(program, hub.port, peers, OPEN, lambda word, numbers: None)
    assert error.value.status == NO_LOAD


def test_agents_beyond_the_open_files_are_in_further_programs(program: Path) -> None:
    """Together they do what one program would, and all of them leave at the end."""
    with fake_hub() as hub:
        load, _ = generator.run(program, hub.port, PEERS, OPEN, lambda word, numbers: None, most=2)
    kinds = Counter(type(message) for message in hub.seen)
    assert load.processes == 2
    assert kinds[Identify] == len(PEERS)
    assert load.assigned == load.done == load.submitted == kinds[TaskComplete]
    assert set(load.faults.values()) == {0}


def test_a_crowd_does_what_it_is_given_until_it_is_left(program: Path) -> None:
    """It has no submitter of its own, and says at its end what it did."""
    agents, asked = PEERS[:-1], replace(OPEN, agents=1)
    with fake_hub() as hub:
        with Crowd(program, hub.port, agents[:2], 2) as present:
            load, _ = generator.run(program, hub.port, PEERS[2:], asked, lambda word, numbers: None)
            assert present.cpu_s() >= 0
        (found,) = present.loads
    assert found.assigned > 0
    assert found.assigned + load.assigned == load.done == load.submitted
    assert found.submitted == 0
    assert set(found.faults.values()) == {0}


def test_a_crowd_that_is_not_let_in_is_told(program: Path) -> None:
    """The error says what the hub answered, and no program is left."""
    with fake_hub() as hub, pytest.raises(BenchmarkError, match="401") as error:
        Crowd(program, hub.port, [("agent-0", "t0"), ("agent-1", "bad")], 2, most=1).__enter__()
    assert error.value.status == NO_LOAD


def test_urgent_tasks_say_so(program: Path) -> None:
    """The others do not name a priority."""
    for urgent, expected in ((True, {PriorityName.URGENT}), (False, {None})):
        with fake_hub() as hub:
            let_loose(program, hub, replace(OPEN, urgent=urgent))
        submitted = [message for message in hub.seen if isinstance(message, TaskSubmit)]
        assert {task.priority for message in submitted for task in message.tasks} == expected


def test_the_generator_tells_how_far_it_is(program: Path) -> None:
    """First that all are there, then both ends of the window."""
    words: list[str] = []
    with fake_hub() as hub:
        generator.run(program, hub.port, PEERS, OPEN, lambda word, numbers: words.append(word))
    assert words == ["joined", "begin", "end"]


def test_more_agents_than_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub on this machine could not hold them; the error says what to raise."""
    monkeypatch.setattr(resource, "getrlimit", lambda which: (1_024, 1_024))
    crowd.check_room(900)
    with pytest.raises(BenchmarkError, match="ulimit") as error:
        crowd.check_room(1_000)
    assert error.value.status == NOT_HERE
