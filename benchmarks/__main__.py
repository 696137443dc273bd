"""`make bench`: what listing costs, and what the page does. `--only listing` or `page` for one of them."""

import argparse
import sys

from benchmarks import lists, page

PARTS = {"listing": lists.measure, "page": page.measure}


def main() -> int:
    """Each part in turn; 1 where one could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=PARTS)
    only = parser.parse_args().only
    return max(measure() for name, measure in PARTS.items() if only in (None, name))


if __name__ == "__main__":
    sys.exit(main())
