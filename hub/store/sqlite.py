"""The store on disk: SQLite through apsw, in WAL mode, durable when `commit` returns.

Statements run where `write` is called; only `commit` waits for the disk, and may run in
another thread. One connection must not be used by two threads at once, so nothing else may be
called while a commit is under way. What a reader does is its own affair.
"""

from collections.abc import Callable, Collection, Mapping, Set
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Final

import apsw
from msgspec import json

from hub.core.task import Task
from hub.store import marks, recovery, rows
from hub.store.bulk import Bulk
from hub.store.connections import WAL_LIMIT, open_checkpointer, open_writer, refusals
from hub.store.contract import REPLAYS_PRUNED, Batch, Recovered, Rows, StoreError
from hub.store.endings import Endings
from hub.store.migrate import migrate, version_of
from hub.store.reader import SqliteReader
from hub.store.sql import sql

CHECKPOINT_BYTES: Final = 4 * 1024 * 1024

_INSERT_TASKS: Final = Bulk(sql("insert_tasks"), rows.FRESH_WIDTH)
_UPDATE_TASKS: Final = Bulk(sql("update_tasks"), rows.CHANGED_WIDTH)
_PUT_TASKS: Final = Bulk(sql("put_tasks"), rows.FRESH_WIDTH)
_INSERT_EVENTS: Final = Bulk(sql("insert_events"), rows.EVENT_WIDTH)
_SET_HUB_TIME: Final = sql("set_hub_time")

Witness = Callable[[int], None]
"""Is told, after each commit, how many events the database holds over all orgs."""


class SqliteStore:
    """Keeps `Store` over one database file.

    Opening it makes the file when there is none (then `new_history` becomes its history id),
    brings its schema up to date, and checks it after an unclean stop. Raises StoreError.
    """

    def __init__(self, path: Path, backups: Path, new_history: str) -> None:
        self.path = path
        self.is_new = False
        """The database was made just now."""
        self.was_clean = True
        """It was closed in order the last time."""
        self.backup: Path | None = None
        """The copy made before its schema was changed."""
        self._orgs: dict[str, int] = {}
        self._names: dict[int, str] = {}
        self._witness: Witness | None = None
        self._open_facts = 0
        self._wal_pages = 0
        self._moved_pages = 0
        self._closed = False
        with refusals(f"{path} cannot be opened, or is damaged"):
            self._writer = open_writer(path)
            try:
                self._prepare(backups, new_history)
                self._endings = Endings(self._writer)
                self._checkpointer = open_checkpointer(path)
            except BaseException:
                self._writer.close()
                raise
        self._page_size = int(self._writer.pragma("page_size"))
        self._writer.set_wal_hook(self._measure)

    def _prepare(self, backups: Path, new_history: str) -> None:
        writer = self._writer
        self.is_new = version_of(writer) == 0
        if not self.is_new:
            self._check()
        self.backup = migrate(writer, backups)
        with writer:
            if self.is_new:
                writer.execute(sql("add_hub"), (new_history,))
            else:
                writer.execute(sql("set_clean"), (0,))
        for number, name in writer.execute(sql("orgs")):
            self._orgs[name], self._names[number] = number, name
        self.event_count = sum(last for _, last in writer.execute(sql("last_events")))
        """How many events were ever committed, over all orgs."""
        self.epoch, self.history_id, *_ = next(writer.execute(sql("hub")))

    def _check(self) -> None:
        """Look for damage, unless the last hub closed the database in order."""
        self.was_clean = bool(self._writer.execute("SELECT clean FROM hub").get)
        if self.was_clean:
            return
        found = self._writer.execute("PRAGMA quick_check(3)").fetchall()
        if found != [("ok",)]:
            flaws = "; ".join(str(row[0]) for row in found)
            raise StoreError(
                f"{self.path} is damaged: {flaws}. Put a backup in its place; keep the"
                " damaged file, and its -wal file with it"
            )

    def _measure(self, _connection: apsw.Connection, _database: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK

    @property
    def wal_bytes(self) -> int:
        """How much is in the WAL since it was last started over."""
        return self._wal_pages * self._page_size

    def start_epoch(self, epoch: int) -> None:
        """Begin another epoch, durably. Raises StoreError."""
        with refusals("cannot start an epoch"), self._writer:
            self._writer.execute(sql("set_epoch"), (epoch,))
        self.epoch = epoch

    def watch(self, witness: Witness) -> None:
        """Tell this witness of every commit from now on, wherever it is made."""
        self._witness = witness

    def recover(self) -> Recovered:
        """What the database holds. Raises StoreError."""
        return recovery.recover(self.path, self._names)

    def write(self, batch: Batch) -> None:
        """Put a batch into an open transaction. Raises StoreError; then nothing is sure."""
        writer = self._writer
        with refusals("cannot write a batch"):
            writer.execute("BEGIN IMMEDIATE")
            self._number_orgs(batch)
            if batch.fresh:
                self._insert(batch.fresh.values())
            if batch.changed:
                self._change(batch.changed, batch.edited)
            self._endings.note(chain(batch.fresh.values(), batch.changed.values()), self._orgs)
            if batch.facts:
                _INSERT_EVENTS.write(writer, rows.event_rows(batch.facts, self._orgs))
            if batch.agents or batch.credentials or batch.invites or batch.sessions:
                self._put_people(batch)
            if batch.replays or batch.jobs or batch.pauses:
                self._put_records(batch)
            if batch.gone_agents or batch.gone_sessions or batch.old_replays is not None:
                self._delete(batch)
            writer.execute(_SET_HUB_TIME, (batch.hub_time,))
        self._open_facts = len(batch.facts)

    def _insert(self, tasks: Collection[Task]) -> None:
        _INSERT_TASKS.write(self._writer, rows.fresh_rows(tasks, self._orgs))
        marked = [(self._orgs[org], mark, seq) for org, mark, seq in marks.new_marks(tasks)]
        if marked:
            self._writer.executemany(sql("add_mark"), marked)
        self._writer.executemany(sql("widen_span"), marks.spans(tasks))

    def _change(self, changed: Mapping[int, Task], edited: Set[int]) -> None:
        if edited:
            self._rewrite([task for seq, task in changed.items() if seq in edited])
            changed = {seq: task for seq, task in changed.items() if seq not in edited}
        self._update(rows.changed_rows(changed.values()))

    def _rewrite(self, tasks: list[Task]) -> None:
        """Write every column of older tasks, and put right by what they are found."""
        wanted = {
            (self._orgs[task.org], mark, task.seq)
            for task in tasks
            for mark in marks.of_spec(task.spec)
        }
        seqs = json.encode([task.seq for task in tasks]).decode()
        older: list[rows.Row] = self._writer.execute(sql("specs"), (seqs,)).fetchall()
        if len(older) != len(tasks):
            raise StoreError(f"{len(tasks)} tasks edited, {len(older)} of them are in the database")
        self._endings.forget((seq, org, agent) for seq, org, _, _, agent in older)
        present = {
            (org, mark, seq)
            for seq, org, spec, requires, _ in older
            for mark in marks.of_spec(rows.spec_of(spec, requires))
        }
        self._writer.executemany(sql("delete_mark"), sorted(present - wanted))
        self._writer.executemany(sql("add_mark"), sorted(wanted - present))
        _PUT_TASKS.write(self._writer, rows.fresh_rows(tasks, self._orgs))

    def _update(self, changed: list[rows.Row]) -> None:
        """Change older tasks; one that is not there would be lost without a word."""
        self._writer.set_last_insert_rowid(0)
        _UPDATE_TASKS.write(self._writer, changed)
        if new := self._writer.last_insert_rowid():
            raise StoreError(f"a task changed, {new}, that is not in the database")

    def _number_orgs(self, batch: Batch) -> None:
        """Give every org that the batch names for the first time a number."""
        for name in sorted(batch.orgs - self._orgs.keys()):
            number = len(self._orgs) + 1
            self._writer.execute(sql("add_org"), (number, name))
            self._orgs[name], self._names[number] = number, name

    def _put_people(self, batch: Batch) -> None:
        orgs = self._orgs
        agents = [rows.agent_row(record, orgs) for record in batch.agents.values()]
        credentials = [rows.credential_row(one, orgs) for one in batch.credentials.values()]
        invites = [rows.invite_row(record, orgs) for record in batch.invites.values()]
        sessions = [rows.session_row(session, orgs) for session in batch.sessions.values()]
        self._writer.executemany(sql("put_agent"), agents)
        self._writer.executemany(sql("put_credential"), credentials)
        self._writer.executemany(sql("put_invite"), invites)
        self._writer.executemany(sql("put_session"), sessions)

    def _put_records(self, batch: Batch) -> None:
        orgs = self._orgs
        replays = [rows.replay_row(replay, orgs) for replay in batch.replays.values()]
        jobs = [rows.job_row(job, orgs) for job in batch.jobs.values()]
        pauses = [rows.pause_row(pause, orgs) for pause in batch.pauses.values()]
        self._writer.executemany(sql("put_replay"), replays)
        self._writer.executemany(sql("put_job"), jobs)
        self._writer.executemany(sql("put_pause"), pauses)

    def _delete(self, batch: Batch) -> None:
        gone = [(self._orgs.get(org), agent_id) for org, agent_id in batch.gone_agents]
        self._writer.executemany(sql("delete_agent"), gone)
        ended = [(session_id,) for session_id in batch.gone_sessions]
        self._writer.executemany(sql("delete_session"), ended)
        if batch.old_replays is not None:
            bounds = (batch.old_replays, REPLAYS_PRUNED)
            self._writer.execute(sql("delete_old_replays"), bounds)

    def commit(self) -> None:
        """Make it durable; blocks until the disk has it. Raises StoreError."""
        with refusals("cannot commit"):
            self._writer.execute("COMMIT")
        self.event_count += self._open_facts
        self._open_facts = 0
        if self._witness is not None:
            with refusals("cannot tell the witness of a commit"):
                self._witness(self.event_count)

    def reader(self) -> SqliteReader:
        """A new reader, for one thread. Raises StoreError."""
        return SqliteReader(self.path, self._orgs)

    def decode(self, rows_read: Rows) -> list[Task]:
        """The tasks in what a reader returned."""
        names = self._names
        return [rows.task_of(row, names) for row in rows_read]

    def upkeep(self) -> None:
        """Checkpoint when enough has gathered in the WAL.

        It uses a connection of its own, so it may run in a thread while batches are written.
        A reader in the way makes it do less; the rest is done the next time. Raises StoreError.
        """
        if self._wal_pages < self._moved_pages:
            self._moved_pages = 0
        if (self._wal_pages - self._moved_pages) * self._page_size < CHECKPOINT_BYTES:
            return
        self._moved_pages = self._wal_pages
        large = self.wal_bytes > WAL_LIMIT
        mode = apsw.SQLITE_CHECKPOINT_TRUNCATE if large else apsw.SQLITE_CHECKPOINT_PASSIVE
        with refusals("cannot checkpoint"), suppress(apsw.BusyError):
            self._checkpointer.wal_checkpoint(mode=mode)

    def close(self) -> None:
        """Let go of the database, marked as closed in order. Idempotent; raises StoreError."""
        if self._closed:
            return
        self._closed = True
        with refusals("cannot close"):
            self._checkpointer.close()
            try:
                if not self._writer.in_transaction:
                    self._writer.execute(sql("set_clean"), (1,))
            finally:
                self._writer.close()
