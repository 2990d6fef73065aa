"""The flags of a hub: one for each setting, and `--config` for the file."""

import argparse

from hub.config import Config
from hub.keys import keys


def parser(program: str) -> argparse.ArgumentParser:
    """Reads flags into a mapping by setting; what is not given is None."""
    made = argparse.ArgumentParser(prog=program, allow_abbrev=False)
    made.add_argument("--config", metavar="FILE")
    for key in keys(Config()):
        if key.bare is bool:
            made.add_argument(key.flag, dest=key.name, action="store_const", const=True)
        else:
            action = "append" if key.is_list else "store"
            made.add_argument(key.flag, dest=key.name, action=action, metavar="VALUE")
    return made
