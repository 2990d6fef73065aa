"""Who came with a token that ended has to leave. The clock is moved by hand."""

from hub.core.credentials import Principal
from hub.core.org import Org
from hub.core.session import Close
from hub.services.bus import Bus
from hub.services.expulsion import ROUND_MS, Expulsion
from hub.services.live import Live
from hub.services.loader import Loader
from hub.services.metrics import Metrics
from hub.services.peers import Peers
from hub.store.memory import MemoryStore
from schemas.scalars import CloseCode, Role
from tests.core.hand_hub import Dice, HandLoader, Line
from tests.services.onlooker import Onlooker
from tests.services.test_tokens import Desk


class Caller(Line):
    """A connection that remembers how it was closed."""

    closed: Close | None = None

    def close(self, close: Close) -> None:
        """The hub ends the connection."""
        self.closed = close


class Room:
    """Connections, and what sends them away."""

    def __init__(self) -> None:
        self.desk = Desk(MemoryStore(), 1_000_000_000)
        self.peers = Peers()
        loader: Loader = HandLoader(self.desk.store)
        metrics = Metrics(lambda: 0.0)
        self.bus = Bus(loader, metrics, 1, {}, 10)
        desk, orgs = self.desk, {"main": Org("main", 1)}
        self.live = Live(orgs, desk.journal, desk.clock, Dice(1), loader, metrics, "1")
        self.expulsion = Expulsion(desk.tokens, self.peers, self.bus, self.live)
        self.desk.tokens.on_end(self.expulsion.expel)

    def calls(self, text: str, *, identified: bool) -> Caller:
        """Somebody connects with a token."""
        caller = Caller(0, lambda _: None)
        principal = self.desk.tokens.check(text)
        assert principal is not None
        if identified:
            caller.session.identified(principal, self.peers.next_number())
        else:
            caller.credential = principal
        self.peers.enter(caller)
        return caller


def test_only_who_came_with_it_leaves() -> None:
    """Whether identified or not, and for good."""
    room = Room()
    text, public_id = room.desk.person("anna")
    other, _ = room.desk.person("bert")
    leaving = [room.calls(text, identified=each) for each in (True, False)]
    staying = room.calls(other, identified=True)
    room.desk.tokens.revoke("main", public_id, "admin")
    assert [each.closed for each in leaving] == [None, None]
    room.desk.journal.commit()

    for each in leaving:
        assert each.closed is not None
        assert (each.closed.code, each.closed.reconnect) == (CloseCode.CREDENTIAL, False)
    assert staying.closed is None


def test_whoever_slipped_through_is_found_later() -> None:
    """A connection that was made while its token ended."""
    room = Room()
    text, public_id = room.desk.person("anna")
    caller = Caller(0, lambda _: None)
    caller.credential = room.desk.tokens.check(text)
    room.desk.tokens.revoke("main", public_id, "admin")
    room.desk.journal.commit()
    room.peers.enter(caller)
    room.desk.clock.wait(ROUND_MS)
    room.expulsion.look_around(room.desk.clock.now())

    assert caller.closed is not None


def test_a_session_that_lasts_is_a_use() -> None:
    """So that nobody takes its token for a forgotten one."""
    room = Room()
    text, public_id = room.desk.person("anna")
    room.calls(text, identified=True)
    nobody = Caller(0, lambda _: None)
    room.peers.enter(nobody)
    room.desk.clock.wait(ROUND_MS)
    room.expulsion.look_around(room.desk.clock.now())

    record = room.desk.tokens.find("main", public_id)
    assert room.desk.tokens.last_used(record) == room.desk.clock.instant.wall
    assert nobody.closed is None
    assert Principal("anna", Role.OPERATOR, "main") == room.desk.tokens.check(text)


async def test_an_open_page_or_stream_is_a_use() -> None:
    """Once a minute, until it is closed: who only looks uses the token, too."""
    room = Room()
    desk = room.desk
    texts = dict([desk.person("anna"), desk.person("bert"), desk.person("carl")])
    anna, bert, _ = [desk.tokens.check(text) for text in texts]
    assert anna is not None
    assert bert is not None
    page = room.live.join(anna, Onlooker(), None)
    room.bus.subscribe(bert, lambda: None)

    def pass_a_minute() -> list[int | None]:
        desk.clock.wait(ROUND_MS)
        room.expulsion.look_around(desk.clock.now())
        records = [desk.tokens.find("main", each) for each in texts.values()]
        return [desk.tokens.last_used(record) for record in records]

    came, now = desk.clock.now().wall, ROUND_MS
    assert pass_a_minute() == [came + now, came + now, came]
    room.live.leave(page)
    assert pass_a_minute() == [came + now, came + 2 * now, came]
    room.live.stop()
