"""Gzip put together from parts that were compressed apart: what is the same for many is compressed once.

A part is raw deflate without an end, from a compressor that knows nothing of the parts before it. Parts
one after the other are one stream, and checksums of parts combine to that of the whole: what comes out
is one ordinary gzip member.
"""

import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from isal import isal_zlib

# Rows become a fifteenth of their size, and higher levels gain nothing.
_LEVEL = 1
_RAW = -isal_zlib.MAX_WBITS
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
# An empty final block: the parts before it have none.
_END = b"\x03\x00"


class Part(NamedTuple):
    """Some bytes, compressed; the checksum (CRC-32) and length are those of the bytes themselves."""

    pieces: Sequence[bytes]
    checksum: int
    size: int


class Deflater:
    """Makes a part bit by bit."""

    def __init__(self) -> None:
        self._compressor = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _RAW)
        self._pieces: list[bytes] = []
        self._checksum = 0
        self._size = 0

    def add(self, data: bytes) -> None:
        """Compresses more bytes."""
        self._pieces.append(self._compressor.compress(data))
        self._checksum = isal_zlib.crc32(data, self._checksum)
        self._size += len(data)

    def part(self) -> Part:
        """What was added. Nothing can be added after it."""
        self._pieces.append(self._compressor.flush(isal_zlib.Z_FULL_FLUSH))
        return Part(self._pieces, self._checksum, self._size)


def deflated(data: bytes) -> Part:
    """`data` as a part."""
    deflater = Deflater()
    deflater.add(data)
    return deflater.part()


def gzipped(parts: Iterable[Part]) -> bytes:
    """The parts one after the other, as a gzip file."""
    pieces = [_HEADER]
    checksum = size = 0
    for part in parts:
        pieces += part.pieces
        checksum = isal_zlib.crc32_combine(checksum, part.checksum, part.size)
        size += part.size
    return b"".join([*pieces, _END, struct.pack("<LL", checksum, size & 0xFFFFFFFF)])


def inflated(part: Part) -> Iterable[bytes]:
    """The bytes of a part, piece by piece."""
    inflater = isal_zlib.decompressobj(wbits=_RAW)
    return map(inflater.decompress, part.pieces)
