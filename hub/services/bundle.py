"""The services, as the transport may touch them."""

from dataclasses import dataclass

from hub.core.org import Org
from hub.services.administration import Administration
from hub.services.agents import Agents
from hub.services.browser_sessions import BrowserSessions
from hub.services.bulk import Bulk
from hub.services.bus import Bus
from hub.services.chance import Chance
from hub.services.clock import Clock
from hub.services.edits import Edits
from hub.services.envelopes import Envelopes
from hub.services.exposition import Exposition
from hub.services.fleet import Fleet
from hub.services.greeting import Greeting
from hub.services.invites import Invites
from hub.services.limits import Limits
from hub.services.live import Live
from hub.services.loader import Loader
from hub.services.login_codes import LoginCodes
from hub.services.metrics import Metrics
from hub.services.newcomers import Newcomers
from hub.services.old_agents import OldAgents
from hub.services.pauses import Pauses
from hub.services.peers import Peers
from hub.services.replays import Replays
from hub.services.search import Search
from hub.services.series import TimeSeries
from hub.services.settings import Settings
from hub.services.submissions import Submissions
from hub.services.task_logs import TaskLogs
from hub.services.tasks import Tasks
from hub.services.tokens import Tokens
from hub.services.watch import Watches
from hub.store.contract import JournalPort


@dataclass(frozen=True, kw_only=True)
class Services:
    """One of each."""

    orgs: dict[str, Org]
    journal: JournalPort
    clock: Clock
    chance: Chance
    loader: Loader
    bus: Bus
    envelopes: Envelopes
    live: Live
    peers: Peers
    tokens: Tokens
    invites: Invites
    browser_sessions: BrowserSessions
    login_codes: LoginCodes
    newcomers: Newcomers
    limits: Limits
    agents: Agents
    fleet: Fleet
    pauses: Pauses
    tasks: Tasks
    edits: Edits
    bulk: Bulk
    watches: Watches
    greeting: Greeting
    old_agents: OldAgents
    replays: Replays
    submissions: Submissions
    logs: TaskLogs
    administration: Administration
    settings: Settings
    metrics: Metrics
    exposition: Exposition
    series: TimeSeries
    search: Search | None
    """None in a hub that runs without search."""
    epoch: int
    version: str
    started_at: int
    """Hub time at which the hub began to serve."""

    def let_go(self) -> None:
        """The hub stops: whatever waits for something to happen is answered now."""
        self.watches.stop()
        self.bus.stop()
        self.live.stop()
