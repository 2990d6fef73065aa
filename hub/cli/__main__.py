"""Makes `python -m hub.cli` the same as `corral`."""

from hub.cli.program import main

main()
