"""Changes: what looks different in one org since somebody last took notice.

Marked in memory, where things happen, and only while somebody follows: otherwise a mark is one
look at a flag. What is marked says nothing about the disk: whoever tells of it waits until what
was decided up to then is durable.
"""

from typing import Final

from hub.core.task import Task

MOST_TASKS: Final = 500
"""So many changed tasks are held until somebody takes notice; of more it is only known that
there are."""


class Changes:
    """The agents and tasks that changed."""

    __slots__ = ("_agents", "_tasks", "gathers", "more")

    def __init__(self) -> None:
        self.gathers = False
        """Somebody follows."""
        self.more = False
        """More tasks changed than are held."""
        self._agents: set[str] = set()
        self._tasks: dict[int, Task] = {}

    def begin(self) -> None:
        """Somebody follows from now on."""
        self.gathers = True

    def end(self) -> None:
        """Nobody follows any more."""
        self.gathers = self.more = False
        self._agents.clear()
        self._tasks.clear()

    def agent(self, agent_id: str) -> None:
        """An agent looks different, came, or went."""
        if self.gathers:
            self._agents.add(agent_id)

    def task(self, task: Task) -> None:
        """A task has this record from now on, or its attempt got on."""
        if not self.gathers:
            return
        if len(self._tasks) < MOST_TASKS or task.seq in self._tasks:
            self._tasks[task.seq] = task
        else:
            self.more = True

    def take_agents(self, most: int) -> list[str]:
        """The ids of agents that changed, at most so many; the others are left for later."""
        if len(self._agents) <= most:
            taken, self._agents = self._agents, set()
            return list(taken)
        return [self._agents.pop() for _ in range(most)]

    def take_tasks(self) -> tuple[list[Task], bool]:
        """The latest records of the tasks that changed, and whether there are more."""
        taken, self._tasks = self._tasks, {}
        more, self.more = self.more, False
        return list(taken.values()), more
