"""Why a task runs or does not: every reason, and agreement with matching."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import invariant
from msgspec import structs

from hub.core import explain as explaining
from hub.core import lifecycle, reports, requirements
from hub.core.explain import SENTENCES, explain
from hub.core.org import Org
from hub.core.pauses import PauseRecord
from hub.core.task import Task
from schemas.attempts import FailureClass
from schemas.scalars import TaskState
from tests.core.making import (
    AGENT,
    NOW,
    RUN,
    assigned,
    in_state,
    later,
    online,
    queued,
    record,
    running,
)
from tests.core.yard import Yard

S = TaskState


def org_of(*agents: Any) -> Org:
    """An org with these agents."""
    org = Org("main", 1)
    for agent in agents:
        org.know(agent.record).session = agent.session
        org.matcher.refresh(org.agents[agent.record.id])
    return org


def reason(task: Task, org: Org | None = None) -> tuple[str, str]:
    """The one reason for where a task stands."""
    (found,) = explain(org or org_of(), task, NOW).reasons
    return found.code, found.message


def backing_off() -> Task:
    """A task whose attempt failed just now."""
    return reports.fail(running(), "broke", FailureClass.INFRA, NOW, 0.0).task


@pytest.mark.parametrize(
    ("task", "code", "part"),
    [
        (queued(), "no_agents", "no agent has ever joined"),
        (queued(not_before=NOW.wall + 2_000), "not_before", "another 2.0 s"),
        (backing_off(), "backing_off", "another 5.0 s after: broke"),
        (assigned(), "not_accepted_yet", AGENT),
        (running(), "running", f"{AGENT} runs attempt 1"),
        (lifecycle.ask_cancel(running(), "me", NOW).task, "cancelling", AGENT),
        (in_state(S.COMPLETED), "completed", "completed"),
        (in_state(S.CANCELLED), "cancelled", "cancelled"),
        (in_state(S.DEAD_LETTER), "expired", "complete_by"),
    ],
)
def test_every_state_has_its_reason(task: Task, code: str, part: str) -> None:
    """A code for programs and a sentence for people."""
    found, sentence = reason(task)

    assert found == code
    assert part in sentence


def test_a_task_that_nobody_can_run_says_what_it_needs() -> None:
    """Waiting does not help, so the agents' offline state does not matter."""
    task = queued(needs=["gpu", "big"], assign_to="other")
    found, sentence = reason(task, org_of(online(), online("b")))

    assert found == "no_such_agent"
    assert sentence.endswith("the capability big and the capability gpu and the agent other")


def test_a_task_waits_for_agents_that_could_run_it() -> None:
    """They are counted; those that never could are not."""
    away, able = online("away", 1, "gpu"), online("able", 0, "gpu")
    away.session = 0
    org = org_of(away, able, online("unable"))

    assert reason(queued(needs=["gpu"]), org)[0] == "waiting_for_agent"
    assert "the 2 agents that could run it are" in reason(queued(needs=["gpu"]), org)[1]
    assert "the 1 agent that could run it is" in reason(queued(assign_to="able"), org)[1]


def test_a_task_with_a_free_agent_is_about_to_run() -> None:
    """The agent is named."""
    assert reason(queued(), org_of(online()))[0] == "about_to_run"
    assert AGENT in reason(queued(), org_of(online()))[1]


def test_every_obstacle_has_a_sentence() -> None:
    """What stands in the way of each agent is told in words."""
    org = org_of(online(slots=0, run=False))
    agent = org.agents[AGENT]
    agent.becomes(structs.replace(agent.record, paused=True, draining=True, active=False))
    agent.session = 0
    agent.busy = agent.silent = agent.clogged = agent.settling = True
    agent.foreign = {"task-1": 1}
    task = queued(needs=["gpu"], assign_to="other", run=RUN)
    excluded = structs.replace(task, requires=requirements.exclude(task.requires, AGENT, 0, 0))
    (candidate,) = explain(org, excluded, NOW).candidates

    assert [found.code for found in candidate.reasons] == list(SENTENCES)
    assert all(found.message for found in candidate.reasons)
    assert "does not offer gpu" in [found.message for found in candidate.reasons]


def test_the_nearest_agents_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only so many are listed, and all are counted."""
    monkeypatch.setattr(explaining, "CANDIDATES", 2)
    far = online("a", 0)
    far.session = 0
    found = explain(org_of(far, online("c"), online("b", 0)), queued(), NOW)

    assert [candidate.agent_id for candidate in found.candidates] == ["c", "b"]
    assert found.candidates_total == 3


def test_whoever_lacks_fewer_capabilities_is_nearer() -> None:
    """Though that is one reason for both."""
    task = queued(needs=["gpu", "rust"])
    found = explain(org_of(online("a"), online("b", 1, "gpu")), task, NOW)

    assert [candidate.agent_id for candidate in found.candidates] == ["b", "a"]


def test_a_task_that_is_kept_back_says_why() -> None:
    """The note of the pause is told, and an able agent is not promised."""
    org, task = org_of(online()), queued(labels={"env": "prod", "x": "y"})
    org.dispatch.begin(PauseRecord("main", "p1", ("env", "prod"), "freeze", None, 0, "me"))

    assert reason(task, org) == ("dispatch_paused", "dispatch of env=prod is paused: freeze")
    assert reason(queued(labels={"env": "test"}), org)[0] == "about_to_run"
    org.dispatch.begin(PauseRecord("main", "p2", None, None, None, 0, "me"))
    assert reason(queued(), org) == ("dispatch_paused", "dispatch is paused")


def test_a_paused_agent_says_why() -> None:
    """With the note of who paused it."""
    org = org_of(online())
    paused = structs.replace(org.agents[AGENT].record, paused=True, pause_note="new disk")
    org.know(paused)
    told = explain(org, queued(), NOW)

    assert told.candidates[0].reasons[0].message == "is paused: new disk"
    assert told.reasons[0].code == "waiting_for_agent"


@pytest.mark.parametrize("state", [S.ASSIGNED, S.RUNNING, S.COMPLETED, S.CANCELLED])
def test_agents_are_listed_for_waiting_tasks_only(state: TaskState) -> None:
    """The others wait for no agent."""
    assert explain(org_of(online()), in_state(state), NOW).candidates == []


def test_no_time_is_negative() -> None:
    """A task that is overdue waits for nothing more."""
    task = queued(not_before=NOW.wall + 5)
    (found,) = explain(org_of(), task, later(60_000)).reasons

    assert "another 0.0 s" in found.message


def test_a_record_alone_is_no_candidate_for_work() -> None:
    """An agent known from the database has no session yet."""
    org = Org("main", 1)
    org.know(record())
    (candidate,) = explain(org, queued(), NOW).candidates

    assert [found.code for found in candidate.reasons] == ["offline"]


class Agreement(Yard):
    """What explain says, against what matching does."""

    @invariant()
    def nobody_free_is_left_when_matching_is_done(self) -> None:
        """No head of a lane has an agent without an obstacle that did not get it."""
        if not self.settled:
            return
        for lane in self.org.matcher.lanes.values():
            first = lane.first()
            if first is not None:
                told = explain(self.org, self.at(first[1]), self.now)
                assert all(candidate.reasons for candidate in told.candidates)

    def look_at(self, match: Any, task: Task) -> None:
        """Whoever gets a task was told to be free for it, and the task about to run."""
        told = explain(self.org, task, self.now)
        free = [candidate.agent_id for candidate in told.candidates if not candidate.reasons]
        assert match.agent.record.id in free
        assert [found.code for found in told.reasons] == ["about_to_run"]


Agreement.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestAgreement = Agreement.TestCase
