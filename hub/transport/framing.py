"""Whole text frames, taken apart without the library's parser.

Nearly everything a peer sends is a final, masked text frame that lies whole in one packet
(RFC 6455, section 5.2). Those are read here, which is worth a tenth of the hub's speed. All
else (fragments, control frames, frames cut by the end of a packet, unmasked or oversized ones)
is left to the library, which also knows every rule about errors.
"""

from typing import Final

try:
    from websockets.speedups import apply_mask
except ImportError:  # no compiled wheel for this platform
    from websockets.utils import apply_mask

FINAL_TEXT: Final = 0x81
MASKED: Final = 0x80
SHORT: Final = 126
"""The length that stands for a length of two bytes."""
LONG: Final = 127
"""The length that stands for a length of eight bytes: rare, so the library's."""


def whole_texts(data: bytes) -> tuple[list[bytes], int]:
    """The texts that `data` begins with, and how many bytes they took.

    `data` begins at the start of a frame, and no message is in the middle of its fragments.
    """
    texts: list[bytes] = []
    start, end = 0, len(data)
    while end - start >= 6 and data[start] == FINAL_TEXT:
        size = data[start + 1] - MASKED
        mask = start + 2
        if size < 0 or size == LONG:
            break
        if size == SHORT:
            if end - start < 8:
                break
            size = data[start + 2] << 8 | data[start + 3]
            mask = start + 4
        after = mask + 4 + size
        if after > end:
            break
        texts.append(apply_mask(data[mask + 4 : after], data[mask : mask + 4]))
        start = after
    return texts, start
