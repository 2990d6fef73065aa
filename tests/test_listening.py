"""Where a hub listens, how it is protected there, and what it says when it cannot be."""

import asyncio
import json
import socket
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from hub.cli.client import Client
from hub.cli.locate import Address
from schemas.http.agents import AgentPage, AgentView
from schemas.http.tasks import TaskPage
from schemas.scalars import Role
from tests.transport.conftest import StartHub, own_hub
from tests.transport.ranch import CALM, PATIENCE, Hub, Reply, until

__all__ = ["own_hub"]
NAME = "localhost"


class Papers(NamedTuple):
    """A certificate for localhost, its key, and the authority that signed it."""

    certificate: Path
    key: Path
    authority: Path


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    """Papers of an authority that nobody else knows."""
    folder = tmp_path_factory.mktemp("papers")
    authority = trustme.CA()
    issued = authority.issue_cert(NAME, "127.0.0.1")
    found = Papers(folder / "hub.pem", folder / "hub.key", folder / "authority.pem")
    for blob in issued.cert_chain_pems:
        blob.write_to_path(found.certificate, append=True)
    issued.private_key_pem.write_to_path(found.key)
    authority.cert_pem.write_to_path(found.authority)
    return found


@pytest.fixture
def tls_hub(tmp_path: Path, papers: Papers) -> Iterator[Hub]:
    """A hub that speaks TLS."""
    hub = Hub(tmp_path / "data", **CALM)
    hub.program = (*hub.program, f"--tls-cert={papers.certificate}", f"--tls-key={papers.key}")
    yield hub.start()
    hub.kill()


def ended(*flags: str) -> str:
    """What a hub says that cannot start with these flags."""
    command = [sys.executable, "-m", "hub.app", *flags]
    done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
    assert done.returncode == 2
    return done.stderr.decode().splitlines()[-1]


@pytest.mark.parametrize("host", ["999.1.1.1", "192.0.2.1"])
def test_an_address_of_somewhere_else(tmp_path: Path, host: str) -> None:
    """Another port would not help."""
    said = ended("--data", str(tmp_path), "--host", host, "--port", "0", "--insecure")
    assert f"{host} is not an address of this machine" in said


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """Another port helps."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = ended("--data", str(tmp_path), "--port", str(taken.getsockname()[1]))
    assert "choose another --port" in said


def test_papers_that_cannot_be_used(tmp_path: Path, papers: Papers) -> None:
    """A file that is not there, one that is none, and a key of another certificate."""
    other = tmp_path / "other.key"
    trustme.CA().issue_cert(NAME).private_key_pem.write_to_path(other)
    for key in (tmp_path / "none.pem", papers.authority, other):
        flags = ("--data", str(tmp_path / "d"), f"--tls-cert={papers.certificate}")
        said = ended(*flags, f"--tls-key={key}", "--port", "0")
        assert "cannot be used as certificate and key" in said


async def test_agents_and_people_over_tls(tls_hub: Hub, papers: Papers) -> None:
    """Both sides of the door, for whoever trusts the authority."""
    trust = ssl.create_default_context(cafile=str(papers.authority))
    runtime = json.loads((tls_hub.data / "runtime.json").read_text())
    assert runtime["url"] == f"https://127.0.0.1:{tls_hub.port}"
    headers = {"Authorization": f"Bearer {tls_hub.tokens[Role.OPERATOR]}"}
    place = f"wss://{NAME}:{tls_hub.port}/ws"
    async with connect(place, ssl=trust, additional_headers=headers) as opened:
        await opened.send('{"type":"nothing"}')
        assert b"unknown_message_type" in await opened.recv(decode=False)
    async with connect(place, ssl=trust, additional_headers=headers) as opened:
        await opened.send(b"binary")
        await opened.wait_closed()
        assert opened.close_code == 1003


async def test_a_broken_frame_over_tls_ends_only_its_connection(
    tls_hub: Hub, papers: Papers
) -> None:
    """TLS cannot close one direction alone, so the hub must not try."""
    trust = ssl.create_default_context(cafile=str(papers.authority))
    async with connect(f"wss://{NAME}:{tls_hub.port}/ws", ssl=trust) as opened:
        opened.transport.write(b"\xff\xff\xff\xff")
        await opened.wait_closed()
        assert opened.close_code == 1002
    assert not [line for line in tls_hub.log_lines() if line["level"] in ("error", "critical")]


def test_strangers_to_tls_harm_nobody(tls_hub: Hub, papers: Papers) -> None:
    """Plain HTTP, noise, an old version, and a client that trusts nobody."""
    for noise in (b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\xff" * 500, b""):
        with socket.create_connection(("127.0.0.1", tls_hub.port), PATIENCE) as raw:
            raw.sendall(noise)
    strict = ssl.create_default_context()
    for context in (strict, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)):
        with (
            socket.create_connection(("127.0.0.1", tls_hub.port), PATIENCE) as raw,
            pytest.raises(ssl.SSLError),
        ):
            context.wrap_socket(raw, server_hostname=NAME)
    trust = ssl.create_default_context(cafile=str(papers.authority))
    with urllib.request.urlopen(
        f"https://{NAME}:{tls_hub.port}/health", context=trust, timeout=PATIENCE
    ) as answer:
        assert answer.status == 200
    assert tls_hub.alive


def test_the_command_line_and_a_sidecar_over_tls(
    tls_hub: Hub, papers: Papers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The authority's file is named in the environment."""
    monkeypatch.setenv("SSL_CERT_FILE", str(papers.authority))
    url = f"https://{NAME}:{tls_hub.port}"
    with Client(Address(url, tls_hub.tokens[Role.ADMIN])) as client:
        assert client.ask("GET", "/tasks", TaskPage).items == []
        code = invite(client)
        where = ["--config", str(tmp_path / "agent")]
        command = [sys.executable, "-m", "hub.cli", "join", url, code, *where, "--name", "a1"]
        with (tmp_path / "sidecar.log").open("wb") as log:
            sidecar = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            until(lambda: [each.status for each in agents(client)] == ["idle"])
        finally:
            sidecar.terminate()
            sidecar.wait(PATIENCE)


def agents(client: Client) -> list[AgentView]:
    """Those that the hub knows."""
    return client.ask("GET", "/agents", AgentPage).items


def invite(client: Client) -> str:
    """A join code."""
    from schemas.http.access import InviteRequest

    return client.invite(InviteRequest()).code


def limited(hub: Hub) -> int:
    """How many handshakes of one far client get a socket before one is refused with 503."""

    async def count() -> int:
        opened = []
        try:
            for _ in range(40):
                headers = {"X-Forwarded-For": "203.0.113.9"}
                opened.append(await connect(hub.socket_url, additional_headers=headers))
        except InvalidStatus as error:
            return len(opened) if "Retry-After" in error.response.headers else -1
        finally:
            for each in opened:
                await each.close()
        return len(opened)

    return asyncio.run(count())


def test_a_client_behind_a_proxy_is_known_by_its_own_address(own_hub: StartHub) -> None:
    """On the socket the cap counts the far client, once the proxy is known."""
    program = ("-m", "hub.app", "--behind-proxy", "127.0.0.1")
    assert limited(own_hub(program=program, identify_ms=20_000)) == 20
    assert limited(own_hub(identify_ms=20_000)) == 40


def test_a_client_behind_a_proxy_is_not_on_this_machine(own_hub: StartHub) -> None:
    """What loopback alone may read, a far client may not; others than the proxy are not heard."""
    program = ("-m", "hub.app", "--behind-proxy", "127.0.0.1", "--allowed-host", "hub.example.org")

    def metrics(hub: Hub) -> Reply:
        headers = {"X-Forwarded-For": "203.0.113.9"}
        return hub.http("GET", "/metrics", role=None, headers=headers)

    hub = own_hub(program=program)
    assert metrics(hub).status == 401
    assert metrics(own_hub()).status == 200
    called = {"Host": "hub.example.org"}
    assert hub.http("GET", "/health", role=None, headers=called).status == 200


def test_full_is_said_before_the_upgrade(own_hub: StartHub) -> None:
    """With the time after which to come again; HTTP goes on."""
    hub = own_hub(sockets=2)

    async def fill() -> None:
        headers = {"Authorization": f"Bearer {hub.tokens[Role.OPERATOR]}"}
        async with (
            connect(hub.socket_url, additional_headers=headers),
            connect(hub.socket_url, additional_headers=headers),
        ):
            with pytest.raises(InvalidStatus) as refused:
                await connect(hub.socket_url, additional_headers=headers)
            assert refused.value.response.status_code == 503
            assert hub.http("GET", "/health", role=None).status == 200
        async with connect(hub.socket_url, additional_headers=headers):
            pass

    asyncio.run(fill())


def test_the_last_files_are_kept_for_the_hub_itself(own_hub: StartHub, tmp_path: Path) -> None:
    """Connections beyond them are refused with 503, and the hub goes on."""
    program = tmp_path / "poor.py"
    program.write_text(
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))\n"
        "from hub import app\n"
        "sys.exit(app.main())\n"
    )
    hub = own_hub(program=(str(program),))
    crowd = [socket.create_connection(("127.0.0.1", hub.port), PATIENCE) for _ in range(110)]
    try:
        crowd[-1].settimeout(PATIENCE)
        assert crowd[-1].recv(100).startswith(b"HTTP/1.1 503 ")
    finally:
        for each in crowd:
            each.close()
    until(lambda: ready(hub))
    assert any("limit of open files" in line["message"] for line in hub.log_lines())


def ready(hub: Hub) -> bool:
    """Whether there is room again."""
    try:
        return hub.http("GET", "/health", role=None).status == 200
    except OSError:
        return False
