"""What `corral doctor` asks a hub: is it there, does it take work, who are we, what time is it."""

import errno
import socket
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec
import urllib3

from hub.cli.client import Client
from hub.cli.doctor_report import Finding, Scene, fail, ok, skip, warn
from hub.cli.exits import Exit, Trouble
from hub.cli.locate import Address, Runtime, locate
from hub.cli.screen import span
from hub.config import ConfigError, read
from schemas.http.access import Me
from schemas.http.hub import Health, Ready
from schemas.http.search import SearchPage

PATIENCE: Final = urllib3.Timeout(connect=3.0, read=5.0)
SKEW_MS: Final = 5_000
"""From this difference on two clocks count as apart; the HTTP date has whole seconds."""
FAR_BEHIND_MS: Final = 60_000
"""So far behind the search index may be after a burst of work."""
START_HUB: Final = "Start one with `corral up`, or name another with --url or CORRAL_URL."


class Heard(NamedTuple):
    """An answer as it came, and when."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    at_ms: float
    took_ms: float


def hub(scene: Scene) -> Iterator[Finding]:
    """The hub answers, takes work, knows us, has our version and our time."""
    url = scene.url or (scene.runtime.url if scene.runtime else None)
    if url is None:
        yield fail("hub", f"No hub runs on {scene.data}.", START_HUB)
        return
    try:
        heard = _ask(url, "/health")
        health = msgspec.json.decode(heard.body, type=Health)
    except urllib3.exceptions.HTTPError as error:
        yield _silent(scene, url, error)
        return
    except (msgspec.MsgspecError, UnicodeDecodeError):
        yield fail("hub", f"What answers at {url} is no hub.", "Check the address.")
        return
    yield _answers(url, heard, health)
    yield _readiness(url)
    yield _versions(health)
    yield from _token(scene, url)
    yield _search(scene, url)
    yield from _clock(scene, heard, health)


def _ask(url: str, path: str) -> Heard:
    with urllib3.PoolManager(retries=False, timeout=PATIENCE) as pool:
        began = time.time() * 1000
        answer = pool.request("GET", url.rstrip("/") + path, redirect=False)
        ended = time.time() * 1000
    return Heard(answer.status, answer.data, answer.headers, (began + ended) / 2, ended - began)


def _silent(scene: Scene, url: str, error: Exception) -> Finding:
    if isinstance(error, urllib3.exceptions.SSLError):
        return fail(
            "hub",
            f"The encryption of {url} cannot be trusted: {error}.",
            "Use the name in its certificate, and let this machine trust who signed it.",
        )
    if scene.hub_pid is not None and _is_own(scene, url):
        return fail(
            "hub",
            f"The hub, process {scene.hub_pid}, does not answer at {url}.",
            "Its log says what it does. If it hangs, stop that process and run `corral up`.",
        )
    return fail("hub", f"No hub answers at {url}.", START_HUB)


def _is_own(scene: Scene, url: str) -> bool:
    return scene.runtime is not None and scene.runtime.url == url


def _answers(url: str, heard: Heard, health: Health) -> Finding:
    up, agents = span(health.uptime_ms), health.agents_connected
    text = f"{url} answers within {heard.took_ms:.0f} ms, up for {up}, {agents} agents connected."
    if heard.took_ms > 1_000:
        return warn("hub", text, "Look at its load and at the way to it.")
    return ok("hub", text)


def _readiness(url: str) -> Finding:
    ready = msgspec.json.decode(_ask(url, "/ready").body, type=Ready)
    if ready.ready:
        return ok("ready", "It takes work.")
    reasons = "; ".join(reason.message for reason in ready.reasons)
    return fail("ready", f"It takes no work: {reasons}.", "Look at its disk and at its log.")


def _versions(health: Health) -> Finding:
    ours = version("corral")
    if health.version == ours:
        return ok("version", f"The hub has this version, {ours}.")
    return warn(
        "version",
        f"The hub has version {health.version}, this command {ours}.",
        "Use the same version on both sides.",
    )


def _token(scene: Scene, url: str) -> Iterator[Finding]:
    try:
        with Client(_address(scene, url)) as client:
            me = client.ask("GET", "/me", Me)
    except Trouble as trouble:
        if trouble.exit_code is not Exit.DENIED:
            raise
        yield fail("token", trouble.message, trouble.hint)
        return
    text = f"The token is {me.id}'s, with the role {me.role.value}."
    left_ms = None if me.expires_at is None else me.expires_at - time.time() * 1000
    if left_ms is not None and left_ms < 7 * 86_400_000:
        again = f"Get a new one in time: corral token rotate {me.token_id}"
        yield warn("token", f"{text} It ends in {span(left_ms)}.", again)
    else:
        yield ok("token", text)


def _search(scene: Scene, url: str) -> Finding:
    """How far the search index is behind what happens."""
    name = "search"
    try:
        with Client(_address(scene, url)) as client:
            page = client.ask("GET", "/search", SearchPage, {"q": "doctor", "limit": 1})
    except Trouble as trouble:
        return skip(name, trouble.message, trouble.hint)
    if not page.ready:
        return warn(
            name,
            "The index is being built, so some things are not found yet.",
            "Wait a few minutes. If it does not end, the log of the hub says why.",
        )
    if page.behind_ms > FAR_BEHIND_MS:
        return warn(
            name,
            f"The index is {span(page.behind_ms)} behind, by {page.behind:,} events.",
            "After much work it catches up by itself. If it does not, the hub's log says why.",
        )
    return ok(name, "The index has what happened.")


def _address(scene: Scene, url: str) -> Address:
    """Who to be at this hub; raises Trouble when nothing says so."""
    return locate(url, scene.token, scene.data)


def _clock(scene: Scene, heard: Heard, health: Health) -> Iterator[Finding]:
    date = heard.headers.get("Date")
    if date is None:
        yield skip("clock", "The hub does not say what time it is.")
    else:
        # The date has no fraction: on average half a second is missing.
        apart_ms = heard.at_ms - (parsedate_to_datetime(date).timestamp() * 1000 + 500)
        yield _apart(apart_ms)
    if scene.runtime is not None and scene.hub_pid is not None:
        yield _steady(scene.runtime, heard, health)


def _apart(apart_ms: float) -> Finding:
    if abs(apart_ms) < SKEW_MS:
        return ok("clock", "This machine and the hub have the same time.")
    word = "ahead of" if apart_ms > 0 else "behind"
    return warn(
        "clock",
        f"This machine's clock is {span(abs(apart_ms))} {word} the hub's.",
        "Let both take their time from the network (NTP); not_before and the ends of tokens"
        " follow the hub's clock.",
    )


def _steady(runtime: Runtime, heard: Heard, health: Health) -> Finding:
    """Whether wall time and hub time have run alike since the hub started."""
    jump_ms = heard.at_ms - runtime.started_at - health.uptime_ms
    if abs(jump_ms) < SKEW_MS:
        return ok("hub time", "The wall clock was not set since the hub started.")
    return warn(
        "hub time",
        f"The wall clock moved by {span(abs(jump_ms))} since the hub started, or the machine"
        " slept.",
        "Nothing to do: leases follow hub time, only schedules follow the wall clock.",
    )


def port(scene: Scene) -> Iterator[Finding]:
    """A hub started here could listen where its configuration says, or one of ours does."""
    name = "port"
    try:
        config = read({"data": str(scene.data)}).config
    except ConfigError as error:
        yield fail("configuration", f"It cannot be used: {error}.", "See `corral config`.")
        return
    if config.port == 0:
        yield ok(name, "The system chooses a free one.")
    elif scene.hub_pid is not None and scene.runtime is not None:
        at = urlsplit(scene.runtime.url).port
        other = "" if at == config.port else f", and not on {config.port} of its configuration"
        yield ok(name, f"The hub listens on {at}{other}.")
    else:
        yield _free(config.host, config.port)


def _free(host: str, number: int) -> Finding:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, number))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return fail(
                    "port",
                    f"Another program has port {number} of {host}.",
                    "Stop it, or choose another port: corral up --port 0 takes a free one.",
                )
            reason = error.strerror or str(error)
            return fail(
                "port",
                f"A hub cannot listen on {host}:{number}: {reason}.",
                "Choose an address of this machine with --host, and a port above 1023.",
            )
    return ok("port", f"Port {number} of {host} is free.")
