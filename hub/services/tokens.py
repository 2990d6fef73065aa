"""The token service: makes, checks and redeems credentials. All of them are in memory."""

from msgspec import structs

from hub.core import credentials, facts
from hub.core.credentials import Credential, InviteRecord, Principal
from hub.core.errors import Refused
from hub.services.chance import Chance
from hub.services.clock import Clock
from hub.store.contract import JournalPort, Unit
from schemas import events
from schemas.events import EventType
from schemas.scalars import ErrorCode, Role

BITS = credentials.PUBLIC_BITS + credentials.SECRET_BITS
USED_UP = "the join code is not valid: it is mistyped, used, or expired"


class Tokens:
    """The hub's credentials and join codes."""

    def __init__(
        self,
        journal: JournalPort,
        clock: Clock,
        chance: Chance,
        pepper: bytes,
        known: list[Credential],
        invites: list[InviteRecord],
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._chance = chance
        self._pepper = pepper
        self._known = {credential.public_id: credential for credential in known}
        self._invites = {invite.public_id: invite for invite in invites}

    def check(self, text: str) -> Principal | None:
        """Who a bearer of this token is; None when it is not valid."""
        parsed = credentials.parse(text)
        if parsed is None or credentials.is_invite(parsed):
            return None
        known = self._known.get(parsed.public_id)
        kept = b"" if known is None else known.mac
        same = credentials.matches(self._pepper, text, kept)
        if known is None or not same or known.revoked_at is not None:
            return None
        return known.principal

    def role_of(self, org: str, subject: str) -> Role | None:
        """The role of a credential of this name, also of one that is revoked."""
        known = self._known.values()
        return next((o.role for o in known if o.org == org and o.subject == subject), None)

    def mint(self, org: str, role: Role, subject: str, creator: str) -> tuple[str, Credential]:
        """A new token and its record; the record is not written yet."""
        made = credentials.new_token(role, self._chance.bits(BITS))
        record = Credential(
            public_id=made.public_id,
            org=org,
            role=role,
            subject=subject,
            mac=credentials.mac_of(self._pepper, made.text),
            created_at=self._clock.now().wall,
            created_by=creator,
        )
        return made.text, record

    def add(self, org: str, role: Role, subject: str, creator: str) -> str:
        """Make a token and write it; it is durable at the journal's present position."""
        text, record = self.mint(org, role, subject, creator)
        self._known[record.public_id] = record
        self._journal.write(Unit(org, credentials=[record]))
        return text

    def void(self, org: str, agent_id: str) -> list[Credential]:
        """End all tokens of an agent that is deleted; the records are not written yet."""
        wall = self._clock.now().wall
        ended = [
            structs.replace(each, revoked_at=wall)
            for each in self._known.values()
            if each.org == org
            and each.role is Role.AGENT
            and each.subject == agent_id
            and (each.revoked_at is None or each.revoked_at > wall)
        ]
        self._known.update((each.public_id, each) for each in ended)
        return ended

    @property
    def has_admin(self) -> bool:
        """Whether there is any admin token."""
        return any(
            each.role is Role.ADMIN and each.revoked_at is None for each in self._known.values()
        )

    def invite(
        self, principal: Principal, agent_id: str | None, ttl_ms: int
    ) -> tuple[str, InviteRecord]:
        """Make a join code for one registration."""
        now = self._clock.now()
        made = credentials.new_invite(self._chance.bits(BITS))
        record = InviteRecord(
            public_id=made.public_id,
            org=principal.org,
            mac=credentials.mac_of(self._pepper, made.text),
            agent_id=agent_id,
            created_at=now.wall,
            created_by=principal.id,
            expires_at=now.wall + ttl_ms,
        )
        self._forget_old(now.wall)
        self._invites[record.public_id] = record
        fact = facts.of_agent(
            EventType.AUTH_INVITED,
            record.public_id,
            principal.id,
            now.wall,
            events.AuthInvited(expires_at=record.expires_at),
        )
        self._journal.write(Unit(principal.org, facts=[fact], invites=[record]))
        return made.text, record

    def _forget_old(self, wall: int) -> None:
        over = [key for key, invite in self._invites.items() if invite.expires_at <= wall]
        for key in over:
            del self._invites[key]

    def register(self, code: str, agent_id: str) -> str:
        """Turn a join code into the agent's token.

        Raises Refused `invalid_code`, or `agent_exists` when the agent has a token already
        and the code was not made for it by name.
        """
        now = self._clock.now()
        invite = self._redeemable(code, agent_id, now.wall)
        if invite.agent_id is None and self._has_token(invite.org, agent_id):
            raise Refused(
                ErrorCode.AGENT_EXISTS,
                f"there is an agent {agent_id} already; choose another name, or ask for a "
                "join code made for this agent",
            )
        text, record = self.mint(invite.org, Role.AGENT, agent_id, invite.created_by)
        self._known[record.public_id] = record
        del self._invites[invite.public_id]
        used = structs.replace(invite, used_at=now.wall)
        fact = facts.of_agent(
            EventType.AUTH_REGISTERED,
            invite.public_id,
            agent_id,
            now.wall,
            events.AuthRegistered(agent_id=agent_id),
        )
        unit = Unit(invite.org, facts=[fact], credentials=[record], invites=[used])
        self._journal.write(unit)
        return text

    def _redeemable(self, code: str, agent_id: str, wall: int) -> InviteRecord:
        parsed = credentials.parse(code)
        invite = self._invites.get(parsed.public_id) if parsed is not None else None
        kept = b"" if invite is None else invite.mac
        same = credentials.matches(self._pepper, code, kept)
        if invite is None or not same or invite.expires_at <= wall:
            raise Refused(ErrorCode.INVALID_CODE, USED_UP)
        if invite.agent_id not in (None, agent_id):
            raise Refused(ErrorCode.INVALID_CODE, "the join code was made for another agent")
        return invite

    def _has_token(self, org: str, agent_id: str) -> bool:
        return any(
            each.org == org
            and each.role is Role.AGENT
            and each.subject == agent_id
            and each.revoked_at is None
            for each in self._known.values()
        )
