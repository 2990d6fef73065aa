"""The part of the page about one row: what was asked for, and a table of what came of it."""

from collections.abc import Iterator, Sequence

from scripts.benchmark.figures import Settings, Spread
from scripts.benchmark.results import LoadRun, Pair, QueueRun, Row, StartRun
from scripts.benchmark.rows import ROWS


def section(row: Row) -> str:
    """The row's part of the page, as Markdown."""
    lines = [f"## {row.name}: {ROWS[row.name].title}", ""]
    loads = [run for run in row.runs if isinstance(run, LoadRun)]
    if loads:
        lines += _loads(row.settings, loads)
    for run in row.runs:
        if isinstance(run, QueueRun):
            lines += _queue(row.settings, run)
        elif isinstance(run, StartRun):
            lines += _starts(run)
    for number, run in enumerate(row.runs, 1):
        lines += [f"- Run {number} is not to be trusted: {flaw}." for flaw in run.flaws]
    return "\n".join(lines)


# Loads


def _loads(asked: Settings, runs: list[LoadRun]) -> list[str]:
    lines = [
        f"{_load(asked)}, {asked.seconds:g} s after {asked.warmup_seconds:g} s of warm-up.",
        "",
        "| run | tasks/s | slowest second | acknowledged p50 / p99 | result p50 / p90 / p99 / "
        "highest | hub cores | generator cores | hub memory | database | results = rows |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|",
        *(_repetition(number, run, asked) for number, run in enumerate(runs, 1)),
        "",
    ]
    if any(run.listings for run in runs):
        lines += _pages(runs)
    if any(run.stream for run in runs):
        lines += [*_streams(runs), ""]
    if any(run.memory for run in runs):
        lines += [*_memory(runs), ""]
    return lines


def _load(asked: Settings) -> str:
    if asked.connections:
        keys = ", with an idempotency key" if asked.keys else ""
        return (
            f"{asked.connections} connections, each with one request at a time of "
            f"{asked.batch} tasks{keys}, which stay in the queue"
        )
    load = f"{asked.rate:,} tasks/s offered" if asked.rate else f"{asked.in_flight:,} in flight"
    stored = (
        f"{asked.stored:,} tasks stored before, {asked.pages} pages/s asked for, "
        if asked.stored
        else ""
    )
    return f"{stored}{asked.agents:,} agents with {asked.slots} slots each, {load}"


def _repetition(number: int, run: LoadRun, asked: Settings) -> str:
    bound = "≥ " if run.lower_bound else ""
    early, late = run.acknowledged_ms, run.result_ms
    cells = [
        str(number),
        f"{bound}{run.tasks_per_s:,.0f}",
        f"{min(run.each_second, default=0):,}",
        f"{early.p50:.2f} / {early.p99:.2f} ms",
        f"{late.p50:.2f} / {late.p90:.2f} / {late.p99:.2f} / {late.highest:.2f} ms",
        f"{run.hub_cores:.2f}",
        _generator(run, asked),
        f"{run.hub_memory_mib:.0f} MiB",
        f"{run.database_mib:.0f} MiB",
        _equal(run.load.done, run.completed_rows),
    ]
    return f"| {' | '.join(cells)} |"


def _generator(run: LoadRun, asked: Settings) -> str:
    late = f", {run.load.late_ms:.1f} ms late" if asked.rate else ""
    programs = f" in {run.load.processes} programs" if run.load.processes > 1 else ""
    readers = f" + {run.readers_cores:.2f} readers" if run.stream else ""
    return f"{run.generator_cores:.2f}{programs}{readers}{late}"


def _equal(seen: int, rows: int) -> str:
    return f"{seen:,} = {rows:,}" if seen == rows else f"**{seen:,} ≠ {rows:,}**"


def _pages(runs: list[LoadRun]) -> list[str]:
    """A line for each filter: p50 / p99 / highest of its pages, run by run."""
    titles = [f"run {number}" for number in range(1, len(runs) + 1)]
    lines = [
        f"| pages by | pages | tasks a page | {' | '.join(titles)} |",
        f"|---|---:|---:|{'---:|' * len(titles)}",
    ]
    for listings in zip(*(run.listings for run in runs), strict=True):
        pages = sum(each.pages for each in listings)
        tasks = sum(each.tasks for each in listings) / max(pages, 1)
        times = [_times(each.ms) for each in listings]
        name = f"{listings[0].name} (combined)" if listings[0].is_combined else listings[0].name
        lines.append(f"| {name} | {pages:,} | {tasks:.1f} | {' | '.join(times)} |")
    return [*lines, ""]


def _times(ms: Spread) -> str:
    return f"{ms.p50:.2f} / {ms.p99:.2f} / {ms.highest:.2f} ms"


def _streams(runs: list[LoadRun]) -> Iterator[str]:
    yield "| run | events read | missing | behind at the window's end |"
    yield "|---:|---:|---:|---:|"
    for number, run in enumerate(runs, 1):
        if found := run.stream:
            yield f"| {number} | {found.events:,} | {found.missing:,} | {found.behind:,} |"


def _memory(runs: list[LoadRun]) -> Iterator[str]:
    yield "| run | memory of an agent that is known | of one that is connected |"
    yield "|---:|---:|---:|"
    for number, run in enumerate(runs, 1):
        if cost := run.memory:
            known, connected = cost.registered_kib, cost.connected_kib
            yield f"| {number} | {known:.1f} KiB | {connected:.1f} KiB |"


# The queue


def _queue(asked: Settings, run: QueueRun) -> list[str]:
    return [
        f"{run.tasks:,} tasks that nobody can do, submitted in batches over HTTP at "
        f"{run.tasks_per_s:,.0f}/s (hub {run.hub_cores:.2f} cores, generator "
        f"{run.generator_cores:.2f}).",
        "",
        "| | |",
        "|---|---:|",
        f"| memory of the hub that took them | {run.taken_mib:,.0f} MiB |",
        f"| of one started on them | {run.restarted_mib:,.0f} MiB |",
        f"| with {asked.crowd:,} agents connected | {run.crowded_mib:,.0f} MiB |",
        f"| on disk, each | {run.bytes_a_task:,.0f} B |",
        f"| search index beside them, at the end | {run.index_mib:,.0f} MiB |",
        f"| cold start, pages of the database in memory | {run.cold_start_s:.2f} s |",
        f"| rows in the queue | {_equal(run.tasks, run.queued_rows)} |",
        f"| results seen = rows completed | {_equal(run.done, run.completed_rows)} |",
        "",
        f"Urgent tasks at {asked.rate:,}/s to {asked.agents:,} agents, {asked.seconds:g} s on "
        "an empty hub, then as long on this one, and so on:",
        "",
        *_pairs(run.pairs),
        "",
    ]


def _pairs(pairs: Sequence[Pair]) -> Iterator[str]:
    yield "| round | further agents here | empty hub p50 / p99 | this hub p50 / p99 | p99 ratio |"
    yield "|---:|---:|---:|---:|---:|"
    for number, pair in enumerate(pairs, 1):
        yield (
            f"| {number} | {pair.crowd:,} | {pair.empty_p50_ms:.2f} / {pair.empty_p99_ms:.2f} ms "
            f"| {pair.full_p50_ms:.2f} / {pair.full_p99_ms:.2f} ms | {pair.ratio:.2f} |"
        )


# Starts


def _starts(run: StartRun) -> list[str]:
    times = ", ".join(f"{seconds:.2f}" for seconds in run.seconds)
    return [f"{len(run.seconds)} starts, each on an empty data directory, in s: {times}.", ""]
