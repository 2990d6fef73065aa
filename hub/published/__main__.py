"""Writes what is made from the code: `scripts/schemas`."""

import sys

from hub.published import stale, write


def main(arguments: list[str]) -> int:
    """Write, or with `--check` compare; 1 when something is stale, 2 for bad arguments."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: scripts/schemas [--check]\n")
        return 2
    changed = stale() if arguments else write()
    verdict = "is stale: run scripts/schemas" if arguments else "written"
    for name in changed:
        sys.stdout.write(f"{name} {verdict}\n")
    return 1 if arguments and changed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
