"""Who used the cores within a window: the hub, the browser, and all else of the benchmark."""

import os
import time

from scripts.benchmark.dashboard.figures import Cores
from scripts.benchmark.processes import cpu_seconds, family
from scripts.benchmark.subject import Hub


class Meter:
    """Looks at the processes when a window begins and when it ends, from any thread."""

    def __init__(self, hub: Hub, browser: int | None = None) -> None:
        """`browser` is the process of Chromium that started its others, if there is one."""
        self._roots = {"hub": hub.process.pid}
        if browser is not None:
            self._roots["browser"] = browser
        self._looks: list[tuple[float, Cores]] = []

    def look(self) -> None:
        """Note what each has used by now."""
        groups = {name: family(pid) for name, pid in self._roots.items()}
        groups["load"] = sorted(set(family(os.getpid())).difference(*groups.values()))
        used = {name: cpu_seconds(pids) for name, pids in groups.items()}
        self._looks.append((time.monotonic(), used))

    def cores(self) -> Cores:
        """The shares between the last two looks."""
        (begin, before), (end, after) = self._looks[-2:]
        return {name: (after[name] - before[name]) / max(end - begin, 1e-9) for name in after}
