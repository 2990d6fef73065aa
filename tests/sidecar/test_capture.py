"""Draining a stream: real pipes, odd bytes, huge lines."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sidecar.capture import Capture
from tests.sidecar.stage import until


class Stream:
    """A capture and a program that writes into it."""

    def __init__(self, path: Path, limit: int, tail: int = 64) -> None:
        self.lines: list[str] = []
        self.capture = Capture(path, limit, tail, lambda: None, self.lines.append)
        self._writer = os.dup(self.capture.writer)
        self.capture.started()

    async def write(self, *pieces: bytes) -> str:
        """Write the pieces one by one, end the stream, and return the text that was kept."""
        for piece in pieces:
            await asyncio.to_thread(os.write, self._writer, piece)
            await asyncio.sleep(0)
        self.end()
        await until(self.capture.ended.is_set)
        return self.capture.read(0, 2**30)

    def end(self) -> None:
        """The program closes its end."""
        if self._writer >= 0:
            os.close(self._writer)
            self._writer = -1


@pytest.fixture
async def stream(tmp_path: Path) -> AsyncIterator[Stream]:
    """A stream that keeps 1000 bytes."""
    stream = Stream(tmp_path / "out", 1000)
    yield stream
    stream.end()
    stream.capture.close()


async def test_text_is_kept_and_counted(stream: Stream) -> None:
    """What came in is what can be read."""
    assert await stream.write(b"hello ", b"world\n") == "hello world\n"
    assert (stream.capture.total, stream.capture.truncated) == (12, False)


async def test_invalid_bytes_are_replaced(stream: Stream) -> None:
    """The text is always UTF-8, and offsets count its bytes."""
    assert await stream.write(b"a\xff\xfeb\xe2\x82") == "a\ufffd\ufffdb\ufffd"
    assert stream.capture.total == 11


async def test_a_character_may_come_in_pieces(stream: Stream) -> None:
    """A read that ends inside a character does not harm it."""
    assert await stream.write(b"\xe2", b"\x82", b"\xac!") == "€!"


async def test_beyond_the_limit_it_is_counted_and_said(stream: Stream) -> None:
    """The file ends with how much is missing; the tail is kept in memory."""
    text = await stream.write(b"x" * 1500, b"y" * 1500)
    assert text == "x" * 1000 + "\n[2000 more bytes were written and left out]\n"
    assert stream.capture.truncated
    assert bytes(stream.capture.tail) == b"y" * 64


async def test_the_limit_never_cuts_a_character(tmp_path: Path) -> None:
    """What is kept is valid to its last byte."""
    stream = Stream(tmp_path / "out", 10)
    assert (await stream.write("€€€€".encode())).startswith("€€€\n[3 more")
    stream.capture.close()


async def test_reading_goes_chunk_by_chunk(stream: Stream) -> None:
    """Chunks end between characters and begin where one begins."""
    await stream.write("ab€cd".encode())
    assert stream.capture.read(0, 4) == "ab"
    assert stream.capture.read(2, 4) == "€c"
    assert stream.capture.boundary(4) == 2


async def test_lines_are_seen_whole(stream: Stream) -> None:
    """Also in pieces, also the last one without its end; never one that is too long."""
    await stream.write(b"one\ntw", b"o\n", b"z" * 5000, b"\nthree")
    assert stream.lines == ["one", "two", "three"]


async def test_ten_megabytes_without_a_newline_do_not_stall(stream: Stream) -> None:
    """A program that floods its output is never kept waiting for long."""
    piece = b"x" * 2**20
    async with asyncio.timeout(10):
        await stream.write(*[piece] * 10)
    assert stream.capture.total == 10 * 2**20


async def test_finishing_takes_what_is_in_the_pipe(stream: Stream) -> None:
    """Somebody else may hold the other end for ever; what was written counts."""
    os.write(stream._writer, b"last words")
    stream.capture.finish()
    assert stream.capture.read(0, 100) == "last words"
    assert stream.capture.ended.is_set()


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
async def test_a_full_disk_costs_output_only() -> None:
    """The stream goes on being drained, and is called truncated."""
    stream = Stream(Path("/dev/full"), 1000)
    os.write(stream._writer, b"x" * 100)
    stream.end()
    await until(stream.capture.ended.is_set)
    assert (stream.capture.total, stream.capture.kept) == (100, 0)
    assert stream.capture.truncated
    stream.capture.close()
