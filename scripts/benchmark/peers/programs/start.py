"""Runs one coroutine function of a program: `start MODULE FUNCTION`.

The module is imported by its name, because several systems name a task after its module, and
worker and client must mean the same task.
"""

import importlib
import sys

from scripts.benchmark.peers.programs import course


def main(module: str, function: str) -> None:
    """Call the function and run what it returns until it ends."""
    program = importlib.import_module(f"{__package__}.{module}")
    course.loop_runner()(getattr(program, function)())


if __name__ == "__main__":
    main(*sys.argv[1:])
