"""The services are tried through a real hub: the same hubs as for the transport."""

from tests.transport.conftest import calm, calm_hub, hasty, hasty_hub, own_hub

__all__ = ["calm", "calm_hub", "hasty", "hasty_hub", "own_hub"]
