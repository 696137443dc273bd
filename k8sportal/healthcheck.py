"""`python -m k8sportal.healthcheck`: whether the portal in this container is ready, for Docker's HEALTHCHECK.

It imports nothing of the portal's, so that asking every five seconds costs next to nothing.
"""

import http.client
import os
import sys

ANSWER_SECONDS = 4.0
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - a comparison


def main() -> int:
    """0 where `/readyz` says 200; else 1, with what it says."""
    host = os.environ.get("HOST", "").strip()
    port = int(os.environ.get("PORT", "").strip() or 8000)
    connection = http.client.HTTPConnection(_EVERYWHERE.get(host, host), port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        print(answer.read(1000).decode(errors="replace"))
    except (OSError, http.client.HTTPException) as error:
        print(f"No answer: {error}")
        return 1
    finally:
        connection.close()
    return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
