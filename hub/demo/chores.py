"""The program that the demo's tasks run. It needs nothing but Python's own library.

Called as `chores.py CHORE ARGUMENT…`. The demo imports the same functions to know beforehand
what must come out.
"""

import hashlib
import json
import marshal
import os
import py_compile
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import CodeType

PYC_HEADER_BYTES = 16
HERE = Path()


def compiled(files: Sequence[str], root: Path = HERE) -> dict[str, int | None]:
    """Compile each file: the bytes of its bytecode, or nothing when it does not compile."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "out.pyc"
        return {file: _compiled_size(root / file, target) for file in files}


def _compiled_size(file: Path, target: Path) -> int | None:
    try:
        py_compile.compile(str(file), cfile=str(target), doraise=True)
    except py_compile.PyCompileError:
        return None
    return _bytecode_bytes(marshal.loads(target.read_bytes()[PYC_HEADER_BYTES:]))


def _bytecode_bytes(code: CodeType) -> int:
    inner = (part for part in code.co_consts if isinstance(part, CodeType))
    return len(code.co_code) + sum(map(_bytecode_bytes, inner))


def hashed(files: Sequence[str], root: Path = HERE) -> dict[str, str]:
    """The SHA-256 of each file, in hexadecimal."""
    return {file: hashlib.sha256((root / file).read_bytes()).hexdigest() for file in files}


def fail_twice(notes: str) -> dict[str, int]:
    """Fail the first two times, succeed the third; the file remembers how often it was tried."""
    tries = _noted(Path(notes))
    if tries < 3:
        sys.exit(f"try {tries} fails on purpose")
    return {"tries": tries}


def stay(notes: str, seconds: str) -> dict[str, int]:
    """Stay for so long the first time and hardly at all later, saying so as progress."""
    tries = _noted(Path(notes))
    sys.stdout.write(f"::progress 25 in place, try {tries}\n")
    sys.stdout.flush()
    time.sleep(float(seconds) if tries == 1 else 0.1)
    return {"tries": tries}


def _noted(notes: Path) -> int:
    """Write our process id down and count the lines."""
    with notes.open("a") as file:
        file.write(f"{os.getpid()}\n")
    return len(notes.read_text().splitlines())


CHORES: dict[str, Callable[[list[str]], object]] = {
    "compile": compiled,
    "hash": hashed,
    "fail-twice": lambda arguments: fail_twice(arguments[0]),
    "stay": lambda arguments: stay(arguments[0], arguments[1]),
}


def main() -> None:
    """Do one chore and leave what came out where the sidecar looks for it."""
    result = CHORES[sys.argv[1]](sys.argv[2:])
    Path(os.environ["CORRAL_RESULT"]).write_text(json.dumps(result))


if __name__ == "__main__":
    main()
