"""The wiring of one hub: every service is built here, on one page, in the order of its needs."""

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from hub import __version__, recovery
from hub.config import Config
from hub.core.org import Org
from hub.search.finder import IndexFinder
from hub.search.source import Past
from hub.services.administration import Administration
from hub.services.agent_bulk import AgentBulk
from hub.services.agents import Agents
from hub.services.browser_sessions import BrowserSessions
from hub.services.bulk import Bulk
from hub.services.bundle import Services
from hub.services.bus import Bus
from hub.services.chance import Chance
from hub.services.clock import Clock
from hub.services.edits import Edits
from hub.services.envelopes import Envelopes
from hub.services.exposition import Exposition, Sources
from hub.services.expulsion import Expulsion
from hub.services.failed_logins import FailedLogins
from hub.services.fleet import Fleet
from hub.services.greeting import Greeting
from hub.services.indexing import Indexing
from hub.services.invites import Invites
from hub.services.limits import Limits
from hub.services.live import Live
from hub.services.loader import Loader
from hub.services.log_level import LogLevel
from hub.services.login_codes import LoginCodes
from hub.services.metrics import Metrics
from hub.services.newcomers import Newcomers
from hub.services.old_agents import OldAgents
from hub.services.pauses import Pauses
from hub.services.peers import Peers
from hub.services.replays import Replays
from hub.services.scheduler import Scheduler
from hub.services.search import Search
from hub.services.series import TimeSeries
from hub.services.service import Loop
from hub.services.settings import Settings
from hub.services.submissions import Submissions
from hub.services.task_bulk import TaskBulk
from hub.services.task_logs import TaskLogs
from hub.services.tasks import Tasks
from hub.services.terms import Terms
from hub.services.timers import Timers
from hub.services.tokens import Tokens
from hub.services.upkeep import Upkeep
from hub.services.watch import Watches
from hub.store.batcher import Batcher
from hub.store.contract import Batch, Recovered, StoreError
from hub.store.journal import Journal
from hub.store.logs import LogFile
from hub.store.opening import Opened

CommitFailed = Callable[[Batch, StoreError], None]
LoopDied = Callable[[str, BaseException], None]


class Wired(NamedTuple):
    """A hub that is built and does nothing yet."""

    services: Services
    loops: list[Loop]
    """What works at intervals; started and stopped in this order."""


class _Basis(NamedTuple):
    """What everything else stands on."""

    past: Recovered
    clock: Clock
    chance: Chance
    metrics: Metrics
    orgs: dict[str, Org]
    journal: Journal
    loader: Loader
    bus: Bus
    live: Live
    peers: Peers


class _Access(NamedTuple):
    """Who may come in, and how much of it."""

    tokens: Tokens
    invites: Invites
    browser_sessions: BrowserSessions
    login_codes: LoginCodes
    expulsion: Expulsion
    limits: Limits
    failed_logins: FailedLogins


async def wire(
    config: Config, opened: Opened, log_level: LogLevel, broken: CommitFailed, died: LoopDied
) -> Wired:
    """Build the services on the running loop, from what the store remembers."""
    settings = config.settings
    basis = _basis(config, opened, broken, died)
    past, clock, chance, metrics, orgs, journal, loader, bus, live, peers = basis
    access = _access(config, opened, basis)
    agents = Agents(journal, clock, peers, settings)
    watches = Watches(journal)
    tasks = Tasks(journal, clock, chance, loader, watches, agents, settings, metrics, past.task_seq)
    edits = Edits(tasks, clock)
    logs = await _task_logs(opened, basis)
    greeting = Greeting(journal, clock, loader, peers, agents, tasks, logs, settings)
    replays = Replays(journal, clock, loader, past.replays)
    scheduler = _scheduler(basis, tasks, settings)
    fleet = Fleet(scheduler.orgs, journal, clock, peers, tasks, access.tokens)
    recovery.resume_held(orgs, past, agents, settings, clock.now())
    services = Services(
        orgs=orgs,
        journal=journal,
        clock=clock,
        chance=chance,
        loader=loader,
        bus=bus,
        envelopes=Envelopes(orgs, access.tokens),
        live=live,
        peers=peers,
        tokens=access.tokens,
        invites=access.invites,
        browser_sessions=access.browser_sessions,
        login_codes=access.login_codes,
        newcomers=_newcomers(config, access.invites, clock),
        limits=access.limits,
        agents=agents,
        fleet=fleet,
        pauses=Pauses(scheduler.orgs, journal, clock, chance),
        tasks=tasks,
        edits=edits,
        bulk=_bulk(basis, access.tokens, tasks, edits, fleet),
        watches=watches,
        greeting=greeting,
        old_agents=OldAgents(journal, clock, peers, tasks, agents, greeting),
        replays=replays,
        submissions=Submissions(tasks, replays),
        logs=logs,
        administration=Administration(journal, clock, log_level),
        settings=settings,
        metrics=metrics,
        exposition=_exposition(basis, access, scheduler, replays),
        series=_series(basis),
        search=None if config.no_search else _search(opened, basis),
        epoch=past.epoch,
        version=__version__,
        started_at=clock.hub(),
    )
    return Wired(services, [_upkeep(services, basis, access, scheduler, died)])


def _scheduler(basis: _Basis, tasks: Tasks, settings: Settings) -> Scheduler:
    scheduler = Scheduler(
        basis.journal, basis.clock, basis.loader, basis.peers, settings, basis.metrics
    )
    scheduler.orgs = tasks.orgs = list(basis.orgs.values())
    return scheduler


def _bulk(basis: _Basis, tokens: Tokens, tasks: Tasks, edits: Edits, fleet: Fleet) -> Bulk:
    journal, clock, loader = basis.journal, basis.clock, basis.loader
    of_tasks, of_agents = TaskBulk(journal, loader, tasks, edits), AgentBulk(clock, fleet)
    orgs, past = basis.orgs, basis.past
    return Bulk(
        journal,
        clock,
        basis.chance,
        loader,
        tokens,
        tasks,
        of_tasks,
        of_agents,
        orgs,
        past.jobs,
    )


def _search(opened: Opened, basis: _Basis) -> Search:
    data = opened.directory.path
    finder = IndexFinder(data, Past(opened.store.epoch, opened.store.history_id))
    indexing = Indexing([sys.executable, "-m", "hub.search", str(data)])
    return Search(finder, indexing, basis.bus, basis.clock)


def end_turn(scheduler: Scheduler, upkeep: Upkeep) -> None:
    """What is done at the end of each turn, before its batch is taken."""
    scheduler.run_once()
    upkeep.trim_ended()


def _basis(config: Config, opened: Opened, commit_failed: CommitFailed, died: LoopDied) -> _Basis:
    past = opened.store.recover()
    clock, metrics = Clock(past.hub_time), Metrics(time.monotonic)
    orgs = recovery.recover_orgs(past)
    batcher = Batcher(past.event_seq)
    journal = Journal(opened.store, batcher, clock.hub, metrics, commit_failed)
    loader = Loader(opened.store, died)
    loader.durable = lambda: journal.durable
    bus = Bus(loader, metrics, past.epoch, past.event_seq, config.settings.event_readers)
    metrics.events_in_memory = lambda: bus.held
    chance = Chance()
    live = Live(orgs, journal, clock, chance, loader, metrics, __version__)
    journal.published = partial(_publish, bus, live)
    return _Basis(past, clock, chance, metrics, orgs, journal, loader, bus, live, Peers())


def _publish(bus: Bus, live: Live, batch: Batch) -> None:
    bus.publish(batch)
    live.published(batch)


def _series(basis: _Basis) -> TimeSeries:
    series = TimeSeries(basis.orgs, basis.metrics, basis.clock)
    series.on_step = basis.live.tell_step
    return series


def _exposition(
    basis: _Basis, access: _Access, scheduler: Scheduler, replays: Replays
) -> Exposition:
    sources = Sources(
        basis.metrics, basis.journal, scheduler.orgs, basis.peers, access.limits, replays
    )
    return Exposition(sources)


async def _task_logs(opened: Opened, basis: _Basis) -> TaskLogs:
    def wall() -> int:
        return basis.clock.now().wall

    file = await LogFile.open(opened.directory.logs, wall)
    return TaskLogs(file, basis.journal, basis.metrics, wall)


def _access(config: Config, opened: Opened, basis: _Basis) -> _Access:
    past, journal, clock, chance = basis.past, basis.journal, basis.clock, basis.chance
    tokens = Tokens(journal, clock, chance, opened.pepper, past.credentials)
    invites = Invites(basis.orgs, tokens, journal, clock, chance, past.invites)
    expulsion = Expulsion(tokens, basis.peers, basis.bus, basis.live)
    tokens.on_end(expulsion.expel)
    sessions = BrowserSessions(tokens, journal, clock, chance, past.sessions)
    tokens.on_end(sessions.end_of_credentials)
    sessions.on_end(expulsion.expel_browser)
    codes = LoginCodes(tokens, sessions, journal, clock, chance)
    rates = config.rates.fit(config.settings.heartbeat_ms)
    ways_in = (tokens.opens, invites.is_open, codes.is_open)
    limits = Limits(clock, rates, lambda text: any(opens(text) for opens in ways_in))
    failed_logins = FailedLogins(
        recovery.MAIN, journal, clock, lambda named: tokens.knows(named) or invites.knows(named)
    )
    limits.failed = failed_logins.note
    return _Access(tokens, invites, sessions, codes, expulsion, limits, failed_logins)


def _newcomers(config: Config, invites: Invites, clock: Clock) -> Newcomers:
    return Newcomers(
        recovery.MAIN,
        invites,
        clock,
        is_open=config.open_registration,
        of_others=not config.is_loopback,
        default_repo=config.default_repo,
    )


def _upkeep(
    services: Services,
    basis: _Basis,
    access: _Access,
    scheduler: Scheduler,
    loop_died: LoopDied,
) -> Loop:
    """The one pass that looks after everything that ends by itself."""
    clock, settings, metrics = basis.clock, services.settings, basis.metrics
    terms = Terms(services.tasks, services.agents, basis.chance)
    timers = Timers(services.tasks, basis.loader, clock)
    upkeep = Upkeep(basis.journal, clock, basis.peers, terms, timers, settings, metrics)
    upkeep.floor = basis.loader.floor
    upkeep.orgs = list(basis.orgs.values())
    upkeep.chores = [
        services.old_agents.settle,
        services.limits.sweep,
        access.failed_logins.tell_due,
        services.replays.prune,
        services.fleet.end_pauses,
        services.pauses.end_pauses,
        services.tokens.end_due,
        services.tokens.note_uses,
        services.browser_sessions.end_due,
        services.browser_sessions.note_uses,
        access.expulsion.look_around,
        services.series.look,
    ]
    basis.journal.before_commit = partial(end_turn, scheduler, upkeep)
    return Loop("upkeep", upkeep, settings.upkeep_ms / 1000, loop_died)
