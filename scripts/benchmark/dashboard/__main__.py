"""Runs the command line: `python -m scripts.benchmark.dashboard`."""

import sys

from scripts.benchmark.dashboard.command import main

if __name__ == "__main__":
    sys.exit(main())
