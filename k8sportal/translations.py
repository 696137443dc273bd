"""Compiling translations (`.po`) to what Python reads (`.mo`), without the gettext programs."""

import os
import tempfile
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)


def compile_all(locale: Path) -> None:
    """Write each `.mo` under `locale` that is missing or older than its `.po`.

    Done at every start: usually nothing but two looks at each file's time. Where the folder cannot be
    written (an image brings them compiled), what is there is used, and the log says so.
    """
    for source in locale.glob("*/LC_MESSAGES/*.po"):
        target = source.with_suffix(".mo")
        if target.is_file() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        try:
            _compile(source, target)
        except OSError as error:
            log.warning("translation_not_compiled", file=str(source), error=error.strerror)


def _compile(source: Path, target: Path) -> None:
    """Write `target` whole or not at all: several processes may do so at the same moment."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with source.open("rb") as file:
        catalogue = read_po(file)
    descriptor, partial = tempfile.mkstemp(dir=target.parent, prefix=f"{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            write_mo(file, catalogue)
        Path(partial).chmod(0o644)
        Path(partial).replace(target)
    except BaseException:
        Path(partial).unlink()
        raise
