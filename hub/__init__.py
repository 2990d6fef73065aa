"""The hub: gives work to agents and remembers what became of it."""

__version__ = "0.1.0"
