"""One output stream of a process: drained without ever making the program wait.

The supervisor's loop empties the pipe whenever there is something in it. The text is UTF-8
(bytes that are not are replaced) and its first `limit` bytes go to a file, from which logs
are sent and results are made; the last bytes are kept in memory as well. Log offsets count
bytes of that text. What is beyond the limit is counted, and the file says so at its end.
"""

import asyncio
import codecs
import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from loguru import logger

_READ_BYTES: Final = 256 * 1024
_PIPE_BYTES: Final = 1024 * 1024
_LINE_BYTES: Final = 4 * 1024
"""How much of a line is looked at; only progress lines are, and they are short."""
_SET_PIPE_SIZE: Final = getattr(fcntl, "F_SETPIPE_SZ", None)


class Capture:
    """The reading end of one stream. Use it on the running loop's thread only."""

    def __init__(
        self,
        path: Path,
        limit: int,
        tail: int,
        on_output: Callable[[], None],
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        """Keep `limit` bytes in the file `path` and the last `tail` bytes in memory."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            self._pipe, self.writer = _open_pipe()
        except OSError:
            os.close(self._file)
            raise
        self._limit, self._tail_bytes = limit, tail
        self._on_output, self._on_line = on_output, on_line
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._line: str | None = ""
        self._loop = asyncio.get_running_loop()
        self.tail = bytearray()
        self.total = 0
        """Bytes of text so far."""
        self.kept = 0
        """Bytes of text in the file."""
        self.size = 0
        """Bytes in the file, with the note at its end."""
        self.ended = asyncio.Event()
        self.last = self._loop.time()
        """When the program last wrote."""
        self._loop.add_reader(self._pipe, self._read)

    @property
    def truncated(self) -> bool:
        """Whether some of the text is not in the file."""
        return self.total > self._limit

    def started(self) -> None:
        """The program has its end of the pipe: let go of ours."""
        os.close(self.writer)
        self.writer = -1

    def finish(self) -> None:
        """Take what is in the pipe and stop listening, whoever still holds the other end."""
        for _ in range(_PIPE_BYTES // _READ_BYTES + 1):
            if not self.ended.is_set():
                self._read()
        self._end()

    def read(self, offset: int, size: int) -> str:
        """At most `size` bytes of text from `offset` on, cut between characters."""
        chunk = os.pread(self._file, size, offset)
        return codecs.utf_8_decode(chunk, "replace", False)[0]

    def boundary(self, offset: int) -> int:
        """`offset`, or just before it where it would cut a character."""
        while offset > 0 and (byte := os.pread(self._file, 1, offset)) and byte[0] & 0xC0 == 0x80:
            offset -= 1
        return offset

    def close(self) -> None:
        """Give everything back."""
        self._end()
        if self.writer >= 0:
            self.started()
        os.close(self._file)

    def _read(self) -> None:
        try:
            data = os.read(self._pipe, _READ_BYTES)
        except BlockingIOError:
            return
        self.last = self._loop.time()
        self._take(self._decoder.decode(data, final=not data))
        if not data:
            self._end()

    def _take(self, text: str) -> None:
        if not text:
            return
        data = text.encode()
        room = self._limit - self.size
        if room > 0 and not self.truncated:
            kept = data if len(data) <= room else data[:room].decode(errors="ignore").encode()
            self._write(kept)
            self.kept = self.size
        self.total += len(data)
        self.tail += data[-self._tail_bytes :]
        del self.tail[: -self._tail_bytes]
        if self._on_line is not None:
            self._lines(text, self._on_line)
        self._on_output()

    def _write(self, data: bytes) -> None:
        try:
            while data:
                written = os.write(self._file, data)
                self.size += written
                data = data[written:]
        except OSError as error:
            # A full disk costs output, never the task.
            self._limit = self.size
            logger.warning("output is not kept: {}", error.strerror)

    def _lines(self, text: str, on_line: Callable[[str], None]) -> None:
        *whole, rest = text.split("\n")
        for part in whole:
            if self._line is not None and len(line := self._line + part) <= _LINE_BYTES:
                on_line(line)
            self._line = ""
        if self._line is not None:
            self._line = self._line + rest if len(self._line) + len(rest) <= _LINE_BYTES else None

    def _end(self) -> None:
        if self.ended.is_set():
            return
        self.ended.set()
        self._loop.remove_reader(self._pipe)
        os.close(self._pipe)
        if self._line and self._on_line is not None:
            self._on_line(self._line)
        if self.truncated:
            left_out = self.total - self.kept
            self._write(f"\n[{left_out} more bytes were written and left out]\n".encode())
        self._on_output()


def _open_pipe() -> tuple[int, int]:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    if _SET_PIPE_SIZE is not None:
        try:
            fcntl.fcntl(writer, _SET_PIPE_SIZE, _PIPE_BYTES)
        except OSError as error:
            logger.debug("a pipe keeps its size: {}", error.strerror)
    return reader, writer
