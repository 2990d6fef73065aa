"""The invite service: join codes, each good for one registration within minutes."""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import structs

from hub.core import credentials, facts
from hub.core.credentials import InviteRecord
from hub.core.errors import Refused
from hub.core.org import Org
from hub.services.chance import Chance
from hub.services.clock import Clock
from hub.services.tokens import BITS, Tokens
from hub.store.contract import JournalPort, Unit
from schemas import events
from schemas.events import EventType
from schemas.scalars import ErrorCode, Role

NOBODY: Final = "nobody"
"""Who made the tokens of agents that registered without a join code."""
USED_UP: Final = "the join code is not valid: it is mistyped, used, or expired"


class Invites:
    """The hub's open join codes."""

    def __init__(
        self,
        orgs: Mapping[str, Org],
        tokens: Tokens,
        journal: JournalPort,
        clock: Clock,
        chance: Chance,
        known: Iterable[InviteRecord],
    ) -> None:
        self._orgs = orgs
        self._tokens = tokens
        self._journal = journal
        self._clock = clock
        self._chance = chance
        self._known = {invite.public_id: invite for invite in known}

    def invite(
        self, org: str, agent_id: str | None, ttl_ms: int, actor: str
    ) -> tuple[str, InviteRecord]:
        """Make a join code, for this agent or for any.

        Raises Refused `agent_exists` when the name is a person's.
        """
        if agent_id is not None:
            self._tokens.refuse_name_of_person(org, agent_id)
        wall = self._clock.now().wall
        made = credentials.new_invite(self._chance.bits(BITS))
        record = InviteRecord(
            public_id=made.public_id,
            org=org,
            mac=self._tokens.mac_of(made.text),
            agent_id=agent_id,
            created_at=wall,
            created_by=actor,
            expires_at=wall + ttl_ms,
        )
        self._forget_old(wall)
        self._known[record.public_id] = record
        payload = events.AuthInvited(expires_at=record.expires_at)
        told = facts.of_agent(EventType.AUTH_INVITED, record.public_id, actor, wall, payload)
        self._journal.write(Unit(org, facts=[told], invites=[record]))
        return made.text, record

    def _forget_old(self, wall: int) -> None:
        over = [key for key, invite in self._known.items() if invite.expires_at <= wall]
        for key in over:
            del self._known[key]

    def open(self, org: str) -> list[InviteRecord]:
        """The join codes of an org that may still be used, the oldest first."""
        wall = self._clock.now().wall
        found = [i for i in self._known.values() if i.org == org and i.expires_at > wall]
        return sorted(found, key=lambda each: (each.created_at, each.public_id))

    def revoke(self, org: str, public_id: str, actor: str) -> None:
        """Take a join code back. Raises Refused `not_found`, also when it is used or expired."""
        invite = self._known.get(public_id)
        wall = self._clock.now().wall
        if invite is None or invite.org != org or invite.expires_at <= wall:
            raise Refused(ErrorCode.NOT_FOUND, f"there is no open join code {public_id[:64]}")
        del self._known[public_id]
        closed = structs.replace(invite, used_at=wall)
        payload = events.AuthInviteRevoked(reason="revoked")
        told = facts.of_agent(EventType.AUTH_INVITE_REVOKED, public_id, actor, wall, payload)
        self._journal.write(Unit(org, facts=[told], invites=[closed]))

    def knows(self, public_id: str) -> bool:
        """Whether there is a join code with this public id; not used, perhaps just expired."""
        return public_id in self._known

    def is_open(self, code: str) -> bool:
        """Whether this is a join code that may be used."""
        return self._find(code) is not None

    def register(self, code: str, agent_id: str) -> str:
        """Turn a join code into the agent's token.

        Only a code made for it by name lets an agent in that is known or ever had a token.
        Raises Refused `invalid_code`, `agent_exists` for such an agent or a person's name, or
        `conflict` when the agent has as many tokens as it may have.
        """
        invite = self._find(code)
        if invite is None:
            raise Refused(ErrorCode.INVALID_CODE, USED_UP)
        if invite.agent_id not in (None, agent_id):
            raise Refused(ErrorCode.INVALID_CODE, "the join code was made for another agent")
        self._tokens.refuse_name_of_person(invite.org, agent_id)
        if invite.agent_id is None and self._was_there(invite.org, agent_id):
            raise Refused(
                ErrorCode.AGENT_EXISTS,
                f"there is or was an agent {agent_id}; choose another name, or ask for a "
                "join code made for this agent",
            )
        self._tokens.refuse_another(invite.org, agent_id)
        return self._redeem(invite, agent_id)

    def register_openly(self, org: str, agent_id: str) -> str:
        """Give a new agent its token without a join code.

        Raises Refused `agent_exists` when the name is or was anybody's.
        """
        self._tokens.refuse_name_of_person(org, agent_id)
        if self._was_there(org, agent_id):
            text = f"there is or was an agent {agent_id}; choose another name"
            raise Refused(ErrorCode.AGENT_EXISTS, text)
        wall = self._clock.now().wall
        text, record = self._tokens.mint(org, Role.AGENT, agent_id, NOBODY)
        payload = events.AuthRegistered(agent_id=agent_id)
        kind = EventType.AUTH_REGISTERED
        told = facts.of_agent(kind, record.public_id, agent_id, wall, payload)
        self._journal.write(Unit(org, facts=[told], credentials=[record]))
        return text

    def _was_there(self, org: str, agent_id: str) -> bool:
        known = agent_id in self._orgs[org].agents
        return known or self._tokens.role_of(org, agent_id) is not None

    def _redeem(self, invite: InviteRecord, agent_id: str) -> str:
        wall = self._clock.now().wall
        text, record = self._tokens.mint(invite.org, Role.AGENT, agent_id, invite.created_by)
        del self._known[invite.public_id]
        used = structs.replace(invite, used_at=wall)
        payload = events.AuthRegistered(agent_id=agent_id)
        kind = EventType.AUTH_REGISTERED
        told = facts.of_agent(kind, invite.public_id, agent_id, wall, payload)
        self._journal.write(Unit(invite.org, facts=[told], credentials=[record], invites=[used]))
        return text

    def _find(self, code: str) -> InviteRecord | None:
        """The join code, if it may be used; the work is the same whatever is given."""
        parsed = credentials.parse(code)
        invite = None if parsed is None else self._known.get(parsed.public_id)
        text = "" if parsed is None else code
        same = self._tokens.fits(text, b"" if invite is None else invite.mac)
        if invite is None or not same or invite.expires_at <= self._clock.now().wall:
            return None
        return invite
