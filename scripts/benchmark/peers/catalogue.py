"""The contestants: what each runs, how it is set, and what it would lose.

The settings are those that its documentation recommends for speed where that costs no task;
where the defaults differ much, they stand beside it as a contestant of their own.
"""

from typing import Any, Final

from scripts.benchmark.peers import losses
from scripts.benchmark.peers.contestant import PROGRAMS, Contestant, Goal, program
from scripts.benchmark.peers.environments import OWN


def _corral(
    name: str, title: str, client: str, tasks: int, settings: str, slots: int
) -> Contestant:
    return Contestant(
        name=name,
        title=title,
        environment=OWN,
        server="hub",
        client=client,
        worker=program("corral_agent", "work"),
        tasks=tasks,
        packages=["websockets", "msgspec", "uvloop", "uvicorn", "apsw"],
        options={"slots": slots},
        settings=settings,
        loss=losses.CORRAL,
    )


CORRAL: Final = [
    _corral(
        "corral",
        "Corral, WebSocket",
        "corral_socket",
        30_000,
        "`corral up` with its defaults, an operator's token; one plain agent on `websockets`, "
        "msgspec and uvloop instead of the sidecar, which runs each task in a process; it has 64 "
        "slots, as many tasks as the worker on JetStream asks for at once (Celery's is given 100 "
        "ahead); the client sends a frame for each task and is sent each result",
        slots=64,
    ),
    _corral(
        "corral-16",
        "Corral, WebSocket, 16 slots",
        "corral_socket",
        30_000,
        "the same with 16 slots",
        slots=16,
    ),
    _corral(
        "corral-http",
        "Corral, HTTP, one connection",
        "corral_http",
        3_000,
        "the same hub and agent, with 16 slots; the client posts one task at a time over one "
        "connection, and reads the results in pages of 200",
        slots=16,
    ),
]


def _redis(
    name: str,
    fsync: str,
    title: str,
    *,
    loss: dict[str, losses.Loss],
    settings: str,
    **rest: Any,
) -> Contestant:
    words = "`appendfsync always`" if fsync == "always" else "`appendfsync everysec`"
    return Contestant(
        name=f"{name}-{fsync}",
        title=f"{title}, AOF {fsync}",
        server=f"redis-{fsync}",
        settings=f"{settings}; Redis with `appendonly yes`, {words}, no snapshots",
        loss=loss[fsync],
        **rest,
    )


def _celery(fsync: str) -> Contestant:
    return _redis(
        "celery",
        fsync,
        "Celery",
        loss=losses.CELERY,
        environment="peers",
        client="celery_peer",
        worker=[
            "-m",
            "celery",
            "-A",
            f"{PROGRAMS}.celery_peer",
            *["worker", "-P", "prefork", "-c", "1", "--loglevel", "WARNING"],
            *["--without-gossip", "--without-mingle", "--without-heartbeat"],
        ],
        tasks=2_000,
        packages=["celery", "kombu", "redis", "hiredis"],
        options={"prefetch": 100},
        goal=Goal(13, 25) if fsync == "always" else None,
        settings="prefork pool of 1, `worker_prefetch_multiplier` 100, without gossip, mingle and "
        "heartbeat; the client calls `delay` for each and `join_native` on all results",
    )


def _dramatiq(fsync: str) -> Contestant:
    return _redis(
        "dramatiq",
        fsync,
        "Dramatiq",
        loss=losses.DRAMATIQ,
        environment="peers",
        client="dramatiq_peer",
        worker=["-m", "dramatiq", f"{PROGRAMS}.dramatiq_peer", "-p", "1", "-t", "8"],
        tasks=5_000,
        packages=["dramatiq", "redis", "hiredis"],
        goal=Goal(5, 10) if fsync == "always" else None,
        settings="1 process with its default of 8 threads, `Results` in Redis; the client calls "
        "`send` for each and a blocking `get_result` for each",
    )


def _arq(fsync: str) -> Contestant:
    return _redis(
        "arq",
        fsync,
        "arq",
        loss=losses.ARQ,
        environment="arq",
        client="arq_peer",
        worker=program("arq_peer", "work"),
        tasks=3_000,
        packages=["arq", "redis", "hiredis", "uvloop"],
        options={"poll": 0.005, "jobs": 100},
        settings="tuned: `poll_delay` 5 ms and `max_jobs` 100, on uvloop; the client enqueues 32 "
        "at once and polls for the results in order, every 5 ms",
    )


ARQ_STOCK: Final = Contestant(
    name="arq-stock",
    title="arq with its defaults, AOF everysec",
    environment="arq",
    server="redis-everysec",
    client="arq_peer",
    worker=program("arq_peer", "work"),
    tasks=500,
    packages=["arq", "redis", "hiredis", "uvloop"],
    options={"poll": 0.5, "jobs": 10},
    sequential=10,
    settings="as it comes: `poll_delay` 0.5 s for jobs and for results, `max_jobs` 10, here on "
    "uvloop; Redis as above",
    loss=losses.ARQ["everysec"],
)


def _taskiq(fsync: str) -> Contestant:
    return _redis(
        "taskiq",
        fsync,
        "taskiq",
        loss=losses.TASKIQ,
        environment="peers",
        client="taskiq_peer",
        worker=[
            *("-m", "taskiq", "worker", f"{PROGRAMS}.taskiq_peer:broker"),
            *["--workers", "1", "--max-async-tasks", "100", "--log-level", "WARNING"],
        ],
        tasks=4_000,
        packages=["taskiq", "taskiq-redis", "redis", "hiredis", "uvloop"],
        settings="`RedisStreamBroker` and `RedisAsyncResultBackend`, 1 worker with 100 coroutines "
        "on uvloop, acknowledged when the result is saved (its default); the client sends 32 at "
        "once and polls for the results in order, every 2 ms",
    )


def _huey(name: str, title: str, tasks: int, settings: str, *, fsync: bool) -> Contestant:
    return Contestant(
        name=name,
        title=title,
        environment="peers",
        server="file",
        client="huey_peer",
        worker=[
            *("-m", "huey.bin.huey_consumer", f"{PROGRAMS}.huey_peer.huey"),
            *["-w", "1", "-k", "thread", "-d", "0.001", "-m", "0.001", "-b", "1", "-n", "-q"],
        ],
        tasks=tasks,
        packages=["huey"],
        options={"fsync": fsync},
        stop_by_interrupt=True,
        settings=f"`SqliteHuey` {settings}; 1 thread; consumer and client poll every 1 ms",
        loss=losses.HUEY_SYNCED if fsync else losses.HUEY_UNSYNCED,
    )


HUEY: Final = [
    _huey(
        "huey-sync",
        "Huey, SQLite, synced",
        2_000,
        "with `fsync=True`; without the argument it leaves the choice to SQLite, whose default is "
        "the same",
        fsync=True,
    ),
    _huey("huey-unsynced", "Huey, SQLite, not synced", 8_000, "with `fsync=False`", fsync=False),
]
PROCRASTINATE: Final = Contestant(
    name="procrastinate",
    title="Procrastinate, PostgreSQL",
    environment="peers",
    server="postgres",
    client="procrastinate_peer",
    worker=program("procrastinate_peer", "work"),
    tasks=2_000,
    packages=["procrastinate", "psycopg", "uvloop"],
    settings="PostgreSQL with its defaults, 1 worker with `concurrency` 10 on uvloop; the client "
    "defers 1,000 by one `batch_defer_async` and polls each status, because Procrastinate keeps "
    "no return values",
    loss=losses.PROCRASTINATE,
)


def _nats(
    name: str, title: str, server: str, tasks: int, loss: losses.Loss, *, at_once: bool
) -> Contestant:
    one = "for each it publishes the result, waits for its acknowledgement, acknowledges the task"
    many = "it publishes all their results, waits for the acknowledgements, acknowledges the tasks"
    return Contestant(
        name=name,
        title=title,
        environment="peers",
        server=server,
        client="nats_peer",
        worker=program("nats_peer", "work"),
        tasks=tasks,
        packages=["nats-py", "uvloop"],
        options={"at_once": at_once},
        goal=Goal(2.5, 5),
        settings="a work-queue stream for tasks and one for results, both of storage `file`; the "
        f"worker fetches 64; {many if at_once else one}; the client publishes with up to 4,000 "
        "unacknowledged and fetches 64 results at once; uvloop"
        + ("; `sync_interval: always`" if server == "nats-sync" else ""),
        loss=loss,
    )


NATS: Final = [
    _nats("nats", "NATS JetStream, file", "nats", 8_000, losses.NATS_DEFAULT, at_once=False),
    _nats(
        "nats-at-once",
        "NATS JetStream, file, results at once",
        "nats",
        25_000,
        losses.NATS_DEFAULT,
        at_once=True,
    ),
    _nats(
        "nats-sync", "NATS JetStream, synced", "nats-sync", 4_000, losses.NATS_SYNCED, at_once=True
    ),
]
CONTESTANTS: Final = {
    each.name: each
    for each in (
        *CORRAL,
        *(make(fsync) for make in (_celery, _dramatiq, _arq) for fsync in ("always", "everysec")),
        ARQ_STOCK,
        *(_taskiq(fsync) for fsync in ("always", "everysec")),
        *HUEY,
        PROCRASTINATE,
        *NATS,
    )
}
"""By name, in the order in which each round runs them."""
