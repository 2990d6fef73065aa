"""Replies to frames that are not taken: what the peer is told, and what the log says."""

from typing import Final

import msgspec
from loguru import logger

from hub.core.errors import Refused
from hub.core.ids import request_id
from hub.core.session import Refusal
from hub.services.bundle import Services
from hub.services.peers import Peer, frame_of
from hub.transport.refusals import explain, first_flaw
from schemas.from_agent import FromAgent
from schemas.scalars import ErrorCode
from schemas.to_agent import Error, Flaw

INTERNAL_RETRY_MS: Final = 5_000
_decoder = msgspec.json.Decoder(FromAgent)


def refuse(services: Services, peer: Peer, refusal: Refusal, data: bytes) -> None:
    """Answer a frame that is not taken, with every flaw it has.

    One line in the log; of many that came too fast, the first has it.
    """
    request = request_id(services.chance.bits(64))
    flaws = refusal.flaws or _flaws(refusal, data)
    services.metrics.refused(refusal.code)
    if not refusal.repeated:
        principal = peer.session.principal
        logger.bind(
            request_id=request,
            agent=principal.id if principal is not None else None,
            task=refusal.task_id,
            code=refusal.code,
            message_type=refusal.message_type,
            flaws=[f"{flaw.path}: {flaw.message}" for flaw in flaws[:3]],
        ).warning("frame refused")
    error = Error(
        refusal.code,
        refusal.message,
        retryable=refusal.retry_after_ms is not None,
        message_type=refusal.message_type,
        ref=refusal.ref,
        task_id=refusal.task_id,
        generation=refusal.generation,
        errors=flaws,
        retry_after_ms=refusal.retry_after_ms,
        request_id=request,
    )
    peer.deliver(frame_of(error))


def warn(peer: Peer) -> None:
    """Tell the peer that it is about to be too fast."""
    warning, peer.session.warning = peer.session.warning, None
    if warning is not None:
        peer.deliver(frame_of(warning))


def refused(
    services: Services, peer: Peer, message: FromAgent, why: Refused, task_id: str | None = None
) -> None:
    """Answer a frame whose command was refused, in its turn. One line in the log."""
    request = request_id(services.chance.bits(64))
    kind = str(type(message).__struct_config__.tag)
    services.metrics.refused(why.code)
    principal = peer.session.principal
    logger.bind(
        request_id=request,
        agent=principal.id if principal is not None else None,
        task=task_id,
        code=why.code,
        message_type=kind,
    ).warning("command refused")
    error = Error(
        why.code,
        why.message,
        why.retryable,
        message_type=kind,
        ref=getattr(message, "ref", None),
        task_id=task_id,
        generation=getattr(message, "generation", None),
        errors=why.flaws,
        retry_after_ms=why.retry_after_ms,
        request_id=request,
    )
    services.journal.promise(peer.deliver, frame_of(error))


def fail(services: Services, peer: Peer, message: FromAgent) -> None:
    """Answer a frame whose command broke: a defect of the hub, told in the log."""
    request = request_id(services.chance.bits(64))
    kind = str(type(message).__struct_config__.tag)
    logger.bind(request_id=request, message_type=kind).exception("command failed")
    services.metrics.refused(ErrorCode.INTERNAL)
    error = Error(
        ErrorCode.INTERNAL,
        "an internal error; the log of the hub has the details",
        retryable=True,
        message_type=kind,
        ref=getattr(message, "ref", None),
        task_id=getattr(message, "task_id", None),
        generation=getattr(message, "generation", None),
        retry_after_ms=INTERNAL_RETRY_MS,
        request_id=request,
    )
    peer.deliver(frame_of(error))


def _flaws(refusal: Refusal, data: bytes) -> list[Flaw]:
    if refusal.code is not ErrorCode.VALIDATION_FAILED:
        return []
    try:
        _decoder.decode(data)
    except msgspec.ValidationError as error:
        model = refusal.model
        return [first_flaw(error)] if model is None else explain(data, model, error)
    return []
