"""The limits: what every principal and every address has left, over sockets and HTTP alike.

A principal's sessions and requests share one meter. Addresses count only for those who have
no credential yet. On loopback they do not count at all: whoever is there has the machine, and
a hub behind a proxy is told the real address. Everything is in memory and bounded.

A valid token is never refused because somebody else guessed: with 256 random bits a guess has
no chance, so failed logins are limited for what they cost and for the noise they make.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, NamedTuple
from weakref import WeakValueDictionary

from hub.core import credentials
from hub.core.bucket import Bucket
from hub.core.clock import Instant
from hub.core.credentials import Principal
from hub.core.errors import Refused
from hub.core.limits import Meter, Rates
from hub.core.violations import Window
from hub.services.clock import Clock
from schemas.scalars import ErrorCode, Role, Tier

MOST: Final = 100_000
"""So many meters are kept; beyond it the one that was looked at longest ago is forgotten."""
SWEPT: Final = 256
"""How many are looked at in one sweep."""
FAILURES_OF_ADDRESS: Final = 10
"""Failed logins from one address within a minute."""
FAILURES_OF_TOKEN: Final = 5
"""Failed logins with one public id within a minute, from anywhere."""
V6_NETWORK: Final = 64
"""Bits of an IPv6 address that one client cannot choose."""


class Usage(NamedTuple):
    """What is left of one bucket."""

    subject: str
    role: Role | None
    """None for an address."""
    tier: Tier
    per_minute: int
    burst: int
    remaining: int


class Limits:
    """All meters of the hub."""

    def __init__(self, clock: Clock, rates: Rates, is_valid: Callable[[str], bool]) -> None:
        """`is_valid` tells whether a token is."""
        self.rates = rates
        self._clock = clock
        self._is_valid = is_valid
        self._meters: WeakValueDictionary[Hashable, Meter] = WeakValueDictionary()
        """Every meter there is, also those that only a session holds."""
        self._recent: OrderedDict[Hashable, Meter] = OrderedDict()
        """Keeps meters that are not idle, or were not looked at yet."""
        self._failures: OrderedDict[tuple[str, str], Window] = OrderedDict()
        """Failed logins, by ("address", …) and ("token", public id)."""
        self.failed: Callable[[str, str | None], None] = lambda client, public_id: None
        """Hears of each login that failed: from where, and the public id that was named."""

    def __len__(self) -> int:
        return len(self._meters)

    # Principals

    def meter(self, principal: Principal) -> Meter:
        """What this principal has left."""
        return self._meter((principal.org, principal.role, principal.id), principal.role)

    def take(self, principal: Principal, tier: Tier, cost: int = 1) -> None:
        """Take what a request costs. Raises Refused `rate_limited`."""
        self.meter(principal).take(tier, cost, self._clock.hub())

    def take_instead(self, principal: Principal, tier: Tier, cost: int) -> None:
        """Take this in the place of the 1 that was taken for the same request.

        Taken on top of it, a cost above the burst could never be met: it needs a full bucket.
        Raises Refused `rate_limited`.
        """
        now = self._clock.hub()
        meter = self.meter(principal)
        meter.bucket(tier, now).give(1)
        meter.take(tier, cost, now)

    def low(self, principal: Principal, tier: Tier) -> int | None:
        """What is left of a bucket that is nearly empty; None while it is not."""
        now = self._clock.hub()
        bucket = self.meter(principal).bucket(tier, now)
        return bucket.remaining(now) if bucket.level < bucket.low else None

    def cooling(self, principal: Principal) -> int:
        """Milliseconds for which this principal may open no session; 0 when it may."""
        return self.meter(principal).violations.cooling(self._clock.hub())

    def _meter(self, key: Hashable, role: Role) -> Meter:
        meter = self._meters.get(key)
        if meter is None:
            meter = self._meters[key] = Meter(self.rates, role)
        if key not in self._recent:
            self._recent[key] = meter
            if len(self._recent) > MOST:
                self._recent.popitem(last=False)
        return meter

    # Addresses

    def take_anonymous(self, address: str) -> None:
        """Take what a request without a credential costs. Raises Refused `rate_limited`."""
        self._take_of(address, Tier.ANONYMOUS)

    def take_handshake(self, address: str) -> None:
        """Take what a new socket costs. Raises Refused `rate_limited`."""
        self._take_of(address, Tier.HANDSHAKES)

    def take_page(self, address: str) -> None:
        """Take what a file of the dashboard costs. Raises Refused `rate_limited`."""
        self._take_of(address, Tier.PAGES)

    def _take_of(self, address: str, tier: Tier) -> None:
        client = self._client(address)
        if client is not None:
            self._meter(client, Role.AGENT).take(tier, 1, self._clock.hub())

    def _client(self, address: str) -> str | None:
        """Whom an address stands for; None when it is not limited."""
        client, is_loopback = client_of(address)
        return None if is_loopback and not self.rates.limit_loopback else client

    # Logins

    def may_log_in(self, address: str, token: str) -> None:
        """Look at a login before it is answered.

        Raises Refused `rate_limited` when this address or this public id failed too often
        within a minute, and the token is not valid either.
        """
        now = self._clock.hub()
        waits = [
            window.rest(now)
            for key, most in self._counted(address, _public_id(token))
            if (window := self._failures.get(key)) is not None and window.count(now) >= most
        ]
        if waits and not self._is_valid(token):
            wait = max(waits)
            raise Refused(
                ErrorCode.RATE_LIMITED,
                f"too many failed logins; try again in {wait} ms",
                retryable=True,
                retry_after_ms=wait,
            )

    def login_failed(self, address: str, token: str) -> None:
        """Count a login that failed; `token` is what was given, perhaps nothing."""
        now = self._clock.hub()
        public_id = _public_id(token)
        if token:
            self.failed(client_of(address)[0], public_id)
        for key, _ in self._counted(address, public_id):
            self._failures.setdefault(key, Window()).note(now)
            self._failures.move_to_end(key)
        while len(self._failures) > MOST:
            self._failures.popitem(last=False)

    def _counted(self, address: str, public_id: str | None) -> list[tuple[tuple[str, str], int]]:
        """What a failed login counts against, each with its bound."""
        counted = []
        client = self._client(address)
        if client is not None:
            counted.append((("address", client), FAILURES_OF_ADDRESS))
        if public_id is not None:
            counted.append((("token", public_id), FAILURES_OF_TOKEN))
        return counted

    # Upkeep and view

    def sweep(self, instant: Instant) -> None:
        """Forget some of what a new one would equal: a few at a time, so no pass takes long.

        A meter that a session holds lives on with it, and is found again.
        """
        now = instant.hub
        for _ in range(min(SWEPT, len(self._recent))):
            key, meter = self._recent.popitem(last=False)
            if not meter.is_idle(now):
                self._recent[key] = meter
        for _ in range(min(SWEPT, len(self._failures))):
            name, window = self._failures.popitem(last=False)
            if window.count(now):
                self._failures[name] = window

    def report(self, org: str) -> list[Usage]:
        """Every bucket of this org and of addresses that was used lately, by subject."""
        now = self._clock.hub()
        usage = [
            _usage(key, tier, bucket, now)
            for key, meter in list(self._meters.items())
            if not isinstance(key, tuple) or key[0] == org
            for tier, bucket in meter.used()
            if not bucket.is_full(now)
        ]
        return sorted(usage, key=lambda one: (one.subject, one.role or "", one.tier))


def _public_id(token: str) -> str | None:
    parsed = credentials.parse(token)
    return None if parsed is None else parsed.public_id


def client_of(address: str) -> tuple[str, bool]:
    """Whom an address stands for, and whether that is this machine.

    One client has a whole IPv6 network to choose from. Who has no address (as on a Unix socket)
    is this machine; whoever has one that cannot be read shares it with all the like.
    """
    try:
        found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown", not address
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    client = mapped or found
    if isinstance(client, IPv6Address) and not client.is_loopback:
        network = int(client) >> (128 - V6_NETWORK) << (128 - V6_NETWORK)
        return f"{IPv6Address(network)}/{V6_NETWORK}", False
    return str(client), client.is_loopback


def _usage(key: Hashable, tier: Tier, bucket: Bucket, now: int) -> Usage:
    subject, role = (key[2], key[1]) if isinstance(key, tuple) else (str(key), None)
    remaining = bucket.remaining(now)
    return Usage(subject, role, tier, bucket.per_minute, bucket.burst, remaining)
