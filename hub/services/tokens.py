"""The token service: makes, checks, replaces and ends credentials. All of them are in memory.

A token that is revoked is refused at once. Whoever has a session or a stream open with one
that ended hears of it as soon as the end is durable: see `on_end`.
"""

from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from typing import Final

from msgspec import structs

from hub.core import credentials, facts
from hub.core.clock import Instant
from hub.core.credentials import Credential, Principal
from hub.core.errors import Refused
from hub.core.facts import Fact
from hub.core.org import Org
from hub.services.chance import Chance
from hub.services.clock import Clock
from hub.store.contract import JournalPort, Unit
from schemas import events
from schemas.events import EventType
from schemas.scalars import ROLE_NAMES, ErrorCode, Role, TokenState

BITS: Final = credentials.PUBLIC_BITS + credentials.SECRET_BITS
RESERVED: Final = frozenset({"hub", "nobody"})
"""Names that stand for something else in the stream of events."""
LIVE_OF_AGENT: Final = 2
"""How many tokens an agent may have at once: enough to replace one while it is used."""
USES_MS: Final = 60_000
"""How often the uses of tokens are looked at."""
USES_AT_ONCE: Final = 200
"""So many are written in one pass; ten thousand at once held up everybody for 0.1 s."""
USE_MS: Final = 3_600_000
"""How much a use has to be later than the one written, to be written too."""

Ended = Callable[[frozenset[str]], None]


class Tokens:
    """The hub's credentials."""

    def __init__(
        self,
        journal: JournalPort,
        clock: Clock,
        chance: Chance,
        pepper: bytes,
        known: Iterable[Credential],
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._chance = chance
        self._pepper = pepper
        self._known: dict[str, Credential] = {}
        """Also those that ended: they are listed, and their names are never given again."""
        self._named: dict[tuple[str, str], list[str]] = {}
        """The public ids of all tokens of a name in an org: all of one role."""
        self._ends: list[tuple[int, str]] = []
        """When which token ends by itself, the soonest first."""
        self._over: set[str] = set()
        """What ended by itself stays over, also when the clock is set back."""
        self._used: dict[str, int] = {}
        """The wall time of the latest use of each token since the start."""
        self._uses_looked_at = 0
        self._to_note: list[str] = []
        """Public ids of the tokens whose latest use has yet to be written."""
        self._heirs: list[Ended] = []
        for credential in known:
            self._keep(credential)

    def _keep(self, credential: Credential) -> None:
        if credential.public_id not in self._known:
            name = credential.org, credential.subject
            self._named.setdefault(name, []).append(credential.public_id)
        self._known[credential.public_id] = credential
        end = credential.ends_at
        if end is not None and credential.standing(0).is_good:
            heappush(self._ends, (end, credential.public_id))

    # Who is it

    def check(self, text: str) -> Principal | None:
        """Who a bearer of this token is; None when it is not valid.

        The work is the same whatever is given: one keyed hash, one comparison.
        """
        parsed = credentials.parse(text)
        known = None if parsed is None else self._known.get(parsed.public_id)
        same = self.fits(text if parsed is not None else "", b"" if known is None else known.mac)
        if known is None or not same:
            return None
        wall = self._clock.now().wall
        if not self._is_good(known, wall):
            return None
        self._used[known.public_id] = wall
        return known.principal

    def opens(self, text: str) -> bool:
        """Whether a token is valid."""
        return self.check(text) is not None

    def fits(self, text: str, mac: bytes) -> bool:
        """Whether a text is the one of which this keyed hash is kept."""
        return credentials.matches(self._pepper, text, mac)

    def mac_of(self, text: str) -> bytes:
        """The keyed hash under which a text is kept."""
        return credentials.mac_of(self._pepper, text)

    def knows(self, public_id: str) -> bool:
        """Whether there is or was a token with this public id."""
        return public_id in self._known

    def valid(self, public_id: str) -> bool:
        """Whether the token with this public id is let in now."""
        known = self._known.get(public_id)
        return known is not None and self._is_good(known, self._clock.now().wall)

    def standing(self, credential: Credential) -> TokenState:
        """How a credential stands now."""
        standing = credential.standing(self._clock.now().wall)
        if standing.is_good and credential.public_id in self._over:
            return TokenState.EXPIRED if credential.rotated_to is None else TokenState.REVOKED
        return standing

    def _is_good(self, credential: Credential, wall: int) -> bool:
        return credential.public_id not in self._over and credential.standing(wall).is_good

    def role_of(self, org: str, subject: str) -> Role | None:
        """The role of a credential of this name, also of one that is revoked."""
        ids = self._named.get((org, subject))
        return None if ids is None else self._known[ids[0]].role

    @property
    def has_admin(self) -> bool:
        """Whether there is any admin token."""
        wall = self._clock.now().wall
        known = self._known.values()
        return any(each.role is Role.ADMIN and self._is_good(each, wall) for each in known)

    def of_org(self, org: str) -> list[Credential]:
        """All credentials of an org, also those that ended; the oldest first."""
        found = [each for each in self._known.values() if each.org == org]
        return sorted(found, key=lambda each: (each.created_at, each.public_id))

    def find(self, org: str, public_id: str) -> Credential:
        """The credential. Raises Refused `not_found`."""
        known = self._known.get(public_id)
        if known is None or known.org != org:
            raise Refused(ErrorCode.NOT_FOUND, f"there is no token {public_id[:64]}")
        return known

    def last_used(self, credential: Credential) -> int | None:
        """The wall time of its latest use, in milliseconds; None when it was never used."""
        return self._used.get(credential.public_id, credential.last_used_at)

    # Make

    def mint(
        self, org: str, role: Role, subject: str, creator: str, expires_at: int | None = None
    ) -> tuple[str, Credential]:
        """A new token and its record, which is good from now on and not written yet."""
        made = credentials.new_token(role, self._chance.bits(BITS))
        record = Credential(
            public_id=made.public_id,
            org=org,
            role=role,
            subject=subject,
            mac=self.mac_of(made.text),
            created_at=self._clock.now().wall,
            created_by=creator,
            expires_at=expires_at,
        )
        self._keep(record)
        return made.text, record

    def add(
        self, org: str, role: Role, subject: str, actor: str, ttl_ms: int | None = None
    ) -> tuple[str, Credential]:
        """Make a token and write it; it is durable at the journal's present position."""
        wall = self._clock.now().wall
        expires_at = None if ttl_ms is None else wall + ttl_ms
        text, record = self.mint(org, role, subject, actor, expires_at)
        told = _created(record, actor, wall)
        self._journal.write(Unit(org, facts=[told], credentials=[record]))
        return text, record

    def create(
        self, org: Org, role: Role, subject: str, actor: str, ttl_ms: int | None = None
    ) -> tuple[str, Credential]:
        """Make a token for a person or an agent.

        The name says for good who did something, so nobody gets one that another had. Raises
        Refused `agent_exists` when an agent's is a person's, `conflict` when a person's was
        given before, or when the agent has enough tokens.
        """
        if role is Role.AGENT:
            self.refuse_name_of_person(org.name, subject)
            self.refuse_another(org.name, subject)
        else:
            self._refuse_taken(org, subject)
        return self.add(org.name, role, subject, actor, ttl_ms)

    def _refuse_taken(self, org: Org, name: str) -> None:
        role = self.role_of(org.name, name)
        if name in RESERVED or role is Role.AGENT or name in org.agents:
            raise Refused(ErrorCode.CONFLICT, f"{name} is the name of an agent or of the hub")
        if role is not None:
            text = f"there is or was a token {name}; rotate it, or choose another name"
            raise Refused(ErrorCode.CONFLICT, text)

    def refuse_another(self, org: str, agent_id: str) -> None:
        """Raises Refused `conflict` when an agent has as many tokens as it may have."""
        if len(self._live(org, agent_id)) >= LIVE_OF_AGENT:
            text = f"{agent_id} has {LIVE_OF_AGENT} tokens already; revoke one first"
            raise Refused(ErrorCode.CONFLICT, text)

    def not_for_agents(self, org: str) -> frozenset[str]:
        """The names that no agent gets: those of people's tokens and the reserved ones."""
        known = self._known.values()
        people = {o.subject for o in known if o.org == org and o.role is not Role.AGENT}
        return RESERVED | people

    def refuse_name_of_person(self, org: str, agent_id: str) -> None:
        """An agent may cancel what was submitted in its name, so it never gets a person's.

        Raises Refused `agent_exists`.
        """
        if agent_id in RESERVED or self.role_of(org, agent_id) not in (None, Role.AGENT):
            text = f"{agent_id} is the name of a person's token or of the hub; choose another"
            raise Refused(ErrorCode.AGENT_EXISTS, text)

    def live_of_agent(self, org: str, agent_id: str) -> list[Credential]:
        """The tokens of an agent that are good."""
        return [each for each in self._live(org, agent_id) if each.role is Role.AGENT]

    def _live(self, org: str, subject: str) -> list[Credential]:
        wall = self._clock.now().wall
        known = [self._known[each] for each in self._named.get((org, subject), ())]
        return [each for each in known if self._is_good(each, wall)]

    # Replace and end

    def rotate(
        self, org: str, public_id: str, overlap_ms: int, actor: str
    ) -> tuple[str, Credential]:
        """Put a new token in the place of one, which stays good for the overlap.

        Of the same name at most these two are good then. The new one lasts as long as the old
        one was made for. Raises Refused `not_found`, `invalid_state` when the old one has
        been replaced already, or `conflict` when too many would be good.
        """
        old = self._good(org, public_id)
        if old.rotated_to is not None:
            text = f"the token was replaced by {old.rotated_to}; rotate that one"
            raise Refused(ErrorCode.INVALID_STATE, text)
        live = self._live(org, old.subject)
        earlier = [each for each in live if each.rotated_to is not None]
        staying = len(live) - len(earlier) - (0 if overlap_ms else 1)
        if staying >= LIVE_OF_AGENT:
            text = f"{old.subject} has another token; revoke one first, or rotate without overlap"
            raise Refused(ErrorCode.CONFLICT, text)
        wall = self._clock.now().wall
        lasts = None if old.expires_at is None else wall + old.expires_at - old.created_at
        text, new = self.mint(org, old.role, old.subject, actor, lasts)
        ended = [each.revoke(wall) for each in earlier]
        if overlap_ms:
            replaced = old.rotate(new.public_id, wall + overlap_ms)
        else:
            replaced = old.revoke(wall)
            ended.append(replaced)
        told = [_rotated(replaced, new, actor, wall), _created(new, actor, wall)]
        told += [_deleted(each, actor, wall, "rotated again") for each in ended if each != replaced]
        records = {each.public_id: each for each in (*ended, replaced, new)}
        self._write(org, told, list(records.values()))
        self._end(each.public_id for each in ended)
        return text, new

    def revoke(self, org: str, public_id: str, actor: str) -> None:
        """End a token at once.

        Raises Refused `not_found`, also when it has ended already, or `invalid_state` for the
        last admin token that is there to stay.
        """
        old = self._good(org, public_id)
        if old.role is Role.ADMIN and not self._another_admin(old):
            text = "this is the last admin token; make another one first"
            raise Refused(ErrorCode.INVALID_STATE, text)
        wall = self._clock.now().wall
        ended = old.revoke(wall)
        self._write(org, [_deleted(ended, actor, wall, "revoked")], [ended])
        self._end([public_id])

    def _good(self, org: str, public_id: str) -> Credential:
        known = self.find(org, public_id)
        if not self._is_good(known, self._clock.now().wall):
            raise Refused(ErrorCode.NOT_FOUND, f"the token {public_id[:64]} has ended")
        return known

    def _another_admin(self, than: Credential) -> bool:
        """Whether an admin token lives that is there to stay for as long as this one."""
        wall = self._clock.now().wall
        return any(
            each.role is Role.ADMIN
            and each.org == than.org
            and each.public_id != than.public_id
            and each.rotated_to is None
            and (each.expires_at is None or than.expires_at is not None)
            and self._is_good(each, wall)
            for each in self._known.values()
        )

    def void(self, org: str, agent_id: str) -> list[Credential]:
        """End all tokens of an agent that is deleted; the records are not written yet.

        Who still uses one hears of it in the next pass.
        """
        now = self._clock.now()
        ended = [each.revoke(now.wall) for each in self.live_of_agent(org, agent_id)]
        for each in ended:
            self._known[each.public_id] = each
            heappush(self._ends, (now.wall, each.public_id))
        return ended

    def _write(self, org: str, told: list[Fact], records: list[Credential]) -> None:
        self._journal.write(Unit(org, facts=told, credentials=records))
        for record in records:
            self._keep(record)

    # What follows from an end

    def on_end(self, heir: Ended) -> None:
        """Have the public ids of tokens that ended told, once that is durable."""
        self._heirs.append(heir)

    def _end(self, public_ids: Iterable[str]) -> None:
        ended = frozenset(public_ids)
        self._over |= ended
        if ended:
            self._journal.promise(self._tell, ended)

    def _tell(self, ended: frozenset[str]) -> None:
        for heir in self._heirs:
            heir(ended)

    def end_due(self, now: Instant) -> None:
        """End what ends by itself. Its end was foretold when it was set: no event tells it."""
        ended = set()
        while self._ends and self._ends[0][0] <= now.wall:
            _, public_id = heappop(self._ends)
            if not self._known[public_id].standing(now.wall).is_good:
                ended.add(public_id)
        self._end(ended)

    def touch(self, public_ids: Iterable[str], wall: int) -> None:
        """These are in use, by sessions, streams or pages that last."""
        self._used.update((each, wall) for each in public_ids if each in self._known)

    def note_uses(self, now: Instant) -> None:
        """Write the latest use of some tokens whose written one is too old: hourly at most."""
        if not self._to_note and now.hub >= self._uses_looked_at + USES_MS:
            self._uses_looked_at = now.hub
            self._to_note = [each for each in self._used if self._is_to_note(each)]
        some = self._to_note[-USES_AT_ONCE:]
        del self._to_note[-USES_AT_ONCE:]
        by_org: dict[str, list[Credential]] = {}
        for public_id in some:
            known, used = self._known[public_id], self._used[public_id]
            noted = self._known[public_id] = structs.replace(known, last_used_at=used)
            by_org.setdefault(known.org, []).append(noted)
        for org, records in by_org.items():
            self._journal.write(Unit(org, credentials=records))

    def _is_to_note(self, public_id: str) -> bool:
        written = self._known[public_id].last_used_at
        return written is None or self._used[public_id] - written >= USE_MS


def _created(record: Credential, actor: str, wall: int) -> Fact:
    role = ROLE_NAMES[record.role].value
    payload = events.TokenCreated(role, record.subject, record.expires_at)
    return facts.of_agent(EventType.TOKEN_CREATED, record.public_id, actor, wall, payload)


def _rotated(record: Credential, new: Credential, actor: str, wall: int) -> Fact:
    payload = events.TokenUpdated("rotated", new.public_id, record.ends_at)
    return facts.of_agent(EventType.TOKEN_UPDATED, record.public_id, actor, wall, payload)


def _deleted(record: Credential, actor: str, wall: int, reason: str) -> Fact:
    payload = events.TokenDeleted(reason)
    return facts.of_agent(EventType.TOKEN_DELETED, record.public_id, actor, wall, payload)
