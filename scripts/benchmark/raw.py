"""The raw numbers of a benchmark, from which its page is made."""

from pathlib import Path

from msgspec import Struct, json


def write_raw(folder: Path, name: str, report: Struct) -> None:
    """Write them as `<name>.json` into a folder, which is made when it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_bytes(json.format(json.encode(report), indent=1) + b"\n")
