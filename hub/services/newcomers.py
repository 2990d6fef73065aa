"""The newcomer service: what a hub tells and gives to an agent that has no credential yet.

A hub gives nothing away without a join code, unless its operator opened the registration. It
is made for clients that know no join codes.
"""

from typing import Final

from hub.core.bucket import Bucket
from hub.core.errors import Refused
from hub.core.limits import too_fast
from hub.services.clock import Clock
from hub.services.invites import Invites
from schemas.scalars import ErrorCode, Tier

PER_MINUTE: Final = 60
BURST: Final = 200
"""Open registrations of all addresses together: every name that is taken is kept for good."""
CLOSED: Final = (
    "this hub gives tokens to agents that are invited: run `corral invite` where the hub runs "
    "and join with its code, or start the hub with --open-registration"
)


class Newcomers:
    """Registration without a join code, and where a new agent finds its code."""

    def __init__(
        self,
        org: str,
        invites: Invites,
        clock: Clock,
        *,
        is_open: bool,
        of_others: bool,
        default_repo: str | None,
    ) -> None:
        """`is_open` and `of_others` say whether anybody may register, also from elsewhere."""
        self.of_others = of_others
        """Whether agents on other machines may register, too."""
        self.default_repo = default_repo
        """The git repository that a new agent clones."""
        self._org = org
        self._invites = invites
        self._clock = clock
        self._is_open = is_open
        self._bucket = Bucket(PER_MINUTE, BURST, clock.hub())

    def check_open(self) -> None:
        """Raises Refused `forbidden` unless the operator opened the registration."""
        if not self._is_open:
            raise Refused(ErrorCode.FORBIDDEN, CLOSED)

    def register(self, agent_id: str) -> str:
        """Give a new agent its token.

        Raises Refused `forbidden`, `agent_exists` when the name is or was anybody's, or
        `rate_limited`.
        """
        self.check_open()
        wait = self._bucket.take(1, self._clock.hub())
        if wait:
            raise too_fast(Tier.ANONYMOUS, wait)
        return self._invites.register_openly(self._org, agent_id)
