"""The peers' Python packages: virtual environments of their own, from locked requirements.

arq has one for itself, because it asks for an older redis-py than the others may have.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from scripts.benchmark.faults import NO_LOAD, BenchmarkError

ROOT: Final = Path(__file__).resolve().parents[3]
PLACE: Final = ROOT / ".venv-peers"
OWN: Final = "own"
"""The environment that this program runs in: Corral's."""
LOCKS: Final = {
    "peers": Path(__file__).with_name("requirements.txt"),
    "arq": Path(__file__).with_name("requirements-arq.txt"),
}
STAMP: Final = "locked-as"
ASK: Final = """
import importlib.metadata, json, sys
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
print(json.dumps(found))
"""


def folder(name: str) -> Path:
    """Where an environment stands."""
    return PLACE / name


def python(name: str) -> Path:
    """The interpreter of an environment."""
    return Path(sys.executable) if name == OWN else folder(name) / "bin" / "python"


def is_ready(name: str) -> bool:
    """Whether an environment has been filled from its lock as it is now."""
    stamp = folder(name) / STAMP
    return name == OWN or (stamp.exists() and stamp.read_text() == _state(name))


def prepare(name: str) -> None:
    """Fill an environment if it is not; raises BenchmarkError with pip's last words."""
    if is_ready(name):
        return
    place = folder(name)
    shutil.rmtree(place, ignore_errors=True)
    _done([sys.executable, "-m", "venv", "--without-pip", str(place)])
    options = "install -qq --disable-pip-version-check --no-input --require-hashes -r"
    pip = [sys.executable, "-m", "pip", "--python", str(python(name))]
    _done([*pip, *options.split(), str(LOCKS[name])])
    (place / STAMP).write_text(_state(name))


def versions(name: str, packages: list[str]) -> list[str]:
    """What is installed of these packages, each as `name version`."""
    asked = subprocess.run(
        [str(python(name)), "-c", ASK, *packages], capture_output=True, text=True, check=True
    )
    found: dict[str, str] = json.loads(asked.stdout)
    return [f"{package} {number}" for package, number in found.items()]


def _state(name: str) -> str:
    place = str(folder(name)).encode()
    return hashlib.sha256(place + LOCKS[name].read_bytes()).hexdigest()


def _done(command: list[str]) -> None:
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        words = (ran.stderr or ran.stdout).strip().splitlines()[-3:]
        raise BenchmarkError(NO_LOAD, f"{' '.join(command[1:4])}: {' / '.join(words)}")
