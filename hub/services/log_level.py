"""The least level of what is logged: set by the configuration, changed while the hub runs."""

from typing import Final

from loguru import logger

LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class LogLevel:
    """Read by the log's sink for every record; a change is lost at a restart."""

    def __init__(self, level: str = "INFO") -> None:
        """Begin with a level, in any case. Raises ValueError when there is none of that name."""
        self.number = 0
        """The level as the log counts."""
        self._name = ""
        self.set(level)

    def get(self) -> str:
        """The level's name in capital letters."""
        return self._name

    def set(self, level: str) -> None:
        """Log from this level on. Raises ValueError when there is none of that name."""
        name = level.upper()
        if name not in LEVELS:
            raise ValueError(f"there is no level {level!r}; take one of {', '.join(LEVELS)}")
        self._name, self.number = name, logger.level(name).no
