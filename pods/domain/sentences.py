"""Sentences people read, as codes with parameters.

What is decided in Python is shown in the reader's own language, so the domain never builds a
sentence: it gives a code and parameters, and keeps the English template beside the code. The
templates are marked for extraction here and translated where a page or a frame is made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_FIELD = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def N_(text: str) -> str:  # noqa: N802 (gettext's own name for a marker that does nothing)
    """Mark `text` for extraction by Babel and return it unchanged."""
    return text


def render(template: str, params: Mapping[str, object]) -> str:
    """Put `params` into the `{name}` fields of `template`.

    Only plain names are fields. Unlike `str.format`, nothing in a template reads attributes or
    items or sets a format, a value is never looked at for fields of its own, and a field without
    a value stays as it is written, so that a bad translation shows instead of failing.
    """

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        return str(params[name]) if name in params else match.group(0)

    return _FIELD.sub(value, template)
