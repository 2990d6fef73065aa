"""Redaction: what may be shown of a text that could hold a token or a join code."""

import re
from typing import Final

_TOKEN: Final = re.compile(r"corral_([a-z])_([0-9A-Za-z]+)_[0-9A-Za-z]+")


def without_secrets(text: str) -> str:
    """The text with each token and join code cut after its public id.

    The public id stays, so that a person can find out which token it was and revoke it.
    """
    return _TOKEN.sub(r"corral_\1_\2_…", text)
