"""Whole bodies of answers: bounded, each piece with a deadline, inflated where the server compressed them.

Lists are asked for compressed: a page of megabytes is a tenth of that on the wire, and decrypting the rest
costs more than inflating. Inflated bytes go piece by piece into one buffer that the next page uses again:
fresh memory for each page costs as much as the inflating itself.
"""

import asyncio

import aiohttp
from isal import isal_zlib

from pods.domain.details import Detail
from pods.domain.reasons import Reason
from pods.kube.errors import BadAnswer, TimedOut, Unreachable

BODY_IDLE_SECONDS = 20.0
# Counted inflated: a small answer may not swell beyond it either.
MAX_PAGE_BYTES = 256 * 1024 * 1024
# Deflate makes at most 1,032 bytes of one, so that no step gives more than 17 MB.
INFLATE_BYTES = 16 * 1024
# So much is inflated in a few milliseconds; then others have their turn.
TURN_BYTES = 4 * 1024 * 1024
_FIRST_BUFFER_BYTES = 64 * 1024
_GZIP = 16 + isal_zlib.MAX_WBITS


class Body:
    """Reads bodies one after the other into one buffer.

        await body.read(response)
        with body.content() as content:
            ...

    What `content` gives holds until the next `read`, which fails while somebody still has it.
    """

    def __init__(self) -> None:
        self._buffer = bytearray(_FIRST_BUFFER_BYTES)
        self._size = 0

    async def read(self, response: aiohttp.ClientResponse) -> None:
        """Reads the whole body. Raises TimedOut, Unreachable or BadAnswer."""
        self._size = 0
        inflate = _inflater(response)
        while piece := await _piece(response):
            if inflate is None:
                self._append(piece)
                continue
            turn_ends = self._size + TURN_BYTES
            for start in range(0, len(piece), INFLATE_BYTES):
                self._append(_inflated(inflate, piece[start : start + INFLATE_BYTES]))
                if self._size > turn_ends:
                    await asyncio.sleep(0)
                    turn_ends = self._size + TURN_BYTES
        if inflate is not None and not inflate.eof:
            raise BadAnswer(Reason("bad_answer", {"detail": Detail.BODY_CUT_OFF}))

    def content(self) -> memoryview:
        """What was read last."""
        return memoryview(self._buffer)[: self._size]

    def _append(self, piece: bytes) -> None:
        end = self._size + len(piece)
        if end > MAX_PAGE_BYTES:
            raise BadAnswer(Reason("bad_answer", {"detail": Detail.PAGE_TOO_LARGE}))
        if end > len(self._buffer):
            room = min(max(end, 2 * len(self._buffer)), MAX_PAGE_BYTES)
            self._buffer.extend(bytes(room - len(self._buffer)))
        self._buffer[self._size : end] = piece
        self._size = end


async def read_body(response: aiohttp.ClientResponse) -> bytes:
    """The whole body of an answer of its own. Raises TimedOut, Unreachable or BadAnswer."""
    body = Body()
    await body.read(response)
    return bytes(body.content())


async def _piece(response: aiohttp.ClientResponse) -> bytes:
    try:
        async with asyncio.timeout(BODY_IDLE_SECONDS):
            return await response.content.readany()
    except TimeoutError as error:
        raise TimedOut(Reason("timed_out", {"seconds": int(BODY_IDLE_SECONDS)})) from error
    except (aiohttp.ClientError, OSError) as error:
        raise Unreachable(Reason("unreachable", {"detail": Detail.CONNECTION_BROKE})) from error


def _inflater(response: aiohttp.ClientResponse) -> "isal_zlib.Decompress | None":
    encoding = response.headers.get("Content-Encoding", "identity")
    if encoding == "identity":
        return None
    if encoding != "gzip":
        raise BadAnswer(Reason("bad_answer", {"detail": Detail.BODY_ENCODING}))
    return isal_zlib.decompressobj(wbits=_GZIP)


def _inflated(inflate: "isal_zlib.Decompress", piece: bytes) -> bytes:
    beyond = inflate.eof
    try:
        inflated = inflate.decompress(piece)
    except isal_zlib.error as error:  # type: ignore[misc]  # the stub calls the class an instance
        raise BadAnswer(Reason("bad_answer", {"detail": Detail.BODY_MALFORMED})) from error
    if beyond or inflate.unused_data:
        raise BadAnswer(Reason("bad_answer", {"detail": Detail.BODY_SEVERAL}))
    return inflated
