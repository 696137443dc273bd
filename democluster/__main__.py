"""`python -m democluster`: serve the demo cluster in the foreground."""

import argparse
import asyncio
import logging
import os
import stat
import sys

from democluster.process import CannotListen, run


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="democluster", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    parser.add_argument(
        "--seed", type=int, default=1, help="the shop's luck; the same seed gives the same shop"
    )
    parser.add_argument(
        "--speed", type=float, default=1.0, help="how many times faster than usual the shop lives"
    )
    parser.add_argument(
        "--exit-with-stdin",
        action="store_true",
        help="end when standard input does, so with the parent process",
    )
    arguments = parser.parse_args()
    if not 0 < arguments.speed <= 100:
        parser.error("--speed must be above 0 and at most 100")
    if arguments.exit_with_stdin and not _can_end(sys.stdin.fileno()):
        parser.error("--exit-with-stdin needs a pipe, a socket or a terminal as standard input")
    return arguments


def _can_end(descriptor: int) -> bool:
    """Whether an event loop can wait for the descriptor's end: not for files, /dev/null among them."""
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(descriptor)


def main() -> int:
    arguments = _arguments()
    logging.basicConfig(level=logging.WARNING, format="democluster: %(levelname)s %(message)s")
    try:
        asyncio.run(
            run(
                arguments.host,
                arguments.port,
                arguments.seed,
                arguments.speed,
                exit_with_stdin=arguments.exit_with_stdin,
            )
        )
    except CannotListen as error:
        print(f"democluster: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
