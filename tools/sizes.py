"""Modules stay under 300 lines and functions within 50: beyond that two concepts live in one place."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULE_LINES = 300
FUNCTION_LINES = 50


def main() -> int:
    """Prints what is too long; 1 if anything is."""
    found = [line for path in _python_files() for line in _too_long(path)]
    print("\n".join(found))
    return 1 if found else 0


def _python_files() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [ROOT / line for line in listing.stdout.splitlines()]
    return [path for path in paths if path.exists() and "migrations" not in path.parts]


def _too_long(path: Path) -> Iterator[str]:
    text, name = path.read_text(encoding="utf-8"), path.relative_to(ROOT)
    lines = len(text.splitlines())
    if lines > MODULE_LINES:
        yield f"{name}: {lines} lines, at most {MODULE_LINES}"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            length = node.end_lineno - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"{name}:{node.lineno}: {node.name} has {length} lines, at most {FUNCTION_LINES}"


if __name__ == "__main__":
    sys.exit(main())
