"""The wiring of one hub: every service is built here, on one page, in the order of its needs."""

import time
from collections.abc import Callable
from typing import NamedTuple

from hub import __version__, recovery
from hub.config import Config
from hub.services.agents import Agents
from hub.services.bulk import Bulk
from hub.services.bundle import Services
from hub.services.bus import Bus
from hub.services.chance import Chance
from hub.services.clock import Clock
from hub.services.edits import Edits
from hub.services.envelopes import Envelopes
from hub.services.exposition import Exposition, Sources
from hub.services.expulsion import Expulsion
from hub.services.fleet import Fleet
from hub.services.greeting import Greeting
from hub.services.invites import Invites
from hub.services.limits import Limits
from hub.services.loader import Loader
from hub.services.log_level import LogLevel
from hub.services.metrics import Metrics
from hub.services.pauses import Pauses
from hub.services.peers import Peers
from hub.services.replays import Replays
from hub.services.scheduler import Scheduler
from hub.services.service import Loop
from hub.services.submissions import Submissions
from hub.services.task_logs import TaskLogs
from hub.services.tasks import Tasks
from hub.services.terms import Terms
from hub.services.timers import Timers
from hub.services.tokens import Tokens
from hub.services.upkeep import Upkeep
from hub.services.watch import Watches
from hub.store.batcher import Batcher
from hub.store.contract import Batch, StoreError
from hub.store.journal import Journal
from hub.store.logs import LogFile
from hub.store.opening import Opened


class Wired(NamedTuple):
    """A hub that is built and does nothing yet."""

    services: Services
    loops: list[Loop]
    """What works at intervals; started and stopped in this order."""


async def wire(
    config: Config,
    opened: Opened,
    log_level: LogLevel,
    commit_failed: Callable[[Batch, StoreError], None],
    loop_died: Callable[[str, BaseException], None],
) -> Wired:
    """Build the services on the running loop, from what the store remembers."""
    settings, store = config.settings, opened.store
    past = store.recover()
    clock, chance, peers = Clock(past.hub_time), Chance(), Peers()
    metrics = Metrics(time.monotonic)
    orgs = recovery.recover_orgs(past)
    batcher = Batcher(past.event_seq)
    journal = Journal(store, batcher, clock.hub, metrics, commit_failed)
    loader = Loader(store)
    bus = Bus(loader, metrics, past.epoch, past.event_seq, settings.event_readers)
    journal.published, metrics.events_in_memory = bus.publish, lambda: bus.held
    agents = Agents(journal, clock, peers, settings)
    watches = Watches(journal)
    tasks = Tasks(journal, clock, chance, loader, watches, agents, settings, metrics, past.task_seq)
    edits = Edits(tasks, clock)
    log_file = await LogFile.open(opened.directory.logs, lambda: clock.now().wall)
    logs = TaskLogs(log_file, journal, metrics, lambda: clock.now().wall)
    greeting = Greeting(journal, clock, loader, peers, agents, tasks, logs, settings)
    tokens = Tokens(journal, clock, chance, opened.pepper, past.credentials)
    invites = Invites(tokens, journal, clock, chance, past.invites)
    expulsion = Expulsion(tokens, peers, bus)
    tokens.on_end(expulsion.expel)
    rates = config.rates.fit(settings.heartbeat_ms)
    limits = Limits(clock, rates, lambda text: tokens.opens(text) or invites.is_open(text))
    replays = Replays(journal, clock, loader, past.replays)
    scheduler = Scheduler(journal, clock, loader, peers, settings, metrics)
    scheduler.orgs = list(orgs.values())
    journal.before_commit = scheduler.run_once
    recovery.resume_held(orgs, past, agents, settings, clock.now())
    terms, timers = Terms(tasks, agents, chance), Timers(tasks, loader, clock)
    upkeep = Upkeep(journal, clock, peers, terms, timers, settings, metrics)
    loader.durable, upkeep.floor = lambda: journal.durable, loader.floor
    upkeep.orgs = tasks.orgs = scheduler.orgs
    fleet = Fleet(scheduler.orgs, journal, clock, peers, tasks, tokens)
    pauses = Pauses(scheduler.orgs, journal, clock, chance)
    upkeep.chores = [limits.sweep, replays.prune, fleet.end_pauses, pauses.end_pauses]
    upkeep.chores += [tokens.end_due, tokens.note_uses, expulsion.look_around]
    loops = [Loop("upkeep", upkeep, settings.upkeep_ms / 1000, loop_died)]
    services = Services(
        orgs=orgs,
        journal=journal,
        clock=clock,
        chance=chance,
        loader=loader,
        bus=bus,
        envelopes=Envelopes(orgs, tokens),
        peers=peers,
        tokens=tokens,
        invites=invites,
        limits=limits,
        agents=agents,
        fleet=fleet,
        pauses=pauses,
        tasks=tasks,
        edits=edits,
        bulk=Bulk(journal, clock, chance, loader, tasks, edits, orgs, past.jobs),
        watches=watches,
        greeting=greeting,
        replays=replays,
        submissions=Submissions(tasks, replays),
        logs=logs,
        log_level=log_level,
        settings=settings,
        metrics=metrics,
        exposition=Exposition(Sources(metrics, journal, scheduler.orgs, peers, limits, replays)),
        epoch=past.epoch,
        version=__version__,
        started_at=clock.hub(),
    )
    return Wired(services, loops)
