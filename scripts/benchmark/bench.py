"""What all repetitions of all rows share."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from msgspec import Struct

from scripts.benchmark.launch import running_hub
from scripts.benchmark.subject import Hub

Say = Callable[[str], None]
"""Shows what goes on right now; each call replaces the last."""


class Bench(Struct, frozen=True):
    """What all repetitions share."""

    hub_command: list[str]
    program: Path
    """The compiled load generator."""
    folder: Path
    """Where databases are made; it decides which disk is measured."""
    cores: tuple[set[int], set[int]] | None
    """The hub's and the load's, when there are two."""
    profile: Path | None
    """Where py-spy writes a flame graph of the hub, if it is to run."""
    tree: Path | None = None
    """The checkout whose hub is measured; None means this one."""

    @property
    def load_cores(self) -> set[int] | None:
        """The load's core, when there are two."""
        return self.cores[1] if self.cores else None

    def hub(
        self, folder: Path, *, settings: Mapping[str, str] | None = None
    ) -> AbstractContextManager[Hub]:
        """A running hub with its data in this folder. Raises BenchmarkError."""
        cores = self.cores[0] if self.cores else None
        return running_hub(self.hub_command, folder, cores, tree=self.tree, settings=settings)

    @contextmanager
    def place(self) -> Iterator[Path]:
        """A fresh folder for one hub, gone afterwards."""
        folder = Path(tempfile.mkdtemp(prefix="corral-bench-", dir=self.folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder)
