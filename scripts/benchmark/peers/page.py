"""The page of the comparison: text in, text out."""

from typing import Final

from scripts.benchmark.peers.catalogue import CONTESTANTS, Goal
from scripts.benchmark.peers.figures import (
    REFERENCE,
    Entry,
    PeerReport,
    over_rounds,
    ratios,
)


def render(report: PeerReport) -> str:
    """placeholder"""
    return str(report)
