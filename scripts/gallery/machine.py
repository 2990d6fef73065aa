"""`python -m scripts.gallery.machine NAME …` is a sidecar that says it is on the machine NAME."""

import socket
import sys

from sidecar.__main__ import main

if __name__ == "__main__":
    name = sys.argv[1]
    setattr(socket, "gethostname", lambda: name)  # noqa: B010 - a name of the standard library
    sys.exit(main(sys.argv[2:]))
