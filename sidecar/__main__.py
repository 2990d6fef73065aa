"""`python -m sidecar [--config DIR]` runs a sidecar that has joined."""

import sys
from collections.abc import Sequence

from sidecar.app import ConfigError, Exit, run

_USAGE = "usage: python -m sidecar [--config DIR]\n"


def main(arguments: Sequence[str]) -> int:
    """Run with the one option there is; returns the exit code."""
    # Two words are not worth the memory of an argument parser.
    if arguments and (len(arguments) != 2 or arguments[0] != "--config"):
        sys.stderr.write(_USAGE)
        return Exit.CONFIG
    try:
        leave = run(arguments[1] if arguments else None)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return Exit.CONFIG
    if leave.exit is not Exit.DONE:
        sys.stderr.write(f"The sidecar ended: {leave.message}.\n")
    return leave.exit


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
