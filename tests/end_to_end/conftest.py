"""Hubs and sidecars for the tests from end to end, all of them real processes."""

from tests.transport.conftest import own_hub

__all__ = ["own_hub"]
