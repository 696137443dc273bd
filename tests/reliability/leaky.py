"""A portal that leaks on purpose: `k8sportal.run`, but the end of a viewer's lifecycle does nothing.

python -m tests.reliability.leaky
"""

import sys
from typing import Any

from k8sportal import run


async def _nothing(*_: Any) -> None:
    """In the place of Lifecycle.__aexit__."""


def _say_and_break(say: Any) -> Any:
    """The last step before it serves: Django is set up by then."""

    def then(sign_in: str) -> None:
        from pods.lifecycle import Lifecycle

        Lifecycle.__aexit__ = _nothing  # type: ignore[method-assign, assignment]
        say(sign_in)

    return then


if __name__ == "__main__":
    run._say = _say_and_break(run._say)
    sys.exit(run.main())
