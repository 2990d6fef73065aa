"""What each contestant would lose when the power fails or the worker dies, and who says so."""

from typing import Final

from msgspec import Struct


class Loss(Struct, frozen=True):
    """Plain facts about one choice of settings."""

    power: str
    """When the machine loses power."""
    worker: str
    """When the worker dies in the middle of a task."""
    sources: tuple[str, ...]


REDIS_SOURCE: Final = "https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/"
CELERY_SOURCE: Final = "https://docs.celeryq.dev/en/stable/glossary.html"
DRAMATIQ_SOURCE: Final = "https://redis.io/docs/latest/integrate/dramatiq/"
ARQ_SOURCE: Final = "https://arq-docs.helpmanual.io/"
TASKIQ_SOURCE: Final = "https://github.com/taskiq-python/taskiq-redis"
HUEY_SOURCE: Final = "https://huey.readthedocs.io/en/latest/api.html"
SQLITE_SOURCE: Final = "https://www.sqlite.org/pragma.html#pragma_synchronous"
POSTGRES_SOURCE: Final = "https://www.postgresql.org/docs/current/wal-async-commit.html"
PROCRASTINATE_SOURCE: Final = "https://procrastinate.readthedocs.io/"
NATS_SOURCE: Final = "https://docs.nats.io/reference/config/jetstream/sync_interval"
NATS_CONCEPT: Final = "https://github.com/nats-io/nats.docs/pull/896"

ALWAYS: Final = "Nothing that Redis had answered: each write is synced before its answer."
EVERYSEC: Final = "About the last second of tasks and results, although Redis had answered them."


def _on_redis(worker: str, source: str) -> dict[str, Loss]:
    sources = (REDIS_SOURCE, source)
    return {
        "always": Loss(ALWAYS, worker, sources),
        "everysec": Loss(EVERYSEC, worker, sources),
    }


CORRAL: Final = Loss(
    "Nothing that was acknowledged: every answer waits for a synced commit.",
    "The attempt: its lease runs out and the task is given out again. A late report of the old "
    "attempt is refused.",
    ("architecture.md",),
)
CELERY: Final = _on_redis(
    "The task: by default it is acknowledged before it runs. With `task_acks_late` it would come "
    "again after the visibility timeout.",
    CELERY_SOURCE,
)
DRAMATIQ: Final = _on_redis(
    "The attempt: the message comes again when the worker's heartbeat has been missing for a "
    "minute.",
    DRAMATIQ_SOURCE,
)
ARQ: Final = _on_redis(
    "The attempt: the job stays in the queue until it has ended, and runs again when its "
    "in-progress mark expires.",
    ARQ_SOURCE,
)
TASKIQ: Final = _on_redis(
    "The attempt: the message comes again after `idle_timeout`, 10 minutes by default.",
    TASKIQ_SOURCE,
)
HUEY_SYNCED: Final = Loss(
    "Nothing that was written: each transaction is synced (`synchronous=FULL`).",
    "The task: it is taken out of the queue before it runs.",
    (HUEY_SOURCE, SQLITE_SOURCE),
)
HUEY_UNSYNCED: Final = Loss(
    "What the operating system had not written by itself, and the file may be corrupt "
    "(`synchronous=OFF`).",
    HUEY_SYNCED.worker,
    HUEY_SYNCED.sources,
)
PROCRASTINATE: Final = Loss(
    "Nothing that was committed: `fsync` and `synchronous_commit` are on by default.",
    "The attempt: the job stays as `doing`, and a periodic task that one has to write finds "
    "stalled jobs and tries them again. Return values are never kept.",
    (POSTGRES_SOURCE, PROCRASTINATE_SOURCE),
)
NATS_WORKER: Final = "The attempt: the task comes again after `ack_wait`, 30 s by default."
NATS_DEFAULT: Final = Loss(
    "Up to the last two minutes of acknowledged tasks and results: the server syncs by "
    "`sync_interval`, 2 minutes by default. (Replicas on other machines make up for one that "
    "fails; here is one server, as with all others.)",
    NATS_WORKER,
    (NATS_SOURCE, NATS_CONCEPT),
)
NATS_SYNCED: Final = Loss(
    "Nothing that was acknowledged: `sync_interval: always` syncs each message first.",
    NATS_WORKER,
    (NATS_SOURCE,),
)
