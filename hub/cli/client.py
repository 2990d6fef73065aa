"""Speaks HTTP with the hub: one method a route, Structs in and out.

Every foreseeable failure leaves as `Trouble` with an exit code and what to do next.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Self, TypeVar
from urllib.parse import quote

import msgspec
import urllib3

from hub.cli.exits import Exit, Trouble
from hub.cli.locate import Address
from schemas.attempts import Stream
from schemas.http.access import Invite, InviteRequest
from schemas.http.agents import AgentView
from schemas.http.hub import ErrorBody
from schemas.http.tasks import (
    Created,
    CreatedBatch,
    Explanation,
    LogText,
    TaskBatch,
    TaskView,
)
from schemas.work import TaskSpec

CONNECT_S: Final = 5.0
ANSWER_S: Final = 30.0
"""How long an answer may take, beside the time the request itself asks to wait."""
SILENCE_S: Final = 45.0
"""How long a stream may be silent; a hub says something every 15 s."""

Body = TypeVar("Body")


class Client:
    """A hub at an address. Not for use by several threads with one connection each."""

    def __init__(self, address: Address, *, connections: int = 1) -> None:
        """Prepare; the first request connects."""
        self.address = address
        self._headers = {"Authorization": f"Bearer {address.token}"}
        self._pool = urllib3.PoolManager(maxsize=connections, retries=False)

    def __enter__(self) -> Self:
        """Use the client in a `with` block, which closes its connections."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self._pool.clear()

    def submit(self, spec: TaskSpec) -> TaskView:
        """Create one task."""
        return self.ask("POST", "/tasks", TaskView, body=spec)

    def submit_all(self, specs: list[TaskSpec]) -> list[Created]:
        """Create several tasks, all or none, and return them in their order."""
        return self.ask("POST", "/tasks", CreatedBatch, body=TaskBatch(specs)).items

    def task(self, task_id: str, *, wait_ms: int = 0) -> TaskView:
        """Read a task, waiting for its end for up to `wait_ms`."""
        query = {"wait_ms": wait_ms} if wait_ms else {}
        return self.ask("GET", f"/tasks/{part(task_id)}", TaskView, query, wait_ms=wait_ms)

    def cancel(self, task_id: str) -> TaskView:
        """Ask for a task to be cancelled."""
        return self.ask("POST", f"/tasks/{part(task_id)}/cancel", TaskView)

    def log(self, task_id: str, stream: Stream, *, offset: int = 0, wait_ms: int = 0) -> LogText:
        """Read output from `offset` on, waiting for some for up to `wait_ms`."""
        query = {"stream": stream.value, "offset": offset, "wait_ms": wait_ms or None}
        return self.ask("GET", f"/tasks/{part(task_id)}/log", LogText, query, wait_ms=wait_ms)

    def explain(self, task_id: str) -> Explanation:
        """Why a task does, or does not, run."""
        return self.ask("GET", f"/tasks/{part(task_id)}/explain", Explanation)

    def agent(self, agent_id: str) -> AgentView:
        """Read an agent."""
        return self.ask("GET", f"/agents/{part(agent_id)}", AgentView)

    def invite(self, request: InviteRequest) -> Invite:
        """Make a join code."""
        return self.ask("POST", "/invites", Invite, body=request)

    def ask(
        self,
        method: str,
        path: str,
        answer: type[Body],
        query: Mapping[str, Any] | None = None,
        *,
        body: msgspec.Struct | None = None,
        wait_ms: int = 0,
        headers: Mapping[str, str] | None = None,
    ) -> Body:
        """Ask a route; parameters without a value are left out, a list is repeated.

        Raises Trouble for everything but a success.
        """
        url = f"{self.address.url}/api/v1{path}{_query(query or {})}"
        sent = {**self._headers, **({} if body is None else _JSON), **(headers or {})}
        timeout = urllib3.Timeout(connect=CONNECT_S, read=ANSWER_S + wait_ms / 1000)
        try:
            response = self._pool.request(
                method,
                url,
                headers=sent,
                body=None if body is None else msgspec.json.encode(body),
                timeout=timeout,
                redirect=False,
            )
        except urllib3.exceptions.HTTPError as error:
            unsure = method != "GET" and not isinstance(error, NEVER_SENT)
            trouble = _unreachable(self.address, error)
            raise (_unsure(trouble) if unsure else trouble) from error
        try:
            return _decoded(self.address, response, answer)
        except Trouble as trouble:
            if method == "GET" or _is_certain(response.status, trouble):
                raise
            raise _unsure(trouble) from trouble

    def stream(self, path: str, query: Mapping[str, Any]) -> Iterator[bytes]:
        """Open an answer without an end, and return its pieces as they come.

        Raises Trouble when it is refused; the iterator does when the connection breaks.
        """
        url = f"{self.address.url}/api/v1{path}{_query(query)}"
        timeout = urllib3.Timeout(connect=CONNECT_S, read=SILENCE_S)
        try:
            response = self._pool.request(
                "GET",
                url,
                headers=self._headers,
                timeout=timeout,
                redirect=False,
                preload_content=False,
            )
            if response.status != 200:
                response.read(cache_content=True)
                _decoded(self.address, response, ErrorBody)
        except urllib3.exceptions.HTTPError as error:
            raise _unreachable(self.address, error) from error
        return self._pieces(response)

    def _pieces(self, response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
        try:
            yield from response.stream()
        except urllib3.exceptions.HTTPError as error:
            raise _unreachable(self.address, error) from error
        finally:
            response.close()


_JSON: Final = {"Content-Type": "application/json"}
NEVER_SENT: Final = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.LocationValueError,
)
"""What fails before the first byte of a request; after anything else it may have been taken."""


def _query(parameters: Mapping[str, Any]) -> str:
    pairs = [
        f"{name}={quote(_word(value), safe='')}"
        for name, given in parameters.items()
        for value in (given if isinstance(given, list) else [given])
        if value is not None
    ]
    return "?" + "&".join(pairs) if pairs else ""


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def part(text: str) -> str:
    """An id as one part of a path, whatever a person typed."""
    return quote(text, safe="")


def _unsure(trouble: Trouble) -> Trouble:
    """The same error of a request that changes something and may have done so."""
    return Trouble(
        trouble.exit_code,
        f"It is unknown whether the hub took this; it may have. {trouble.message}",
        "Look with `corral tasks` before you send it again.",
        unknown=True,
    )


def _is_certain(status: int, trouble: Trouble) -> bool:
    """Whether a hub itself said that it took nothing."""
    return trouble.exit_code is not Exit.UNREACHABLE and (400 <= status < 500 or status == 503)


def _unreachable(address: Address, error: Exception) -> Trouble:
    if isinstance(error, urllib3.exceptions.ReadTimeoutError):
        return Trouble(
            Exit.UNREACHABLE,
            f"The hub at {address.url} did not answer in time.",
            "Look at its log, or try again.",
        )
    if not isinstance(error, NEVER_SENT):
        return Trouble(
            Exit.UNREACHABLE,
            f"The connection to {address.url} broke before the answer came.",
            "Look at the hub's log, or try again.",
        )
    return Trouble(
        Exit.UNREACHABLE,
        f"No hub answers at {address.url}.",
        "Start one with `corral up`, or name another with --url or CORRAL_URL.",
    )


def _decoded(address: Address, response: urllib3.BaseHTTPResponse, answer: type[Body]) -> Body:
    try:
        if response.status == 204:
            return msgspec.convert(None, type=answer)
        if 200 <= response.status < 300:
            return msgspec.json.decode(response.data, type=answer)
        refusal = msgspec.json.decode(response.data, type=ErrorBody)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Trouble(
            Exit.UNREACHABLE,
            f"{address.url} answered with status {response.status}, but not as a hub does.",
            "Check the address: --url, CORRAL_URL, or the data directory with --data.",
        ) from error
    raise refused(response.status, refusal, response.headers.get("Retry-After"))


ANSWERS: Final[Mapping[int, tuple[Exit, str]]] = {
    401: (
        Exit.DENIED,
        "The hub does not know this token. Give another with --token or CORRAL_TOKEN; the admin"
        " token is in the file admin.token of the data directory on the hub's machine.",
    ),
    403: (Exit.DENIED, "The token's role may not do this. Use an operator's or admin's token."),
    404: (Exit.NOT_FOUND, "List what there is with `corral tasks` or `corral agents`."),
    429: (Exit.LATER, "Too many requests: wait a little and try again."),
    500: (Exit.LATER, "The hub met a defect of its own: its log has the request id."),
    503: (Exit.LATER, "The hub is busy, starting or stopping: try again in a moment."),
}
"""What an answer that is no success means, and what to do next; others are refusals."""


def refused(status: int, body: ErrorBody, retry_after: str | None = None) -> Trouble:
    """The error for an answer that is not a success."""
    exit_code, hint = ANSWERS.get(status, (Exit.REFUSED, ""))
    problem = body.error
    message = f"{problem.message} ({problem.code.value}, request {body.request_id})"
    flaws: Sequence[str] = [f"  {flaw.path}: {flaw.message}" for flaw in problem.details]
    return Trouble(
        exit_code,
        "\n".join([message, *flaws]),
        hint,
        retry_after_s=float(retry_after) if retry_after and retry_after.isdigit() else None,
        busy=status == 503,
    )
