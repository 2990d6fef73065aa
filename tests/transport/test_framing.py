"""Whole text frames are read exactly as the library reads them."""

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from hub.transport.framing import whole_texts

SIZES = (0, 1, 125, 126, 127, 300, 65_535, 65_536)


def text(data: bytes, *, fin: bool = True, mask: bool = True) -> bytes:
    """A text frame as a client sends it."""
    return Frame(Opcode.TEXT, data, fin).serialize(mask=mask)


def by_the_library(data: bytes) -> list[bytes]:
    """What the library's parser makes of whole frames."""
    reader = StreamReader()
    reader.feed_data(data)
    frames = []
    while reader.buffer:
        step = Frame.parse(reader.read_exact, mask=True)
        try:
            next(step)
        except StopIteration as done:
            frames.append(bytes(done.value.data))
    return frames


@given(
    st.lists(
        st.sampled_from(SIZES[:-1]).flatmap(lambda size: st.binary(min_size=size, max_size=size)),
        max_size=4,
    )
)
def test_texts_are_what_the_library_reads(texts: list[bytes]) -> None:
    """Every length that fits two bytes is taken apart like the library does it."""
    data = b"".join(text(each) for each in texts)

    assert (by_the_library(data), len(data)) == whole_texts(data)


@given(st.integers(0, 80))
def test_a_cut_frame_is_left_for_later(size: int) -> None:
    """A frame that is not there whole is not touched."""
    whole, second = text(b"first"), text(b"second" * 10)
    data = whole + second[: min(size, len(second) - 1)]

    assert ([b"first"], len(whole)) == whole_texts(data)


def test_everything_else_is_left_to_the_library() -> None:
    """Fragments, pings, unmasked and very long frames end the fast way."""
    others = (
        text(b"part", fin=False),
        Frame(Opcode.PING, b"").serialize(mask=True),
        text(b"bare", mask=False),
        text(b"x" * 65_536),
        b"\xc1" + text(b"reserved bit")[1:],
    )

    for other in others:
        first = text(b"first")
        assert ([b"first"], len(first)) == whole_texts(first + other)
