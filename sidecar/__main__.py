"""`python -m sidecar --config DIR` runs a sidecar that has joined."""

import argparse
import sys

from sidecar.app import ConfigError, Exit, run


def main() -> int:
    """Parse the one option, run, return the exit code."""
    parser = argparse.ArgumentParser(prog="sidecar", description="Run a Corral sidecar.")
    parser.add_argument("--config", metavar="DIR", help="where sidecar.json is")
    try:
        leave = run(parser.parse_args().config)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return Exit.CONFIG
    if leave.exit is not Exit.DONE:
        sys.stderr.write(f"The sidecar ended: {leave.message}\n")
    return leave.exit


if __name__ == "__main__":
    sys.exit(main())
