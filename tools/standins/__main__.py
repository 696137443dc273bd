"""`python -m tools.standins`: has every image here that the Dockerfile and compose.yaml name."""

import sys

from tools.docker import NoDockerError, running
from tools.programs import say
from tools.standins import ensure, named_images


def main() -> int:
    """0 if all are here."""
    try:
        with running():
            ensure(named_images())
    except NoDockerError as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
